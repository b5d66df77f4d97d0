"""What a machine needs, and the command that installs what is missing."""

import shutil
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = (
    ("kamailio", "kamailio kamailio-tls-modules kamailio-websocket-modules", "the encrypted edge"),
    ("rtpengine", "rtpengine-daemon", "media"),
    ("setpriv", "util-linux", "running the parts without privileges"),
    ("baresip", "baresip-core", "the demo's phones"),
)
MODULES = (("tls.so", "kamailio-tls-modules"), ("websocket.so", "kamailio-websocket-modules"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: here or not, and what to do."""

    ok: bool
    text: str


def findings() -> list[Finding]:
    """Look for every part."""
    found = []
    for program, packages, purpose in PROGRAMS:
        path = shutil.which(program)
        found.append(Finding(path is not None, path or f"{program} ({purpose}): apt-get install {packages}"))
    for module, package in MODULES:
        here = list(Path("/usr/lib").glob(f"*/kamailio/modules/{module}"))
        found.append(Finding(bool(here), str(here[0]) if here else f"Kamailio's {module}: apt-get install {package}"))
    return found
