"""Writes the SIP torture inputs beside itself: one file each, after the kinds of RFC 4475 and RFC 5118, with our own content.

`valid/` must be read and come out unchanged; `answered/<status>-…` must be refused with that status to a request that can be answered;
`dropped/` must be refused without an answer. Run it after a change: `python tests/vectors/sip/build.py`.
"""

from pathlib import Path

HERE = Path(__file__).parent
BASE = {
    "Via": "SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bKbase",
    "From": "<sip:+12025550101@carrier.example>;tag=f1",
    "To": "<sip:7001@pbx.example>",
    "Call-ID": "base-1@192.0.2.15",
    "CSeq": "1 {method}",
    "Max-Forwards": "70",
}


def request(method: str = "OPTIONS", uri: str = "sip:7001@pbx.example", *, line: str = "", body: str = "", **changes: str | None) -> bytes:
    """A request whose headers are BASE with changes; a header set to None is left out; names are given with `_` for `-`."""
    fields: dict[str, str | None] = {name: value.format(method=method) for name, value in BASE.items()}
    fields["Content-Length"] = str(len(body.encode()))
    fields |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [line or f"{method} {uri} SIP/2.0", *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("utf-8", "surrogateescape")


def response(line: str, **changes: str | None) -> bytes:
    """A response with the headers of BASE."""
    return request(line=line, **({"Max_Forwards": None, "CSeq": "1 INVITE"} | changes))


TORTUOUS = (
    b"INVITE sip:7001@pbx.example;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:7001@pbx.example ;   tag    = 1918n\r\n"
    b'from   : "A Caller \\\\\\""       <sip:caller@carrier.example>\r\n  ;\r\n  tag = 98asjd8\r\n'
    b"MaX-fOrWaRdS: 0068\r\n"
    b"Call-ID: tortuous.one@192.0.2.1\r\n"
    b"CSeq: 0009\r\n  INVITE\r\n"
    b"v:  SIP  / 2.0\r\n / UDP\r\n    192.0.2.2;branch=z9hG4bKone\r\n"
    b"s :\r\n"
    b"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
    b"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example   ;\r\n  branch  =   z9hG4bKtwo  ,\r\n SIP  /    2.0   / UDP  192.0.2.255   ; branch=\r\n"
    b" z9hG4bKthree\r\n"
    b'm:"Quoted string \\"\\"" <sip:caller@carrier.example> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n'
    b"l: 4\r\n\r\nv=0\n"
)
ODD_USER = "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
FOLDED = (
    b"INVITE sip:7001@pbx.example SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.10:5060\r\n ;branch=z9hG4bKfold1\r\n\t;rport\r\n"
    b'From: "Line one"\r\n\t<sip:+12025550101@carrier.example>;tag=f1\r\n'
    b"To: <sip:7001@pbx.example>\r\nCall-ID: fold-1@192.0.2.10\r\nCSeq: 1\r\n  INVITE\r\n"
    b"Max-Forwards: 70\r\nContact: <sip:192.0.2.10>\r\nContent-Length: 0\r\n\r\n"
)
COMPACT = (
    b"INVITE sip:7001@pbx.example SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.15:5060;branch=z9hG4bKcompact\r\nf: <sip:a@carrier.example>;tag=1\r\nt: <sip:7001@pbx.example>\r\n"
    b"i: compact-1@192.0.2.15\r\nCSeq: 1 INVITE\r\nm: <sip:a@192.0.2.15>\r\nk: timer\r\nx: 1800\r\no: dialog\r\nu: presence\r\n"
    b"r: <sip:7002@pbx.example>\r\nb: <sip:7001@pbx.example>\r\ns: hello\r\ne: identity\r\nc: application/sdp\r\nl: 0\r\n\r\n"
)
VALID = {
    "short-tortuous-invite": TORTUOUS,
    "wide-range-of-characters": request(
        "!interesting-Method0123456789_*+`.%indeed'~",
        f"sip:{ODD_USER}@pbx.example",
        From='"BEL:\\\a NUL-free DEL:\\\x7f" <sip:a@carrier.example>;tag=1',
        extensionHeader_X="\ufe47\u0438\u043c\u044f\u5927\ufe48",
    ),
    "escaped-characters-in-user": request("INVITE", "sip:sips%3Auser%40pbx.example@carrier.example", To="<sip:%75se%72@pbx.example>"),
    "escaped-nulls-in-user": request("REGISTER", "sip:pbx.example", Contact="<sip:%00@host5.pbx.example>, <sip:%00%00@host5.pbx.example>"),
    "percent-that-escapes-nothing-in-a-method": request("RE%47IST%45R", "sip:pbx.example", To='"%Z%45" <sip:a@pbx.example>'),
    "no-blank-between-name-and-bracket": request(From="caller<sip:caller@carrier.example>;tag=3"),
    "long-values": request(
        "INVITE",
        "sip:7001@pbx.example",
        To=f'"I have a user name of {"extreme" * 20} proportion" <sip:7001@pbx.example:6000;{"long" * 30}=1;{"v" * 100}>',
        Via=", ".join(f"SIP/2.0/TCP host{n}.carrier.example;branch=z9hG4bK{'v' * 40}{n}" for n in range(30)),
        Contact=f"<sip:{'amazinglylong' * 12}@host5.carrier.example>",
    ),
    "bytes-behind-the-body": request("REGISTER", "sip:pbx.example") + request("INVITE"),
    "semicolon-parameters-in-user": request(uri="sip:user;par=u%40carrier.example@pbx.example"),
    "varied-transports": request(
        Via="SIP/2.0/UDP t1.example;branch=z9hG4bK1, SIP/2.0/SCTP t2.example;branch=z9hG4bK2, SIP/2.0/UNKNOWN t3.example;branch=3"
    ),
    "unusual-reason-phrase": response(
        "SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e \u0441\u0442\u043e - \u043f\u0440\u043e\u0441\u0442\u043e\u0435"
    ),
    "empty-reason-phrase": response("SIP/2.0 100 "),
    "no-branch-as-of-rfc-2543": request("INVITE", Via="SIP/2.0/UDP 192.0.2.15", Content_Length=None),
    "unknown-parameters-of-contact": request("REGISTER", "sip:pbx.example", Contact="sip:a@u.example;unknownparam;other=7"),
    "escaped-header-in-contact": request("REGISTER", "sip:pbx.example", Contact="<sip:a@pbx.example?Route=%3Csip:sip.example%3E>"),
    "folded-headers": FOLDED,
    "compact-forms": COMPACT,
    "ipv6-everywhere": request(
        uri="sip:probe@[2001:db8::10]:5060",
        Via="SIP/2.0/TCP [2001:db8::9:1];received=[2001:db8::9:ff];branch=z9hG4bKv6a;rport=5071, "
        "SIP/2.0/UDP [2001:db8::9:2]:5060;received=2001:db8::9:fe;branch=z9hG4bKv6b",
        From="<sip:probe@[2001:db8::9:1]>;tag=v6",
        Contact="<sip:probe@[2001:db8::9:1]:5071;transport=tcp>",
        Call_ID="v6-3@[2001:db8::9:1]",
    ),
    "tel-everywhere": request(
        "INVITE",
        "tel:7001;phone-context=pbx.example",
        From="<tel:+1-202-555-0142>;tag=t1",
        To="<tel:+12025550100;ext=301>",
        P_Asserted_Identity='<tel:+1(202)555-0142>, "Main" <sip:+12025550142@carrier.example;user=phone>',
    ),
    "bytes-that-are-no-utf-8": request(Subject="caf\udce9", From='"Ren\udce9" <sip:a@carrier.example>;tag=1'),
    "line-ends-before-the-message": b"\r\n\r\n" + request(),
    "two-content-lengths-that-agree": request(body="abcd", l="4"),
    "lower-case-version": request(line="OPTIONS sip:7001@pbx.example sip/2.0"),
    "extra-separators": request("INVITE", Contact='"Joe" <sip:joe@carrier.example>;;;;', Via="SIP/2.0/UDP 192.0.2.15;;branch=z9hG4bK1;"),
}
ANSWERED = {
    "400-content-length-beyond-the-datagram": request("INVITE", body="v=0\r\n", Content_Length="9999"),
    "400-negative-content-length": request(Content_Length="-999"),
    "400-content-length-of-letters": request(Content_Length="four"),
    "400-content-length-of-other-digits": request(Content_Length="\u0664"),
    "400-content-length-too-large": request(Content_Length="99999999999999999999"),
    "400-content-lengths-that-differ": request(body="hello", l="0"),
    "400-cseq-too-large": request(CSeq="36893488147419103232 OPTIONS"),
    "400-max-forwards-too-large": request(Max_Forwards="300"),
    "400-unterminated-quote-in-contact": request("INVITE", Contact='"Mr. J. User <sip:a@carrier.example>'),
    "400-brackets-around-the-request-uri": request(uri="<sip:7001@pbx.example>"),
    "400-blank-in-the-request-uri": request(uri="sip:7001@pbx.example; lr"),
    "400-many-blanks-in-the-request-line": request(line="OPTIONS  sip:7001@pbx.example  SIP/2.0"),
    "400-blank-behind-the-request-line": request(line="OPTIONS sip:7001@pbx.example SIP/2.0  "),
    "400-two-at-signs": request(uri="sip:a@b@pbx.example"),
    "400-no-host": request(uri="sip:7001@"),
    "400-bad-port": request(uri="sip:7001@pbx.example:99999"),
    "400-contact-with-header-but-no-brackets": request("REGISTER", "sip:pbx.example", Contact="sip:a@u.example?Route=%3Csip:x.example%3E"),
    "400-line-without-colon": request(Subject="x\r\nno colon here"),
    "400-header-name-that-is-no-token": request() [:-2] + b"Bad Name: 1\r\n\r\n",
    "400-bare-line-feed-in-a-header": request(Subject="x\nVia: SIP/2.0/UDP 192.0.2.99"),
    "400-bare-carriage-return": request(Subject="x\rCSeq: 9 INVITE"),
    "400-null-byte": request(Subject="a\0b"),
    "400-two-different-call-ids": request(i="another@192.0.2.15"),
    "400-two-different-from": request(f="<sip:b@carrier.example>;tag=2"),
    "400-multiple-values-of-single-headers": request(c="text/plain", Content_Type="application/sdp"),
    "416-unknown-scheme-in-request-uri": request(uri="nobodyKnowsThisScheme:totallyopaquecontent"),
    "416-http-in-request-uri": request(uri="http://pbx.example/"),
    "505-unknown-version": request(line="OPTIONS sip:7001@pbx.example SIP/7.0"),
}  # fmt: skip
DROPPED = {
    "status-too-large": response("SIP/2.0 4294967301 better not break the receiver"),
    "status-of-no-class": response("SIP/2.0 700 Nothing"),
    "response-of-another-version": response("SIP/3.0 200 OK"),
    "response-with-cseq-too-large": response("SIP/2.0 503 Service Unavailable", CSeq="9292394834772304023312 OPTIONS"),
    "response-without-via": response("SIP/2.0 200 OK", Via=None),
    "unterminated-quote-in-to": request("INVITE", To='"Mr. J. User <sip:j.user@pbx.example>'),
    "blank-inside-brackets": request(To='"Watson, Thomas" < sip:t.watson@pbx.example >'),
    "no-call-id": request(Call_ID=None),
    "no-from": request(From=None),
    "no-to": request(To=None),
    "no-via": request(Via=None),
    "empty-via": request(Via=","),
    "no-cseq": request(CSeq=None),
    "via-of-another-protocol": request(Via="HTTP/1.1/TCP 192.0.2.15;branch=z9hG4bK1"),
    "via-with-bad-ipv6": request(Via="SIP/2.0/UDP [2001:db8::9:1:5060;branch=z9hG4bK1"),
    "from-of-unknown-scheme": request(From="<isbn:2983792873>;tag=1"),
    "ack-that-is-malformed": request("ACK", Content_Length="-1"),
    "no-end-of-headers": request()[:-2],
    "garbage": bytes(range(256)),
    "nothing": b"",
    "keep-alive": b"\r\n\r\n",
    "http": b"GET / HTTP/1.1\r\nHost: pbx.example\r\n\r\n",
    "headers-too-large": request(Subject="x" * 20000),
    "too-many-headers": request()[:-2] + b"Subject: x\r\n" * 300 + b"\r\n",
    "message-too-large": request("INVITE", body="x" * 70000),
}


def main() -> None:
    """Write every input."""
    for folder, cases in (("valid", VALID), ("answered", ANSWERED), ("dropped", DROPPED)):
        (HERE / folder).mkdir(exist_ok=True)
        for name, data in cases.items():
            (HERE / folder / f"{name}.sip").write_bytes(data)


if __name__ == "__main__":
    main()
