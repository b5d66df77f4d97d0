"""Starting, asking and reloading Kamailio. It runs unprivileged, in a directory of its own that goes when it goes."""

import asyncio
import itertools
import json
import re
import resource
import shutil
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from auricle.adapters.kamailio.config import EdgeSettings, render, render_addresses, render_tls
from auricle.adapters.process.supervised import OnState, ServiceState, Supervised
from auricle.adapters.process.unprivileged import account_of, give_to_children, runtime_dir
from auricle.kernel.errors import OurError

PACKAGES = "kamailio kamailio-tls-modules kamailio-websocket-modules"
RPC_TIMEOUT_S = 5.0
TLS_RELOAD_TIMEOUT_S = 30.0  # reading the system's list of authorities takes Kamailio about five seconds
READY_TIMEOUT_S = 0.2  # a question asked before Kamailio reads its socket is never answered: ask again soon
SHARED_MB, PRIVATE_MB = 256, 16  # measured: 60 MB at 400 calls/s on one leg, so 120 on both; untouched pages cost nothing


MAX_OPEN_FILES = 8192  # twice the connections: TLS connections are also passed between its processes
FAULTS_OF_PEERS = frozenset(
    {"tcp_read_data", "tcp_read_req", "tls_h_read_f", "ws_frame_receive", "receive_msg", "pv_get_hdrc", "is_maxfwd_present"}
)
COMPLAINT = re.compile(
    r"(?<!\w)(?P<severity>ALERT|BUG|CRITICAL|ERROR): (?P<module>[\w<>-]+) \[(?P<file>[\w/.-]+):(?P<line>\d+)\]: (?P<function>\w+)\(\)"
)


class EdgeFailed(OurError):
    """Kamailio did not do what it was asked."""

    code = "edge.failed"


@dataclass(frozen=True, slots=True)
class Counters:
    """Messages turned away: from addresses of no trunk, for flooding, for being malformed."""

    refused: int
    flooded: int
    malformed: int


