"""The demo, run as a newcomer runs it, under the eyes of a packet capture between the phones and the edge."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import tomllib
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from auricle.app.demo.phone import RTP_PORTS
from auricle.media.mulaw import decode_mulaw, encode_mulaw
from auricle.speech.guards import speech_spans

pytestmark = pytest.mark.real

DEMO_TIMEOUT_S = 240
SRTP_TAG_BYTES = 10


@dataclass(frozen=True)
class Run:
    """One run of the demo and what went over the wire meanwhile."""

    code: int
    outcome: dict[str, object]
    screen: str
    directory: Path
    capture: Path
    tls_port: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("demo")
    capture = directory / "lo.pcapng"
    watcher = None
    if os.geteuid() == 0 and shutil.which("tshark"):
        wanted = f"tcp portrange 10000-19000 or udp portrange {RTP_PORTS[0]}-{RTP_PORTS[1] + 1}"
        command = ["tshark", "-q", "-i", "lo", "-f", wanted, "-w", str(capture)]
        watcher = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 15
        while not (capture.exists() and capture.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.1)
    command = [sys.executable, "-m", "auricle", "demo", "--json", "--directory", str(directory / "practice")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEMO_TIMEOUT_S, check=False)
    if watcher is not None:
        watcher.terminate()
        watcher.wait(15)
    settings = tomllib.loads((directory / "practice" / "settings.toml").read_text())
    outcome = json.loads(done.stdout) if done.stdout.strip() else {}
    return Run(done.returncode, outcome, done.stderr, directory / "practice", capture, settings["network"]["tls_port"])


def fields(run: Run, display_filter: str, *names: str) -> list[list[str]]:
    """Fields of captured packets, by tshark."""
    wanted = [part for name in names for part in ("-e", name)]
    command = ["tshark", "-r", str(run.capture), "-Y", display_filter, "-T", "fields", *wanted]
    out = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def test_the_demo_shows_what_it_claims(run: Run) -> None:
    assert run.code == 0, run.screen
    first, second = run.outcome["calls"]
    assert first["answered"] is True
    assert first["steps"][:4] == ["greeting", "top", "appointments", "front"]
    assert second["answered"] is False
    assert second["steps"][:4] == ["greeting", "top", "nurse", "nurse_box"]
    for call in (first, second):
        assert (call["direction"], call["signalling"], call["media"], call["protection"]) == ("inbound", "TLS", "SRTP", "public-network")
    assert run.outcome["voicemail"]["word_error_rate"] <= 0.25
    assert run.outcome["audit"]["verified"] is True
    assert run.outcome["audit"]["entries"] >= 8
    assert len(run.outcome["sealed_files"]) == 1
    assert run.outcome["plaintext_audio_files"] == 0


def test_nothing_was_found_damaged(run: Run) -> None:
    """Sealing everything anew looks at every row with keys that do not open it too, and that is no damage."""
    database = sqlite3.connect(run.directory / "data" / "auricle.db")
    acts = {json.loads(leaf)["action"] for (leaf,) in database.execute("SELECT leaf FROM audit_leaf")}
    database.close()
    assert "keys.rotate" in acts
    assert "integrity.damaged" not in acts


def test_nothing_is_left_running(run: Run) -> None:
    running = subprocess.run(["pgrep", "-f", str(run.directory)], capture_output=True, text=True, check=False)
    assert running.stdout == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="capturing packets needs root")
def test_signalling_on_the_wire_is_unreadable(run: Run) -> None:
    segments = fields(run, f"tcp.port == {run.tls_port} && tcp.len > 0", "tcp.payload")
    stream = b"".join(bytes.fromhex(payload) for (payload,) in segments)
    assert len(segments) > 30, "the capture holds the calls' signalling"
    for readable in (b"SIP/2.0", b"INVITE", b"REGISTER", b"2025550142", b"sip:", b"a=crypto"):
        assert readable not in stream
    assert fields(run, f"sip && tcp.port == {run.tls_port}", "sip.Method") == []
    versions = {row[0] for row in fields(run, f"tcp.port == {run.tls_port} && tls.handshake.type == 2", "tls.handshake.version")}
    assert versions <= {"0x0303"}, "TLS 1.2 or newer (1.3 says 1.2 here too)"


@pytest.mark.skipif(os.geteuid() != 0, reason="capturing packets needs root")
def test_media_on_the_wire_does_not_decode_as_speech(run: Run) -> None:
    streams: dict[tuple[str, str, str], bytearray] = {}
    rows = fields(run, "udp.length > 100", "udp.srcport", "udp.dstport", "udp.payload")
    for source, target, payload in rows:
        data = bytes.fromhex(payload)
        if data[0] >> 6 == 2 and not 192 <= data[1] <= 223 and data[1] & 0x7F == 0:
            streams.setdefault((source, target, data[8:12].hex()), bytearray()).extend(data[12:-SRTP_TAG_BYTES])
    assert sum(len(audio) for audio in streams.values()) > 30 * 8000, "the capture holds the calls' media"
    for audio in streams.values():
        assert speech_spans(decode_mulaw(bytes(audio))) == []


def test_the_same_look_does_find_speech_in_what_the_phones_played(run: Run) -> None:
    """The control: this test would find speech if it were readable."""
    heard = sorted((run.directory / "phones").glob("*/dump-*-dec.wav"))
    assert heard
    found = 0
    for path in heard:
        with wave.open(str(path)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        found += len(speech_spans(decode_mulaw(encode_mulaw(samples))))
    assert found >= 3
