"""The location table of a registrar (RFC 3261 10.3, RFC 3327 Path, instances of RFC 5626): pure, time as an argument.

Leaves out who may register (calls does that), q-values, and GRUUs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from auricle.kernel.errors import PeerError
from auricle.sip.headers import NameAddr
from auricle.sip.message import Request
from auricle.sip.uri import SipUri

MIN_EXPIRES_S = 60
MAX_EXPIRES_S = 3600
MAX_BINDINGS = 10  # phones and tabs of one person; a client that never unregisters must not grow the table


class RegistrationRefused(PeerError):
    """A REGISTER that changes nothing; `status`, `reason` and `headers` answer it."""

    code: ClassVar[str] = "sip.registration_refused"

    def __init__(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        self.headers = headers


class Source(Protocol):
    """Where the request really came from."""

    @property
    def transport(self) -> str:
        """`TLS`, `WSS`, `TCP` or `UDP`."""
        ...


@dataclass(frozen=True, slots=True)
class Binding:
    """One place where an address-of-record can be reached."""

    aor: str
    contact_uri: str
    path: tuple[str, ...]
    """Route values that lead there, the edge's `received` included."""
    transport: str
    expires_at: float
    """Seconds on the same clock as `now`."""
    call_id: str
    cseq: int
    user_agent: str
    instance_id: str
    """The `+sip.instance` of the contact with its reg-id, or empty."""

    @property
    def key(self) -> str:
        """What a later REGISTER replaces it by: the instance where there is one (RFC 5626 6), else the Contact URI."""
        return self.instance_id or self.contact_uri


@dataclass(frozen=True, slots=True)
class Result:
    """All bindings after a REGISTER, and whether it changed any."""

    bindings: tuple[Binding, ...]
    changed: bool


class Registrations:
    """All bindings by address-of-record."""

    def __init__(self) -> None:
        self._table: dict[str, dict[str, Binding]] = {}

    def restore(self, bindings: Iterable[Binding]) -> None:
        """Take bindings that were stored, with `expires_at` on today's clock."""
        for binding in bindings:
            self._table.setdefault(binding.aor, {})[binding.key] = binding

    def lookup(self, aor: str, now: float) -> tuple[Binding, ...]:
        """The bindings that have not expired, the oldest registration first."""
        current = self._current(aor, now)
        return tuple(current.values())

    def drop(self, aor: str) -> None:
        """Forget all bindings of an address-of-record."""
        self._table.pop(aor, None)

    def apply(self, aor: str, request: Request, source: Source, now: float) -> Result:
        """Carry out an authenticated REGISTER for `aor`, wholly or not at all. Raises RegistrationRefused, SipParseError."""
        current = self._current(aor, now)
        raw = request.get_all("contact")
        if not raw:
            return Result(tuple(current.values()), changed=False)
        if "*" in raw:
            changed = self._changed_by_star(request, raw, current)
        else:
            changed = self._changed_by_contacts(aor, request, source, now, current)
        if changed:
            self._table[aor] = changed
        else:
            self._table.pop(aor, None)
        return Result(tuple(changed.values()), changed=changed != current)

    def _current(self, aor: str, now: float) -> dict[str, Binding]:
        held = self._table.get(aor, {})
        current = {key: binding for key, binding in held.items() if binding.expires_at > now}
        if len(current) < len(held):
            self._table[aor] = current
        return current

    def _changed_by_star(self, request: Request, raw: list[str], current: dict[str, Binding]) -> dict[str, Binding]:
        """10.2.2: `*` removes all, and stands alone with Expires: 0."""
        if len(raw) > 1 or request.expires != 0:
            raise RegistrationRefused(400, "Contact * needs Expires 0")
        for binding in current.values():
            _check_order(binding, request)
        return {}

    def _changed_by_contacts(
        self, aor: str, request: Request, source: Source, now: float, current: dict[str, Binding]
    ) -> dict[str, Binding]:
        changed = dict(current)
        path = tuple(request.get_all("path"))
        for contact in request.contacts:
            if not isinstance(contact.uri, SipUri):
                raise RegistrationRefused(400, "Contact must be a SIP URI")
            lifetime = _lifetime(contact, request)
            binding = Binding(
                aor, str(contact.uri), path, source.transport, now + lifetime, request.call_id, request.cseq.number,
                (request.get("user-agent") or "")[:128], _instance(contact),
            )  # fmt: skip
            known = changed.get(binding.key)
            if known is not None:
                _check_order(known, request)
            if lifetime:
                changed[binding.key] = binding
            else:
                changed.pop(binding.key, None)
        if len(changed) > MAX_BINDINGS:
            raise RegistrationRefused(403, "Too many contacts")
        return changed


def _check_order(known: Binding, request: Request) -> None:
    """10.3 step 6 and 7: an older request of the same Call-ID must not undo a newer one."""
    if known.call_id == request.call_id and request.cseq.number <= known.cseq:
        raise RegistrationRefused(500, "Out of order")


def _lifetime(contact: NameAddr, request: Request) -> int:
    """The wanted lifetime in seconds, capped; 0 removes. A malformed one counts as the longest (20.10, 20.19)."""
    value = contact.params.get("expires")
    wanted = int(value) if value and value.isascii() and value.isdigit() and len(value) < 11 else None
    if wanted is None:
        wanted = request.expires
    if wanted is None:
        return MAX_EXPIRES_S
    if 0 < wanted < MIN_EXPIRES_S:
        raise RegistrationRefused(423, "", (("Min-Expires", str(MIN_EXPIRES_S)),))
    return min(wanted, MAX_EXPIRES_S)


def _instance(contact: NameAddr) -> str:
    instance = contact.params.get("+sip.instance")
    return f"{instance};reg-id={contact.params.get('reg-id') or ''}" if instance else ""
