"""Who was called before a call was forwarded to us: History-Info (RFC 7044) and Diversion (RFC 5806).

Only what a trusted trunk says of this may be used; that judgement is not made here.
"""

import re
from dataclasses import dataclass

from auricle.sip.errors import SipParseError
from auricle.sip.headers import NameAddr, parse_name_addr, readable_addresses
from auricle.sip.message import Request
from auricle.sip.uri import SipUri, Uri

MAX_ENTRIES = 50  # a longer history is a loop, and RFC 5806 counters end before that
_INDEX = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,31}", re.ASCII)
_HIDING = frozenset({"history", "header", "session"})


@dataclass(frozen=True, slots=True)
class CalledParty:
    """One address the call was sent to. `private` ones are not to be shown to users."""

    uri: Uri
    display: str
    private: bool


def called_parties(request: Request) -> list[CalledParty]:
    """Everybody the call was sent to before it came here, first called first; unreadable values are left out.

    History-Info says all that Diversion says (RFC 7544), so Diversion counts only where there is no usable History-Info.
    """
    return _from_history(request) or _from_diversion(request)


def _from_history(request: Request) -> list[CalledParty]:
    hidden = bool(request.privacy & _HIDING)
    entries: list[tuple[tuple[int, ...], CalledParty]] = []
    for value in request.get_all("history-info")[:MAX_ENTRIES]:
        try:
            entry = parse_name_addr(value)
        except SipParseError:
            continue
        index = entry.params.get("index") or ""
        if _INDEX.fullmatch(index):
            entries.append((tuple(int(part) for part in index.split(".")), _party(entry, hidden or _hides_itself(entry.uri))))
    entries.sort(key=lambda entry: entry[0])  # RFC 7044 10.3: the index is the order, not the place in the message
    return [party for _, party in entries]


def _hides_itself(uri: Uri) -> bool:
    """A Privacy header escaped into the entry's URI (RFC 7044 10.1.2)."""
    if not isinstance(uri, SipUri):
        return False
    said = next((value for name, value in uri.headers.items() if name.lower() == "privacy"), "")
    return bool(_HIDING & {token.strip().lower() for token in said.split(";")})


def _from_diversion(request: Request) -> list[CalledParty]:
    """RFC 5806 5: the top value is who forwarded last."""
    values = readable_addresses(request.get_all("diversion")[-MAX_ENTRIES:])
    return [_party(value, (value.params.get("privacy") or "off").lower() != "off") for value in reversed(values)]


def _party(entry: NameAddr, private: bool) -> CalledParty:
    return CalledParty(entry.uri, entry.display, private)
