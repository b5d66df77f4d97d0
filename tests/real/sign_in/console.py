"""The console's real server on https://localhost, with a real store, real sessions and real ways to sign in; its other pages are fakes."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import FastAPI

from auricle.access.session import Session
from auricle.adapters.certificates import Certificates
from auricle.adapters.clock import SystemClock
from auricle.app.route_access import WebAccess
from auricle.app.web_passkeys import WebPasskeys
from auricle.app.web_sso import Joined, WebSso
from auricle.kernel.ids import PersonId
from auricle.web.app import create_app
from auricle.web.events.hub import Hub
from auricle.web.ports import WebPorts
from auricle.web.server import server
from fakes.sign_in import DANA, SignInWorld
from fakes.web_ports import FakeWorld

PASSWORD = "quiet-harbor-lantern-7"
USERNAME = "dana.reyes"


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_APPS: list[FastAPI] = []
_HASHES: list[str] = []


def app_over(ports: WebPorts, directory: Path) -> FastAPI:
    """The one app of this process over other ports: making its routes takes longer than a test."""
    if not _APPS:
        (directory / "index.html").write_text("<!doctype html><title>Auricle</title><h1>Console</h1>")
        _APPS.append(create_app(ports, directory))
    _APPS[0].state.ports, _APPS[0].state.hub = ports, Hub()
    return _APPS[0]


class RunningConsole:
    """Start, use, stop."""

    def __init__(
        self, directory: Path, port: int, certificates: Certificates, providers: Sequence[Joined] = (), *, required: bool = False
    ) -> None:
        self.origin = f"https://localhost:{port}"
        self.world = SignInWorld(directory, required=required, clock=SystemClock())
        self.passkeys: WebPasskeys = self.world.passkeys(self.origin)
        one, world = self.world.identity, self.world
        self.sso = WebSso(world.store, self.origin, providers, one.keeper, one.rules, one.attempts, world.clock, world.entropy)
        fakes = FakeWorld(practice=world.practice)
        ports = replace(
            fakes.ports(),
            sessions=one.sessions,
            me=one.me,
            people=one.people,
            api_keys=one.api_keys,
            scim=one.scim,
            access=WebAccess(fakes.policies, world.store),
            passkeys=self.passkeys,
            sso=self.sso,
        )
        self._certificates = certificates
        self._server = server(app_over(ports, directory), "127.0.0.1", port, certificates.certificate, certificates.private_key)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen, with one account."""
        if not _HASHES:
            _HASHES.append(await self.world.passwords.hashed(PASSWORD))
        await self.world.store.put_account(USERNAME, DANA, _HASHES[0])
        self._serving = asyncio.ensure_future(self._server.serve())
        while not self._server.started:
            assert not self._serving.done()
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Nothing is left."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving
        await self.sso.stop()
        self.world.store.close()

    def client(self) -> httpx.AsyncClient:
        """A browser without pages: keeps cookies, follows nothing by itself."""
        trusted = httpx.create_ssl_context(verify=str(self._certificates.ca))
        return httpx.AsyncClient(verify=trusted, base_url=self.origin, headers={"Origin": self.origin}, trust_env=False)

    async def sessions(self, person: PersonId = DANA) -> list[Session]:
        """The live ones."""
        return await self.world.store.sessions_of(person, self.world.identity.keeper.idle)
