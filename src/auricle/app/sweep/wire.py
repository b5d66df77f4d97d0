"""What crossed loopback meanwhile, but for what the practice's own parts say to each other behind their doors."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from auricle.app.sweep.places import Piece
from auricle.kernel.errors import OurError

START_S, STOP_S, READ_S = 15.0, 15.0, 300.0


class WireFailed(OurError):
    """The capture did not start."""

    code = "sweep.wire"


class Wire:
    """A packet capture on loopback by tshark; needs root."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def possible() -> bool:
        """Whether packets can be captured here."""
        return os.geteuid() == 0 and shutil.which("tshark") is not None

    def start(self) -> None:
        """Begin. Raises WireFailed."""
        command = ["tshark", "-q", "-i", "lo", "-f", "tcp or udp", "-w", str(self._file)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - fixed words
        deadline = time.monotonic() + START_S
        while not (self._file.exists() and self._file.stat().st_size):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise WireFailed("tshark does not capture on loopback: apt-get install tshark, and run as root")
            time.sleep(0.05)

    def stop(self) -> None:
        """End. Idempotent."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_S)
            self._process = None

    def pieces(self, practice_ports: Iterable[int], inside: Iterable[int]) -> Iterator[Piece]:
        """What went from or to one of the practice's ports, one piece a direction of a connection; ports of `inside` are its own parts'."""
        theirs = " or ".join(f"tcp.port == {port} or udp.port == {port}" for port in practice_ports)
        own = " or ".join(f"udp.port == {port}" for port in inside)
        names = ("tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.payload", "udp.payload")
        command = ["tshark", "-r", str(self._file), "-Y", f"({theirs}) and not ({own})", "-T", "fields"]
        command += [part for name in names for part in ("-e", name)]
        done = subprocess.run(command, capture_output=True, timeout=READ_S, check=True)  # noqa: S603 - fixed words and numbers
        streams: dict[str, bytearray] = {}
        for line in done.stdout.decode().splitlines():
            tcp_from, tcp_to, udp_from, udp_to, tcp_data, udp_data = [*line.split("\t"), "", "", "", "", "", ""][:6]
            way = f"packets, TCP {tcp_from} to {tcp_to}" if tcp_from else f"packets, UDP {udp_from} to {udp_to}"
            streams.setdefault(way, bytearray()).extend(bytes.fromhex(tcp_data or udp_data))
        for way, data in streams.items():
            yield Piece(way, bytes(data))