class Edge:
    """One running Kamailio."""

    def __init__(self, settings: EdgeSettings, on_state: OnState) -> None:
        self._settings = settings
        self._on_state = on_state
        self._account = account_of("kamailio")
        self._directory: Path | None = None
        self._service: Supervised | None = None
        self._askers = itertools.count()

    @property
    def state(self) -> ServiceState:
        """Where the process stands."""
        return self._service.state if self._service else ServiceState.STOPPED

    @property
    def pid(self) -> int | None:
        """The main process."""
        return self._service.pid if self._service else None

    async def start(self) -> None:
        """Write the configuration and start. Raises MissingProgram, StartFailed, or EdgeFailed when a certificate cannot be read."""
        directory = self._directory = runtime_dir("edge", self._account)
        command = ["kamailio", "-DD", "-E", "-f", str(directory / "kamailio.cfg"), "-Y", str(directory)]
        command += ["-m", str(SHARED_MB), "-M", str(PRIVATE_MB)]
        self._service = Supervised(
            "kamailio", command, PACKAGES, ready=self._ready, on_state=self._on_state, describe=describe, run_as=self._account
        )
        try:
            self._write(directory)
            await self._service.start()
        except BaseException:  # also when the caller gives up waiting: the copy of the private key must not stay
            self._remove()
            raise

    async def stop(self) -> None:
        """End it and remove its directory."""
        if self._service is not None:
            await self._service.stop()
        self._remove()

    async def reload(self, settings: EdgeSettings) -> None:
        """Take new trunks and certificates without dropping a connection. Raises EdgeFailed, also when anything else has changed."""
        old = self._settings
        if replace(old, trunks=settings.trunks, certificate=settings.certificate, private_key=settings.private_key) != settings:
            raise EdgeFailed("only trunks and certificates can change while the edge runs")
        if self._directory is None:
            raise EdgeFailed("the edge is not running")
        self._settings = settings
        self._write(self._directory)
        await self.rpc("permissions.addressReload")
        await self.rpc("tls.reload", timeout_s=TLS_RELOAD_TIMEOUT_S)

    async def counters(self) -> Counters:
        """What was turned away since Kamailio started. Raises EdgeFailed."""
        lines: list[str] = await self.rpc("stats.get_statistics", ["script:"])
        values = {name.strip(): int(value) for name, _, value in (line.removeprefix("script:").partition("=") for line in lines)}
        return Counters(values["refused"], values["flooded"], values["malformed"])

    async def rpc(self, method: str, arguments: Sequence[str] = (), timeout_s: float = RPC_TIMEOUT_S) -> Any:
        """Ask Kamailio something over its control socket. Raises EdgeFailed."""
        directory = self._directory
        if directory is None:
            raise EdgeFailed("the edge is not running")
        reply = await asyncio.to_thread(
            _ask, directory / "control.sock", directory / f"asker{next(self._askers)}.sock", method, arguments, timeout_s
        )
        if "error" in reply:
            raise EdgeFailed(f"kamailio refused {method}")
        return reply.get("result")

    async def _ready(self) -> bool:
        """Whether it answers on its control socket and serves TLS: its processes start one by one, those for streams last."""
        try:
            await self.rpc("core.version", timeout_s=READY_TIMEOUT_S)
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._try_tls()
        except (EdgeFailed, OSError, TimeoutError):
            return False
        return True

    async def _try_tls(self) -> None:
        listen = ip_address(self._settings.listen_ip)
        host = str(listen) if not listen.is_unspecified else "127.0.0.1" if listen.version == 4 else "::1"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # only asks whether anybody is there, trusts nothing it hears
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        _reader, writer = await asyncio.open_connection(host, self._settings.tls_port, ssl=context)
        writer.transport.abort()

    def _write(self, directory: Path) -> None:
        settings = replace(self._settings, certificate=directory / "certificate.pem", private_key=directory / "private_key.pem")
        try:
            self._put(settings.certificate, self._settings.certificate.read_bytes())
            self._put(settings.private_key, self._settings.private_key.read_bytes())
        except OSError as error:
            raise EdgeFailed(f"{error.filename} cannot be read: {error.strerror}") from error
        self._put(directory / "kamailio.cfg", render(settings, directory, _open_files()).encode())
        self._put(directory / "tls.cfg", render_tls(settings).encode())
        self._put(directory / "trunks.txt", render_addresses(settings).encode())

    def _put(self, path: Path, data: bytes) -> None:
        """Write a file only the child may read, whole or not at all: Kamailio may be restarting just now."""
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(data)
        give_to_children(part, self._account)
        part.rename(path)

    def _remove(self) -> None:
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


def describe(line: str) -> dict[str, str] | None:
    """What of Kamailio's line may be logged: how bad, and where in its source; the rest may hold parts of messages.

    Nothing where peers are at fault: anybody could fill the log, and `counters` has their number.
    """
    found = COMPLAINT.search(line)
    if found is None or found["file"].startswith("core/parser/") or found["function"] in FAULTS_OF_PEERS:
        return None
    return found.groupdict()


def _open_files() -> int:
    """How many files Kamailio may open: it refuses to start when asked for more than the hard limit."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)


def _ask(server: Path, client: Path, method: str, arguments: Sequence[str], timeout_s: float) -> dict[str, Any]:
    """One JSON-RPC exchange over unix datagrams; the answer comes back to a socket of ours that the child must be able to write to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        client.unlink(missing_ok=True)
        try:
            sock.bind(str(client))
            client.chmod(0o666)
            sock.settimeout(timeout_s)
            sock.connect(str(server))
            sock.send(json.dumps({"jsonrpc": "2.0", "method": method, "params": [*arguments], "id": 1}).encode())
            reply: dict[str, Any] = json.loads(sock.recv(65536))
        except (OSError, ValueError) as error:
            raise EdgeFailed(f"kamailio's control socket: {type(error).__name__}") from error
        finally:
            client.unlink(missing_ok=True)
    return reply
