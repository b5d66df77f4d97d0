"""A baresip phone driven through its TCP control port (netstring-framed JSON): somebody else's SIP, TLS and SRTP against ours."""

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auricle.kernel.errors import OurError

MODULES = Path("/usr/lib/baresip/modules")
CONTROL_TIMEOUT_S = 10.0
RTP_PORTS = (9000, 9998)
"""Where the phones' media is: apart from rtpengine's, so that a capture can tell the two."""
CONFIG = """\
poll_method epoll
sip_listen {address}:0
sip_cafile {ca}
sip_verify_server yes
rtp_ports {rtp_ports}
audio_player aubridge,nil
audio_source aufile,{microphone}
audio_alert aubridge,nil
audio_level no
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{control_port}
snd_path {directory}
"""


class PhoneFailed(OurError):
    """The test phone did not do what it was told."""

    code = "demo.phone_failed"


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """How a phone signs on. Without a password it does not register (a caller from outside)."""

    user: str
    domain: str
    """Host and port of the edge."""
    password: str = ""
    auto_answer: bool = False
    name: str = ""
    """The display name callers of this phone send."""

    def line(self) -> str:
        """The line of baresip's `accounts` file."""
        shown = f'"{self.name}" ' if self.name else ""
        options = [f"{shown}<sip:{self.user}@{self.domain};transport=tls>", "mediaenc=srtp-mand", "audio_codecs=PCMU"]
        options.append(f"auth_user={self.user};auth_pass={self.password};regint=60" if self.password else "regint=0")
        options.append("answermode=auto" if self.auto_answer else "answermode=manual")
        return ";".join(options) + "\n"


class BaresipPhone:
    """One running baresip."""

    def __init__(self, directory: Path, account: PhoneAccount, *, ca: Path, microphone: Path, control_port: int, address: str) -> None:
        self._directory = directory
        self._account = account
        self._config = CONFIG.format(
            address=address,
            ca=ca,
            microphone=microphone,
            modules=MODULES,
            control_port=control_port,
            directory=directory,
            rtp_ports=f"{RTP_PORTS[0]}-{RTP_PORTS[1]}",
        )
        self._control_port = control_port
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._replies: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.events: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def start(self) -> None:
        """Start it and connect to its control port. Raises PhoneFailed."""
        program = shutil.which("baresip")
        if program is None:
            raise PhoneFailed("baresip is not installed: apt-get install baresip-core")
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "config").write_text(self._config)
        (self._directory / "accounts").write_text(self._account.line())
        with (self._directory / "log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                program, "-f", str(self._directory), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        reader = await self._connect()
        self._reading = asyncio.ensure_future(self._read(reader))

    async def stop(self) -> None:
        """Quit it, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()

    async def registered(self, timeout_s: float) -> None:
        """Return once it is registered; its event may be over before the control port is open, so it is asked. Raises PhoneFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                while "OK" not in await self.command("reginfo"):  # noqa: ASYNC110 - what came before the control port is not told
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise PhoneFailed(f"phone {self._account.user} did not register; see {self._directory / 'log'}") from None

    async def dial(self, uri: str) -> None:
        """Call a SIP URI."""
        await self.command("dial", uri)

    async def press(self, keys: str) -> None:
        """Send keys as RFC 4733 events, one after the other."""
        for key in keys:
            await self.command("sndcode", key)
            await asyncio.sleep(0.35)  # a person's finger; the event itself lasts 100 to 250 ms

    async def speak(self, wav: Path) -> None:
        """Make this file the microphone from now on."""
        await self.command("ausrc", f"aufile,{wav}")

    async def hang_up(self) -> None:
        """End the current call."""
        await self.command("hangup")

    async def wait_for(self, kind: str, timeout_s: float) -> Mapping[str, Any]:
        """The next event of this type (`REGISTER_OK`, `CALL_ESTABLISHED`, `CALL_CLOSED` …). Raises PhoneFailed."""
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    event = await self.events.get()
                    if event.get("type") == kind:
                        return event
        except TimeoutError:
            raise PhoneFailed(f"phone {self._account.user}: no {kind} within {timeout_s:.0f} s; see {self._directory / 'log'}") from None

    def heard(self) -> Sequence[Path]:
        """What came out of its loudspeaker, one WAV a call, oldest first."""
        return sorted(self._directory.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)

    async def command(self, name: str, params: str = "") -> str:
        """Run a control command and return what it printed. Raises PhoneFailed."""
        assert self._writer is not None
        body = json.dumps({"command": name, "params": params, "token": "t"})
        self._writer.write(f"{len(body)}:{body},".encode())
        try:
            reply = await asyncio.wait_for(self._replies.get(), CONTROL_TIMEOUT_S)
        except TimeoutError:
            raise PhoneFailed(f"phone {self._account.user}: no reply to {name}") from None
        if not reply.get("ok"):
            raise PhoneFailed(f"phone {self._account.user}: {name} was refused")
        return str(reply.get("data", ""))

    async def _connect(self) -> asyncio.StreamReader:
        for _ in range(100):
            try:
                reader, self._writer = await asyncio.open_connection("127.0.0.1", self._control_port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                return reader
        raise PhoneFailed(f"phone {self._account.user} did not start; see {self._directory / 'log'}")

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                message = json.loads((await reader.readexactly(size + 1))[:-1])
                await (self._replies if message.get("response") else self.events).put(message)
        except asyncio.IncompleteReadError:
            return
