"""The app over the fakes, asked in memory."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.fakes.web_ports import PASSWORD, FakeSessions, FakeVoicemails, FakeWorld, busy_world

from auricle.web.app import create_app

ORIGIN = "https://console.example"


@dataclass
class Web:
    """The client and what stands behind the app."""

    client: httpx.AsyncClient
    world: FakeWorld
    sessions: FakeSessions
    voicemails: FakeVoicemails

    async def sign_in(self, username: str = "dana.reyes", password: str = PASSWORD) -> httpx.Response:
        """Sign in and keep the cookie."""
        return await self.client.post("/api/v1/session", json={"username": username, "password": password})


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Auricle</title>")
    (tmp_path / "assets" / "app-abc.js").write_text("1")
    (tmp_path / "assets" / "app-abc.js.br").write_bytes(b"brotli")
    world = busy_world(calls=30)
    ports = world.ports()
    app = create_app(ports, tmp_path)
    assert isinstance(ports.sessions, FakeSessions)
    assert isinstance(ports.voicemails, FakeVoicemails)
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 1234), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as client:
        yield Web(client, world, ports.sessions, ports.voicemails)
