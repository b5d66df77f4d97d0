"""Makes the demo practice: made-up people, fictional 555-01xx numbers, its own keys, ports chosen free."""

import hashlib
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

MAIN_NUMBER = "+12025550100"
FRONT_DESK, NURSE = "101", "102"
FRONT_DESK_PERSON, NURSE_PERSON = "dana-reyes", "noor-haddad"
PATIENTS = ("+12025550142", "+12025550143")
ADMIN_USER = "dana.reyes"
REALM = "harborstreet.example"

GREETING = "Thank you for calling Harbor Street Family Medicine. If this is an emergency, please hang up and dial nine one one."
TOP_MENU = "For appointments, press one. For prescription refills or to leave a message for the nurse, press two."
APPOINTMENTS_MENU = "For a new appointment, press one. To change or cancel an appointment, press two."
NURSE_MENU = "For a prescription refill, press one. To leave a message for the nurse, press two."

SETTINGS = Template("""\
# The demo practice. Everything here is made up; `auricle demo` writes this file anew.

[practice]
name = "Harbor Street Family Medicine"
zone = "America/New_York"
realm = "$realm"

[data]
directory = "data"

[access]
second_factor = "optional"       # required in a practice with patients
public_origin = "https://localhost:$console_port"   # passkeys want a name, not an address

[compliance]
operated_by = "self"

[network]
tls_port = $tls_port
wss_port = $wss_port
console_port = $console_port
edge_port = $edge_port
app_port = $app_port
ng_port = $ng_port
rtp_port_min = $rtp_port_min
rtp_port_max = $rtp_port_max

[[people]]
id = "dana-reyes"
name = "Dana Reyes"
extension = "$front_desk"
roles = ["front-desk", "manager", "privacy-officer"]
mailbox = "front-desk"

[[people]]
id = "noor-haddad"
name = "Noor Haddad, RN"
extension = "$nurse"
roles = ["nurse"]
mailbox = "nurses"
teams = ["clinical"]

[[devices]]
username = "desk-101"
person = "dana-reyes"
ha1_md5 = "$front_md5"
ha1_sha256 = "$front_sha256"
md5_only = true  # baresip 1.0

[[devices]]
username = "desk-102"
person = "noor-haddad"
ha1_md5 = "$nurse_md5"
ha1_sha256 = "$nurse_sha256"
md5_only = true

# The patients of the demo come in over this trunk, by TLS and SRTP, from this machine.
[[trunks]]
name = "demo-carrier"
addresses = ["127.0.0.0/8"]
gateway = "sip:127.0.0.1:9;transport=tls"
media = "srtp-required"
outbound = false

[[mailboxes]]
id = "front-desk"
name = "Front desk"
greeting = "You have reached the front desk. Please leave a message after the tone."

[[mailboxes]]
id = "nurses"
name = "Nurse line"
greeting = "You have reached the nurse line. Please leave your name, your number and your question after the tone."
team = "clinical"

[numbers]
"$main_number" = "main"

[flows]
main = "main.yaml"
""")

FLOW = f"""\
# The demo's flow: two menu levels, people, and voicemail where nobody answers.
id: main
start: greeting
steps:
  greeting: {{do: say, text: "{GREETING}", next: top}}
  top:
    do: menu
    prompt: "{TOP_MENU}"
    keys: {{"1": appointments, "2": nurse}}
    otherwise: front
  appointments:
    do: menu
    prompt: "{APPOINTMENTS_MENU}"
    keys: {{"1": front, "2": front}}
    otherwise: front
  nurse:
    do: menu
    prompt: "{NURSE_MENU}"
    keys: {{"1": nurse_ring, "2": nurse_box}}
    otherwise: nurse_box
  front: {{do: ring, people: ["{FRONT_DESK}"], timeout_s: 20, otherwise: front_box}}
  nurse_ring: {{do: ring, people: ["{NURSE}"], timeout_s: 15, otherwise: nurse_box}}
  front_box: {{do: voicemail, mailbox: front-desk, next: goodbye}}
  nurse_box: {{do: voicemail, mailbox: nurses, next: goodbye}}
  goodbye: {{do: hang_up, text: "Goodbye."}}
"""


@dataclass(frozen=True, slots=True)
class DemoPractice:
    """Where the demo's files are, and the secrets its phones and its console user need."""

    directory: Path
    settings: Path
    phone_password: str
    console_password: str


def make_demo_practice(directory: Path, console_port: int) -> DemoPractice:
    """Write the settings and the flow of a fresh demo practice."""
    directory.mkdir(parents=True, exist_ok=True)
    phone_password = secrets.token_urlsafe(18)
    ports = free_ports()
    names = ("tls_port", "wss_port", "edge_port", "app_port", "ng_port")
    rtp_port_min = 20000 + 2 * secrets.randbelow(4000)
    settings = SETTINGS.substitute(
        {name: next(ports) for name in names},
        console_port=console_port or next(ports),
        rtp_port_min=rtp_port_min,
        rtp_port_max=rtp_port_min + 999,
        realm=REALM,
        front_desk=FRONT_DESK,
        nurse=NURSE,
        main_number=MAIN_NUMBER,
        **_digests("front", "desk-101", phone_password),
        **_digests("nurse", "desk-102", phone_password),
    )
    path = directory / "settings.toml"
    path.write_text(settings)
    path.chmod(0o600)
    (directory / "main.yaml").write_text(FLOW)
    return DemoPractice(directory, path, phone_password, secrets.token_urlsafe(12))


def ha1(username: str, realm: str, password: str) -> tuple[str, str]:
    """The two digests H(A1) that stand for a phone's secret (RFC 7616 3.4.2): MD5 for old phones, and SHA-256."""
    text = f"{username}:{realm}:{password}".encode()
    return hashlib.md5(text, usedforsecurity=False).hexdigest(), hashlib.sha256(text).hexdigest()


def _digests(prefix: str, username: str, password: str) -> dict[str, str]:
    md5, sha256 = ha1(username, REALM, password)
    return {f"{prefix}_md5": md5, f"{prefix}_sha256": sha256}


def free_ports() -> Iterator[int]:
    """Ports nobody listens on, for TCP and UDP alike, below the range from which the kernel gives out ports by itself."""
    while True:
        port = 10000 + secrets.randbelow(9000)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind(("127.0.0.1", port))
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
        yield port
