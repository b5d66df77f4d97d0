"""CPU of all SIP work of one B2BUA call (14 messages, two legs), without a loop or a socket.

A datagram goes in, is parsed, meets its transaction and session, and datagrams come out.

`python bench/sip_core.py [calls]`; a simulated 400 calls/s, so that as many transactions are alive as in production.
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from auricle.adapters.sipnet.bound import BoundSession
from auricle.adapters.sipnet.identity import Identity, origin_of
from auricle.calls.ports import CallerIdentity
from auricle.sip.agent import NewCall, UserAgent
from auricle.sip.events import Accepted, Progress, Terminated
from auricle.sip.message import parse_message
from auricle.sip.outgoing import Invitation

RATE = 400.0
SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
IDENTITY = Identity("pbx.example", {"UDP": "192.0.2.1:5060;transport=udp"})
CONTACT_LINE = "Contact: <sip:auricle@192.0.2.1:5060;transport=udp>\r\n"
TO_EDGE = "<sip:127.0.0.1:5080;lr>"
SDP_TYPE = "Content-Type: application/sdp\r\n"


class Entropy:
    def token(self, size: int) -> bytes:
        return os.urandom(size)

    def name(self, prefix: str = "") -> str:
        return prefix + os.urandom(10).hex()


class B2bua:
    """What the driver and the call logic do, at their smallest."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.out: list[bytes] = []
        self.agent = UserAgent("127.0.0.1:5070", ("127.0.0.1", 5080), Entropy())

    def feed(self, data: bytes) -> None:
        self.agent.receive(parse_message(data), self.now)
        self.flush()

    def flush(self) -> None:
        outbox = self.agent.outbox
        while outbox.messages or outbox.words:
            self.out += [data for _, data in outbox.messages]
            outbox.messages.clear()
            if outbox.words:
                session, word = outbox.words.popleft()
                if isinstance(word, NewCall):
                    self._new_call(word)
                elif session is not None and session.listener is not None:
                    session.listener(word)  # type: ignore[arg-type]

    def _new_call(self, call: NewCall) -> None:
        origin = origin_of(call.request)
        assert origin is not None
        call.session.adopt(CONTACT_LINE, (origin.route,))
        caller = BoundSession(call.session, lambda: self.now, self.flush)
        sender, privacy = IDENTITY.sender(CallerIdentity("12025550123", "Caller"))
        told = Invitation("sip:1001@192.0.2.20:5070", (TO_EDGE,), sender, privacy, 68, call.request.body)
        outgoing = self.agent.invite(told, CONTACT_LINE, self.now)
        called = BoundSession(outgoing, lambda: self.now, self.flush)

        def from_caller(word: Any) -> None:
            if isinstance(word, Terminated) and word.cause == "peer-bye":
                called.hang_up()

        def from_called(word: Any) -> None:
            if isinstance(word, Progress):
                caller.ring()
            elif isinstance(word, Accepted):
                caller.accept(word.sdp)

        call.session.listener, outgoing.listener = from_caller, from_called


def request(method: str, number: int, to_tag: str = "", cseq: int = 1, body: bytes = b"") -> bytes:
    """A request of the caller as the edge passes it on: two Vias, the stamp, the Path."""
    return (
        f"{method} sip:auricle@192.0.2.1:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bKe{method}.{number}.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK-{method}-{number}-0;received=192.0.2.9\r\nMax-Forwards: 69\r\n"
        f"From: <sip:2{number}@192.0.2.9:5060>;tag=17a{number}\r\nTo: <sip:1001@pbx.example:5060>{to_tag}\r\n"
        f"Call-ID: 1-{number}@192.0.2.9\r\n"
        f"CSeq: {cseq} {method}\r\nContact: <sip:2000@192.0.2.9:5060;transport=udp>\r\n"
        "X-Auricle-Source: UDP;192.0.2.9;5060;trunk=carrier\r\n"
        f"Path: <sip:127.0.0.1:5080;lr;received=sip:192.0.2.9:5060%3Btransport%3Dudp>\r\n{SDP_TYPE if body else ''}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def response(to: bytes, status: int, tag: str = "", body: bytes = b"") -> bytes:
    """The called phone's response."""
    asked = parse_message(to)
    to_line = asked.get("to") or ""
    tag = f";tag={tag}" if tag and ";tag=" not in to_line else ""
    return (
        f"SIP/2.0 {status} Word\r\nVia: {asked.get('via')}\r\nFrom: {asked.get('from')}\r\nTo: {to_line}{tag}\r\n"
        f"Call-ID: {asked.get('call-id')}\r\n"
        f"CSeq: {asked.get('cseq')}\r\nContact: <sip:1001@192.0.2.20:5070;transport=UDP>\r\n{SDP_TYPE if body else ''}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def run(calls: int) -> float:
    """Microseconds of CPU a call."""
    b2bua, spent = B2bua(), 0.0

    def timed(act: Callable[[], None]) -> None:
        nonlocal spent
        start = time.process_time()
        act()
        spent += time.process_time() - start

    def sent(start: bytes) -> bytes:
        return next(data for data in b2bua.out if data.startswith(start))

    def tick() -> None:
        b2bua.agent.on_time(b2bua.now)
        b2bua.flush()

    for number in range(calls):
        b2bua.now += 1 / RATE
        b2bua.out.clear()
        timed(tick)
        b2bua.out.clear()
        arriving = request("INVITE", number, body=SDP)
        timed(lambda data=arriving: b2bua.feed(data))  # type: ignore[misc]
        invite = sent(b"INVITE")
        for status, body in ((100, b""), (180, b""), (200, SDP)):
            arriving = response(invite, status, f"9b{number}" if status > 100 else "", body)
            timed(lambda data=arriving: b2bua.feed(data))  # type: ignore[misc]
        tag = parse_message(sent(b"SIP/2.0 200")).to.tag
        for method, cseq in (("ACK", 1), ("BYE", 2)):
            arriving = request(method, number, f";tag={tag}", cseq)
            timed(lambda data=arriving: b2bua.feed(data))  # type: ignore[misc]
        arriving = response(sent(b"BYE"), 200)
        timed(lambda data=arriving: b2bua.feed(data))  # type: ignore[misc]
        assert len(b2bua.out) == 7, len(b2bua.out)
    assert not b2bua.agent.sessions
    return spent / calls * 1e6


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    run(200)
    gc.collect()
    print(f"{run(count):.0f} us of CPU a call over {count} calls")
