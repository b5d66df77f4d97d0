"""Chromium by its DevTools protocol: pages, scripts in them, and its virtual authenticator (W3C WebAuthn L3, 12)."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--ignore-certificate-errors", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)  # fmt: skip
WITHIN_S = 15.0


class ChromiumProcess:
    """The browser, started once for many tests; each takes a context of its own."""

    def __init__(self) -> None:
        program = shutil.which("chromium")
        if program is None:
            raise FileNotFoundError("chromium is not installed: apt-get install chromium")
        self._profile = Path(tempfile.mkdtemp(prefix="auricle-chromium-"))
        command = [program, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        self.url = self._debugger()

    def stop(self) -> None:
        """End it and what it started, by its own process group."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _debugger(self) -> str:
        told, ends = self._profile / "DevToolsActivePort", time.monotonic() + WITHIN_S
        while time.monotonic() < ends:
            lines = told.read_text().splitlines() if told.is_file() else []
            if len(lines) >= 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.02)
        self.stop()
        raise TimeoutError("chromium did not open its debugger")


class Page:
    """One tab in a context of its own: no cookie of another test."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())
        self._session = ""
        self._context = ""
        self._number = 0
        self._loaded = asyncio.Event()
        self.requests: list[dict[str, Any]] = []
        """Every request's extra information: headers as they went over the wire."""

    @classmethod
    async def open(cls, browser: ChromiumProcess) -> "Page":
        """A new one."""
        page = cls(await connect(browser.url, max_size=None))
        page._context = (await page.call("Target.createBrowserContext"))["browserContextId"]
        target = await page.call("Target.createTarget", url="about:blank", browserContextId=page._context)
        page._session = (await page.call("Target.attachToTarget", targetId=target["targetId"], flatten=True))["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            await page.call(f"{domain}.enable")
        return page

    async def close(self) -> None:
        """With its context."""
        self._session, context = "", self._context
        await self.call("Target.disposeBrowserContext", browserContextId=context)
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        await self._socket.close()

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command. Raises RuntimeError with the browser's complaint."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        message = {"id": self._number, "method": method, "params": params}
        await self._socket.send(json.dumps(message | ({"sessionId": self._session} if self._session else {})))
        result = await asyncio.wait_for(answer, WITHIN_S)
        if "error" in result:
            raise RuntimeError(f"{method}: {result['error']['message']}")
        found: dict[str, Any] = result["result"]
        return found

    async def goto(self, url: str) -> None:
        """Load a page, redirects and all."""
        self._loaded.clear()
        found = await self.call("Page.navigate", url=url)
        if "errorText" in found:
            raise RuntimeError(f"{url}: {found['errorText']}")
        await asyncio.wait_for(self._loaded.wait(), WITHIN_S)

    async def run(self, script: str, *arguments: Any) -> Any:
        """What an (async) function of JavaScript gives, called as somebody's click would."""
        expression = f"({script})(...{json.dumps(arguments)})"
        found = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"].get("exception", {}).get("description", found["exceptionDetails"]["text"])))
        return found["result"].get("value")

    async def where(self) -> str:
        """The address of the page."""
        return str(await self.run("() => location.href"))

    async def text(self) -> str:
        """What the page shows."""
        return str(await self.run("() => document.body ? document.body.innerText : ''"))

    async def until(self, met: Callable[[], Awaitable[bool]], what: str) -> None:
        """Wait for something that a page does by itself."""
        ends = time.monotonic() + WITHIN_S
        while time.monotonic() < ends:
            try:
                if await met():
                    return
            except RuntimeError:
                pass  # the page went away while it was asked
            await asyncio.sleep(0.03)
        raise TimeoutError(f"{what}: {await self.where()} {await self.text()}")

    async def cookies(self) -> dict[str, dict[str, Any]]:
        """All of the context, by name."""
        found = await self.call("Network.getAllCookies")
        return {cookie["name"]: cookie for cookie in found["cookies"]}

    async def authenticator(self, **options: Any) -> str:
        """Plug in a virtual authenticator; its id."""
        await self.call("WebAuthn.enable", enableUI=False)
        chosen = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        found = await self.call("WebAuthn.addVirtualAuthenticator", options=chosen | options)
        return str(found["authenticatorId"])

    async def _read(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            match message.get("method"):
                case None:
                    self._answers.pop(message["id"]).set_result(message)
                case "Page.loadEventFired":
                    self._loaded.set()
                case "Network.requestWillBeSentExtraInfo":
                    self.requests.append(message["params"])
