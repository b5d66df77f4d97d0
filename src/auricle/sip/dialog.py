"""A dialog (RFC 3261 12): who the two ends are, the route between them, and the requests we send inside it.

The lines that do not change are put together once, so that a request costs one formatted string.
"""

from collections.abc import Sequence

from auricle.sip.lines import contact_uri, one_line, tag_of
from auricle.sip.message import Request, Response

MAX_FORWARDS = 70
FIRST_CSEQ = 1


class Dialog:
    """One dialog, seen from our side. `local_seq` is the number of our latest request, `remote_seq` of the peer's (-1: none yet)."""

    __slots__ = (
        "_lines", "_sent_by", "call_id", "local", "local_seq", "local_tag", "remote", "remote_seq", "remote_tag", "routes", "target",
    )  # fmt: skip

    def __init__(self, call_id: str, local: str, local_tag: str, remote: str, remote_tag: str, sent_by: str) -> None:
        self.call_id = call_id
        self.local = local
        self.local_tag = local_tag
        self.remote = remote
        self.remote_tag = remote_tag
        self.local_seq = FIRST_CSEQ - 1
        self.remote_seq = -1
        self.target = ""
        self.routes: tuple[str, ...] = ()
        self._sent_by = sent_by
        self._lines = ""

    @classmethod
    def of_request(cls, request: Request, local_tag: str, sent_by: str) -> "Dialog":
        """The dialog a UAS enters with its first response that carries `local_tag` (12.1.1)."""
        local = f"{request.get('to')};tag={local_tag}"
        dialog = cls(request.call_id, local, local_tag, request.get("from") or "", tag_of(request, "from"), sent_by)
        dialog.remote_seq = request.cseq.number
        dialog.target = contact_uri(request) or ""
        dialog.routes = tuple(request.get_all("record-route"))
        return dialog

    @classmethod
    def of_response(cls, response: Response, local: str, local_tag: str, sent_by: str, number: int) -> "Dialog":
        """The dialog a UAC enters with a response that carries a To tag (12.1.2). `local` is our From, `number` the INVITE's CSeq."""
        dialog = cls(response.call_id, local, local_tag, response.get("to") or "", tag_of(response, "to"), sent_by)
        dialog.local_seq = number
        dialog.target = contact_uri(response) or ""
        dialog.routes = tuple(reversed(response.get_all("record-route")))
        return dialog

    def lead_through(self, edge_routes: Sequence[str]) -> None:
        """Send our requests first along `edge_routes` (the Path back through the edge), then along the recorded route."""
        route = "".join(f"Route: {one_line(value)}\r\n" for value in (*edge_routes, *self.routes))
        for value in (self.local, self.remote, self.call_id):
            one_line(value)
        self._lines = f"{route}Max-Forwards: {MAX_FORWARDS}\r\nFrom: {self.local}\r\nTo: {self.remote}\r\nCall-ID: {self.call_id}\r\n"

    def refresh_target(self, message: Request | Response) -> None:
        """Take the peer's new Contact, if it gives one (12.2.1.2, 12.2.2)."""
        self.target = contact_uri(message) or self.target

    def next_seq(self) -> int:
        """The number for our next request."""
        self.local_seq += 1
        return self.local_seq

    def request(self, method: str, branch: str, number: int, extra: str = "", body: bytes = b"") -> bytes:
        """A request in this dialog. `extra` is whole header lines, already checked."""
        text = (
            f"{method} {self.target} SIP/2.0\r\nVia: SIP/2.0/UDP {self._sent_by};branch={branch}\r\n{self._lines}"
            f"CSeq: {number} {method}\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
        )
        data = text.encode("utf-8", "surrogateescape")
        return data + body if body else data
