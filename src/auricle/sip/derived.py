"""The two requests that are made from an INVITE of ours: its ACK for a non-2xx (RFC 3261 17.1.1.3) and its CANCEL (9.1).

Both read the INVITE as `dialog.py` wrote it: one Via, canonical header names, a header a line.
"""

from auricle.sip.message import Response

_COPIED = ("Via: ", "Route: ", "From: ", "Call-ID: ")


def ack_for_failure(invite: bytes, response: Response) -> bytes:
    """The ACK for a final non-2xx: the INVITE's branch, route and number, the To of the response."""
    return _derive(invite, "ACK", response.get("to"), "")


def cancel_for(invite: bytes, extra: str = "") -> bytes:
    """The CANCEL of an INVITE, with the same branch; `extra` is whole header lines (Reason), already checked."""
    return _derive(invite, "CANCEL", None, extra)


def _derive(invite: bytes, method: str, to: str | None, extra: str) -> bytes:
    head, _, _ = invite.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    uri = first.split(" ", 2)[1]
    kept = [line for line in lines if line.startswith(_COPIED)]
    kept.append(f"To: {to}" if to is not None else next(line for line in lines if line.startswith("To: ")))
    number = next(line for line in lines if line.startswith("CSeq: ")).split(" ", 2)[1]
    text = "\r\n".join((f"{method} {uri} SIP/2.0", *kept, "Max-Forwards: 70", f"CSeq: {number} {method}", ""))
    return f"{text}{extra}Content-Length: 0\r\n\r\n".encode("utf-8", "surrogateescape")
