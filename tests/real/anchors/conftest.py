"""A log to anchor: checkpoints of a growing tree, and the proofs between them. Certificates for the servers."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.certificates import Certificates, ensure_demo_ca
from auricle.audit.checkpoint import Checkpoint, sign, vkey
from auricle.audit.tree import consistency_proof, leaf_hash, root_of

ORIGIN = "harborstreet.example/audit"
WITNESS = Path(__file__).parents[2] / "peers" / "witness" / "witness.py"


class Log:
    """Leaves and a key; `fork` gives another history under the same key."""

    def __init__(self, words: str = "entry") -> None:
        self.key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        self.vkey = vkey(ORIGIN, self.key.public_key())
        self.hashes = [leaf_hash(f"{words} {number}".encode()) for number in range(100)]

    def note(self, size: int) -> str:
        return sign(Checkpoint(ORIGIN, size, root_of(self.hashes[:size])), self.key)

    def prover(self, size: int) -> Callable[[int], "asyncio.Future[Sequence[bytes]]"]:
        async def prove(old: int) -> Sequence[bytes]:
            return consistency_proof(self.hashes[:size], old)

        return prove  # type: ignore[return-value]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def fork() -> Log:
    return Log("another history")


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return ensure_demo_ca(tmp_path / "certificates", ["127.0.0.1", "localhost"], datetime.now(UTC))


def free_port(host: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port() -> Callable[[], int]:
    return free_port


class WitnessPeer:
    """The witness program, started, and started again with the same state."""

    def __init__(self, directory: Path, log_vkey: str) -> None:
        self._arguments = [sys.executable, str(WITNESS), str(directory), log_vkey]
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._arguments, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url, self.vkey = (self._process.stdout.readline().strip() for _ in range(2))

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def witness(tmp_path: Path, log: Log) -> Iterator[WitnessPeer]:
    directory = tmp_path / "witness"
    directory.mkdir()
    peer = WitnessPeer(directory, log.vkey)
    yield peer
    peer.stop()
