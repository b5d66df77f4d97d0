"""The rtpengine process, its control client and its key events (fits `calls.ports.MediaPort`)."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from auricle.adapters.process.supervised import OnState, ServiceState, Supervised
from auricle.adapters.rtpengine.keys import KeyListener
from auricle.adapters.rtpengine.leg import RtpLeg
from auricle.adapters.rtpengine.ng import NgClient
from auricle.kernel.ids import LegId
from auricle.media import ng
from auricle.media.errors import MediaFailed

PACKAGE = "rtpengine-daemon"
MAX_CALLS_LISTED = 100_000
PING_TIMEOUT_S = 0.3
_LINE = re.compile(r"(CRIT|ERR|WARNING|WARN): (?:\[[^\]]*\]: )?(?:\[([a-z]+)\])?")
SILENT_CALL_S = 3600  # calls that only hear music send nothing; our own logic ends calls, not rtpengine's clock


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`listen_ip` faces the phones; `advertised_ip` is what they are told, where the two differ (NAT)."""

    listen_ip: str
    ng_port: int
    port_min: int
    port_max: int
    advertised_ip: str = ""
    threads: int = 2


class RtpEngine:
    """One supervised rtpengine."""

    def __init__(self, settings: EngineSettings, on_state: OnState) -> None:
        self._settings = settings
        self._on_state = on_state
        self._client = NgClient()
        self._keys = KeyListener()
        self._service: Supervised | None = None

    @property
    def state(self) -> ServiceState:
        """Where the process stands."""
        return self._service.state if self._service else ServiceState.STOPPED

    @property
    def pid(self) -> int | None:
        """The process."""
        return self._service.pid if self._service else None

    async def start(self) -> None:
        """Start the process and connect. Raises MissingProgram or StartFailed."""
        self._client.connect(self._settings.ng_port)
        command = self._command(await self._keys.open())
        self._service = Supervised("rtpengine", command, PACKAGE, ready=self._ready, on_state=self._on_change, describe=describe)
        try:
            await self._service.start()
        except BaseException:  # also when the caller gives up waiting: no socket may be left
            self._client.close()
            self._keys.close()
            raise

    async def stop(self) -> None:
        """End the process and close the sockets."""
        if self._service is not None:
            await self._service.stop()
        self._client.close()
        self._keys.close()

    def leg(self, leg: LegId, on_digit: Callable[[str], None]) -> RtpLeg:
        """A leg rtpengine does not know yet."""
        self._keys.listeners[leg] = on_digit
        return RtpLeg(leg, self._client, self._forget)

    async def calls(self) -> int:
        """How many legs rtpengine holds now."""
        reply = await self._client.ask(ng.calls(MAX_CALLS_LISTED))
        return len(reply.get("calls", ()))

    def _forget(self, leg: LegId) -> None:
        self._keys.listeners.pop(leg, None)

    def _on_change(self, name: str, state: ServiceState) -> None:
        if state is ServiceState.RESTARTING:
            self._client.engine_lost()
        self._on_state(name, state)

    async def _ready(self) -> bool:
        try:
            await asyncio.wait_for(self._client.ask(ng.ping()), PING_TIMEOUT_S)
        except (MediaFailed, TimeoutError):
            return False
        return True

    def _command(self, key_port: int) -> list[str]:
        settings = self._settings
        interface = settings.listen_ip + (f"!{settings.advertised_ip}" if settings.advertised_ip else "")
        return [
            "rtpengine", "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=3", "--delete-delay=0",
            f"--interface={ng.PHONES}/{interface}", f"--interface={ng.HUB}/{ng.HUB_ADDRESS}", f"--listen-ng=127.0.0.1:{settings.ng_port}",
            f"--port-min={settings.port_min}", f"--port-max={settings.port_max}",
            f"--num-threads={settings.threads}", "--media-num-threads=1", f"--timeout={SILENT_CALL_S}", f"--silent-timeout={SILENT_CALL_S}",
            f"--dtmf-log-dest=127.0.0.1:{key_port}", "--tos=184",
        ]  # fmt: skip


def describe(line: str) -> Mapping[str, str] | None:
    """What of a line of rtpengine's may be logged: its texts quote descriptions, and those hold keys."""
    found = _LINE.search(line)
    return {"severity": found.group(1), "part": found.group(2) or ""} if found else None
