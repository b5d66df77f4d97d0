"""The transaction layer (RFC 3261 17): which message belongs to which transaction, and the tables of those alive.

Clients are found by the branch we drew, servers by branch, sent-by and method (17.2.3), or by the older fields when the branch has no
magic cookie. Everything it decides to send is appended to `messages`.
"""

from auricle.sip.client_transaction import CLIENT_INVITE, CLIENT_OTHER, ClientTransaction, ClientUser
from auricle.sip.derived import cancel_for
from auricle.sip.effects import EDGE, Path
from auricle.sip.lines import branch_of
from auricle.sip.message import Request, Response
from auricle.sip.server_transaction import SERVER_INVITE, SERVER_OTHER, ServerTransaction
from auricle.sip.timers import Wheel
from auricle.sip.transaction import Transaction

COOKIE = "z9hG4bK"


class Transactions:
    """All transactions of one user agent. `branch_prefix` is random and makes our branches unlike those of an earlier run."""

    def __init__(self, messages: list[tuple[Path, bytes]], wheel: Wheel, branch_prefix: str) -> None:
        self.wheel = wheel
        self._messages = messages
        self._prefix = COOKIE + branch_prefix
        self._drawn = 0
        self._clients: dict[object, ClientTransaction] = {}
        self._servers: dict[object, ServerTransaction] = {}
        self._merges: dict[object, ServerTransaction] = {}

    # ---- for transactions --------------------------------------------------------------------------

    def send(self, path: Path, data: bytes) -> None:
        """Send a message."""
        self._messages.append((path, data))

    def forget(self, tx: Transaction) -> None:
        """Drop a terminated transaction."""
        if isinstance(tx, ServerTransaction):
            self._servers.pop(tx.key, None)
            if tx.merge_key is not None:
                self._merges.pop(tx.merge_key, None)
        else:
            self._clients.pop(tx.key, None)

    # ---- clients -----------------------------------------------------------------------------------

    def branch(self) -> str:
        """A new branch for the next request."""
        self._drawn += 1
        return f"{self._prefix}{self._drawn:x}"

    def request(self, data: bytes, branch: str, user: ClientUser, now: float, *, invite: bool = False) -> ClientTransaction:
        """Send a request that carries `branch` in its Via; responses go to `user`."""
        tx = ClientTransaction(self, branch, data, CLIENT_INVITE if invite else CLIENT_OTHER, user)
        self._clients[branch] = tx
        tx.start(now)
        return tx

    def cancel(self, invite: ClientTransaction, extra: str, user: ClientUser, now: float) -> None:
        """Send the CANCEL of an INVITE that had a provisional response."""
        key = f"{invite.key}/CANCEL"
        self._clients[key] = tx = ClientTransaction(self, key, cancel_for(invite.data, extra), CLIENT_OTHER, user)
        tx.start(now)

    def receive_response(self, response: Response, now: float) -> bool:
        """Hand a response to its transaction; False when it has none (any more), and then it is dropped (RFC 6026 8.9)."""
        branch, _ = branch_of(response)
        method = response.cseq.method
        tx = self._clients.get(branch if method != "CANCEL" else branch + "/CANCEL")
        if tx is None or (tx.moves is CLIENT_INVITE) is not (method == "INVITE"):
            return False
        tx.receive(response, now)
        return True

    # ---- servers -----------------------------------------------------------------------------------

    def find_server(self, request: Request) -> tuple[object, ServerTransaction | None]:
        """The key of a request and the transaction it repeats; for an ACK, the INVITE's transaction."""
        method = request.method
        key = self.server_key(request, "INVITE" if method == "ACK" else method)
        return key, self._servers.get(key)

    def server_key(self, request: Request, method: str) -> object:
        """What identifies a request's transaction (17.2.3)."""
        branch, sent_by = branch_of(request)
        if branch.startswith(COOKIE):
            return branch, sent_by, method
        # RFC 2543 peers: Request-URI, tags, Call-ID, CSeq number and top Via together; To's tag only where ACK has no other one
        return "2543", request.uri, request.from_.tag, request.call_id, request.cseq.number, request.get("via"), method

    def invite_of(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE transaction a CANCEL is for (9.2)."""
        return self._servers.get(self.server_key(cancel, "INVITE"))

    def serve(self, request: Request, key: object, path: Path = EDGE, source: tuple[str, int] | None = None) -> ServerTransaction:
        """Begin to answer a request that repeats none. `source` fills in an empty rport (RFC 3581 4)."""
        invite = request.method == "INVITE"
        tx = ServerTransaction(self, key, response_head(request, source), path, SERVER_INVITE if invite else SERVER_OTHER)
        self._servers[key] = tx
        return tx

    def merges(self, request: Request, tx: ServerTransaction) -> bool:
        """Whether this first-time request, without a To tag, came already by another way (8.2.2.2); remembers it otherwise."""
        key = request.call_id, request.get("from"), request.get("cseq")
        if key in self._merges:
            return True
        self._merges[key] = tx
        tx.merge_key = key
        return False

    @property
    def alive(self) -> int:
        """How many transactions there are."""
        return len(self._clients) + len(self._servers)


def response_head(request: Request, source: tuple[str, int] | None = None) -> str:
    """What every response to `request` copies from it (8.2.6.2), To last and without the line's end, so that a tag can follow."""
    vias = request.get_all("via")
    if source is not None and "rport" in vias[0]:
        vias = [_with_rport(vias[0], source), *vias[1:]]
    lines = "\r\nVia: ".join(vias)
    get = request.get
    return f"Via: {lines}\r\nFrom: {get('from')}\r\nCall-ID: {get('call-id')}\r\nCSeq: {get('cseq')}\r\nTo: {get('to')}"


def _with_rport(via: str, source: tuple[str, int]) -> str:
    parts = via.split(";")
    if "rport" not in (part.strip().lower() for part in parts):
        return via
    host, port = source
    kept = [part for part in parts if part.strip().lower() != "rport" and not part.strip().lower().startswith("received=")]
    return ";".join((*kept, f"received={host}", f"rport={port}"))
