"""How we name ourselves to the outside, and how the edge names the outside to us."""

from collections.abc import Mapping
from dataclasses import dataclass

from auricle.calls.ports import CallerIdentity, Origin
from auricle.sip.lines import one_line
from auricle.sip.message import Request
from auricle.sip.uri import SipUri

SOURCE_HEADER = "x-auricle-source"
TRANSPORTS = frozenset({"TLS", "WSS", "TCP", "UDP"})
ANONYMOUS_SENDER = '"Anonymous" <sip:anonymous@anonymous.invalid>'
PRIVACY_LINE = "Privacy: id\r\n"


@dataclass(frozen=True, slots=True)
class Identity:
    """The practice's SIP domain, and for each transport what follows the @ of our Contact: `pbx.example:5061;transport=tls`."""

    domain: str
    contacts: Mapping[str, str]

    def contact_for(self, transport: str) -> str:
        """Host, port and parameters where the edge takes requests for us over this transport. Raises KeyError for one it does not serve."""
        return self.contacts[transport]

    def sender(self, caller: CallerIdentity) -> tuple[str, str]:
        """From without its tag, and the Privacy line a withheld caller needs (RFC 3323 4.1.1.3). Raises HeaderInjection."""
        if caller.withheld:
            return ANONYMOUS_SENDER, PRIVACY_LINE
        name = one_line(caller.display_name).replace("\\", "\\\\").replace('"', '\\"')
        display = f'"{name}" ' if name else ""
        return f"{display}<{SipUri('sip', one_line(caller.user), self.domain)}>", ""


def origin_of(request: Request) -> Origin | None:
    """Where a request came from, by the edge's stamp `<transport>;<ip>;<port>[;trunk=<name>]`; None without exactly one good stamp."""
    stamps = request.lines(SOURCE_HEADER)
    if len(stamps) != 1:
        return None
    transport, host, port, *rest = *stamps[0].split(";"), "", ""
    if transport not in TRANSPORTS or not host or not port.isascii() or not port.isdigit():
        return None
    trunk = next((part[6:] for part in rest if part.startswith("trunk=")), None)
    paths = request.get_all("path")
    return Origin(transport, host, int(port), trunk, paths[0] if paths else "")
