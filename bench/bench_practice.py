"""The practice of the call-rate bench: one number, one flow step, the far side behind a plain-RTP trunk."""

from pathlib import Path

from auricle.app.demo.practice import free_ports
from auricle.app.instance import create_keys

SETTINGS = """\
[practice]
name = "Bench"
zone = "America/New_York"
realm = "bench.example"

[data]
directory = "data"

[speech]
transcribe = false

[network]
tls_port = {0}
wss_port = {1}
udp_port = {2}
console_port = {3}
edge_port = {4}
app_port = {5}
ng_port = {6}
rtp_port_min = 20000
rtp_port_max = 39999

[[trunks]]
name = "near"
addresses = ["{uac}/32"]
gateway = "sip:{uac}:5080;transport=udp"
media = "unprotected-allowed"
outbound = false

[[trunks]]
name = "far"
addresses = ["{uas_host}/32"]
gateway = "sip:{uas};transport=udp"
media = "unprotected-allowed"

[numbers]
"{number}" = "through"

[flows]
through = "through.yaml"
"""
FLOW = """\
id: through
start: far
steps:
  far: {do: ring, numbers: ["+12025550106"], timeout_s: 30, otherwise: bye}
  bye: {do: hang_up}
"""


def write_bench_practice(directory: Path, *, uac: str, uas: str, number: str) -> tuple[Path, str]:
    """Write its files; returns the settings file and the address carriers send to."""
    supply = free_ports()
    ports = [next(supply) for _ in range(7)]
    settings = directory / "settings.toml"
    settings.write_text(SETTINGS.format(*ports, uac=uac, uas=uas, uas_host=uas.partition(":")[0], number=number))
    (directory / "through.yaml").write_text(FLOW)
    create_keys(settings, None)
    return settings, f"127.0.0.1:{ports[2]}"
