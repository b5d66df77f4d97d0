"""A session as call logic holds it: each verb of the pure session, with the time put in and its effects carried out at once."""

from collections.abc import Callable, Sequence

from auricle.sip.events import Reason
from auricle.sip.session import Session


class BoundSession:
    """Fits `calls.ports.InviteSession`. `flush` carries out what the core decided, `now` reads the clock."""

    __slots__ = ("_flush", "_now", "_session")

    def __init__(self, session: Session, now: Callable[[], float], flush: Callable[[], None]) -> None:
        self._session = session
        self._now = now
        self._flush = flush

    def ring(self) -> None:
        """Send 180 (incoming only)."""
        self._session.ring(self._now())
        self._flush()

    def accept(self, sdp: bytes) -> None:
        """Send 200 with this answer and repeat it until the ACK (incoming only)."""
        self._session.accept(sdp, self._now())
        self._flush()

    def reject(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        """Send a final non-2xx (incoming, before accept)."""
        self._session.reject(status, reason, headers, self._now())
        self._flush()

    def hang_up(self, reasons: Sequence[Reason] = ()) -> None:
        """End it by whatever its state asks for. Idempotent."""
        self._session.hang_up(reasons, self._now())
        self._flush()

    def answer_offer(self, sdp: bytes) -> None:
        """Answer the peer's re-INVITE or UPDATE that came as `Offered`."""
        self._session.answer_offer(sdp, self._now())
        self._flush()

    def refuse_offer(self, status: int, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Refuse the peer's re-INVITE or UPDATE; the session stays as it was (RFC 3261 14.2)."""
        self._session.refuse_offer(status, headers, self._now())
        self._flush()
