"""The rtpengine process, its control client and its key events (fits `calls.ports.MediaPort`)."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auricle.adapters.process.supervised import OnState, ServiceState, Supervised
from auricle.adapters.rtpengine.leg import RtpLeg
from auricle.adapters.rtpengine.ng import NgClient
from auricle.kernel.ids import LegId
from auricle.media import ng
from auricle.media.errors import MediaFailed

PACKAGE = "rtpengine-daemon"
KEYS = "0123456789*#ABCD"
PING_TIMEOUT_S = 0.3
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
        self._keys = _KeyListener()
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
        await self._client.connect(self._settings.ng_port)
        key_port = await self._keys.open()
        self._service = Supervised("rtpengine", self._command(key_port), PACKAGE, ready=self._ready, on_state=self._on_change)
        await self._service.start()

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
        reply = await self._client.ask({"command": "list", "limit": "100000"})
        calls: list[Any] = reply.get("calls", [])
        return len(calls)

    def _forget(self, leg: LegId) -> None:
        self._keys.listeners.pop(leg, None)

    def _on_change(self, name: str, state: ServiceState) -> None:
        if state is ServiceState.RESTARTING:
            self._client.fail_all()
        self._on_state(name, state)

    async def _ready(self) -> bool:
        try:
            await asyncio.wait_for(self._client.ask({"command": "ping"}), PING_TIMEOUT_S)
        except (MediaFailed, TimeoutError):
            return False
        return True

    def _command(self, key_port: int) -> list[str]:
        settings = self._settings
        interface = settings.listen_ip + (f"!{settings.advertised_ip}" if settings.advertised_ip else "")
        interfaces = f"phones/{interface};hub/127.0.0.1" if settings.listen_ip != "127.0.0.1" else f"phones/{interface}"
        return [
            shutil.which("rtpengine") or "rtpengine",
            "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=3", "--delete-delay=0",
            f"--interface={interfaces}", f"--listen-ng=127.0.0.1:{settings.ng_port}",
            f"--port-min={settings.port_min}", f"--port-max={settings.port_max}",
            f"--num-threads={settings.threads}", "--media-num-threads=1", f"--timeout={SILENT_CALL_S}", f"--silent-timeout={SILENT_CALL_S}",
            f"--dtmf-log-dest=127.0.0.1:{key_port}", "--tos=184",
        ]  # fmt: skip


class _KeyListener(asyncio.DatagramProtocol):
    """rtpengine's DTMF log: one JSON datagram a key, at its end. Only the phone's own side counts; the hub side repeats it."""

    def __init__(self) -> None:
        self.listeners: dict[str, Callable[[str], None]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> int:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def datagram_received(self, data: bytes, addr: Any) -> None:
        try:
            event = json.loads(data)
            listener = self.listeners.get(event["callid"])
            key = KEYS[event["event"]] if 0 <= event["event"] < len(KEYS) else ""
            of_phone = event["source_tag"] == ng.LEG
        except (ValueError, KeyError, TypeError):
            return  # not rtpengine's: anything on this machine can send to a loopback port
        if listener is not None and key and of_phone:
            listener(key)
