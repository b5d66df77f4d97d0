"""Checkpoints to a real rsyslog over TLS: the message arrives whole, and only at the server whose certificate we trust."""

import asyncio
import re
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auricle.adapters.anchors import AnchorFailed, SyslogAnchor
from auricle.adapters.certificates import Certificates, ensure_demo_ca
from auricle.adapters.clock import SystemClock
from auricle.audit.checkpoint import verify

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="rsyslog is not installed: scripts/system.sh test"),
]
CONFIGURATION = """
global(workDirectory="{directory}" defaultNetstreamDriver="gtls" maxMessageSize="64k"
  defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="{auth}")
input(type="imtcp" port="{port}" address="127.0.0.1")
template(name="whole" type="string" string="%pri% %protocol-version% %app-name% %msgid% %structured-data%%msg%\\n")
action(type="omfile" file="{out}" template="whole" fileCreateMode="0600" asyncWriting="off" flushOnTXEnd="on")
"""


class Collector:
    """rsyslogd with a configuration of its own."""

    def __init__(self, directory: Path, port: int, certificates: Certificates, auth: str) -> None:
        directory.mkdir()
        self.out, self.port = directory / "out.log", port
        ca = directory / "ca.pem"
        ca.write_bytes(certificates.ca.read_bytes())
        configuration = directory / "rsyslog.conf"
        files = {"certificate": certificates.certificate, "key": certificates.private_key}
        text = CONFIGURATION.format(directory=directory, ca=ca, port=port, out=self.out, auth=auth, **files)
        configuration.write_text(text)
        self.process = subprocess.Popen(["rsyslogd", "-n", "-f", str(configuration), "-i", str(directory / "pid")])

    async def wait(self) -> None:
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return
        raise AssertionError("rsyslogd does not listen")

    async def line(self, pattern: str) -> re.Match[str]:
        for _ in range(200):
            found = re.search(pattern, self.out.read_text() if self.out.exists() else "")
            if found:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"no message like {pattern}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def collector(tmp_path: Path, port: Callable[[], int], certificates: Certificates) -> Iterator[Callable[..., Collector]]:
    started: list[Collector] = []

    def start(auth: str = "anon") -> Collector:
        started.append(Collector(tmp_path / f"rsyslog-{len(started)}", port(), certificates, auth))
        return started[-1]

    yield start
    for one in started:
        one.stop()


async def test_a_checkpoint_arrives_whole(collector: Callable[..., Collector], certificates: Certificates, log: Any) -> None:
    server = collector()
    await server.wait()
    anchor = SyslogAnchor("collector", "127.0.0.1", server.port, SystemClock(), ca=str(certificates.ca))
    for size in (8, 99):
        await anchor.keep(size, log.note(size), log.prover(size))
    found = await server.line(r'109 1 auricle checkpoint \[auricle@32473 origin="([^"]+)" size="99" root="([^"]+)" note="([^"]+)"\]')
    note = b64decode(found[3]).decode()
    assert note == log.note(99)
    assert verify(note, log.vkey).size == 99


async def test_a_server_with_another_certificate_gets_nothing(collector: Callable[..., Collector], tmp_path: Path, log: Any) -> None:
    from datetime import UTC, datetime

    server = collector()
    await server.wait()
    other = ensure_demo_ca(tmp_path / "other", ["127.0.0.1"], datetime.now(UTC))
    with pytest.raises(AnchorFailed, match="certificate"):
        await SyslogAnchor("collector", "127.0.0.1", server.port, SystemClock(), ca=str(other.ca)).keep(1, log.note(1), log.prover(1))
    assert not server.out.exists() or "auricle" not in server.out.read_text()


async def test_the_name_is_checked(collector: Callable[..., Collector], certificates: Certificates, log: Any) -> None:
    server = collector()
    await server.wait()
    anchor = SyslogAnchor("c", "127.0.0.1", server.port, SystemClock(), ca=str(certificates.ca), server_name="elsewhere.example")
    with pytest.raises(AnchorFailed, match="certificate"):
        await anchor.keep(1, log.note(1), log.prover(1))


async def test_a_client_certificate_is_shown_where_it_is_asked_for(
    collector: Callable[..., Collector], certificates: Certificates, log: Any
) -> None:
    server = collector("x509/certvalid")
    await server.wait()
    ours = {"certificate": str(certificates.certificate), "private_key": str(certificates.private_key)}
    anchor = SyslogAnchor("c", "127.0.0.1", server.port, SystemClock(), ca=str(certificates.ca), **ours)
    await anchor.keep(7, log.note(7), log.prover(7))
    await server.line(r'size="7"')


async def test_nobody_there(port: Callable[[], int], certificates: Certificates, log: Any) -> None:
    with pytest.raises(AnchorFailed, match="unreachable"):
        await SyslogAnchor("c", "127.0.0.1", port(), SystemClock(), ca=str(certificates.ca)).keep(1, log.note(1), log.prover(1))
