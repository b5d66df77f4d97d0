"""What crossed loopback meanwhile, but for what the practice's own parts say to each other behind their doors."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from auricle.app.demo.phone import RTP_PORTS
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

    def pieces(self, faces: Iterable[int], media: range) -> Iterator[Piece]:
        """What the practice and those outside said to each other, one piece a direction of a connection.

        `faces` are the ports it shows to the world, `media` those of its media relay. What the relay sends to itself and to the recorder
        stays inside this machine; what a phone sends to it is the phone's own doing (baresip 1.0 says goodbye in clear RTCP).
        """
        open_to_all = " or ".join(f"tcp.port == {port} or udp.port == {port}" for port in faces)
        phones = f"udp.dstport >= {RTP_PORTS[0]} and udp.dstport <= {RTP_PORTS[1] + 1}"
        relayed = f"(udp.srcport >= {media.start} and udp.srcport < {media.stop} and {phones})"
        wanted = f"{open_to_all} or {relayed}"
        names = ("tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "tcp.payload", "udp.payload")
        command = ["tshark", "-r", str(self._file), "-Y", wanted, "-T", "fields"]
        command += [part for name in names for part in ("-e", name)]
        done = subprocess.run(command, capture_output=True, timeout=READ_S, check=True)  # noqa: S603 - fixed words and numbers
        streams: dict[str, bytearray] = {}
        for line in done.stdout.decode().splitlines():
            tcp_from, tcp_to, udp_from, udp_to, tcp_data, udp_data = [*line.split("\t"), "", "", "", "", "", ""][:6]
            way = f"packets, TCP {tcp_from} to {tcp_to}" if tcp_from else f"packets, UDP {udp_from} to {udp_to}"
            streams.setdefault(way, bytearray()).extend(bytes.fromhex(tcp_data or udp_data))
        for way, data in streams.items():
            yield Piece(way, bytes(data))
