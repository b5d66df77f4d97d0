"""The live stream when access changes: it looks again at once, whatever its session's token is by now (case RBAC-29c5)."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from types import MappingProxyType

from tests.fakes.web_ports import PASSWORD, FakeSessions, FakeWorld, busy_world

from auricle.kernel.ids import PersonId
from auricle.web.events.hub import Hub
from auricle.web.events.stream import Watcher
from auricle.web.signed_in import AccessChanged, SignedIn

AT_ONCE_S = 1.0  # the stream's own check comes only every ten seconds


async def watching(username: str) -> tuple[FakeWorld, AsyncIterator[bytes], FakeSessions, SignedIn]:
    world = busy_world(calls=1)
    ports = world.ports()
    assert isinstance(ports.sessions, FakeSessions)
    hub = Hub()
    world.watch(hub.publish)
    session = await ports.sessions.sign_in(username, PASSWORD, "192.0.2.7")
    assert isinstance(session, SignedIn)
    stream = Watcher(ports, hub, session, "192.0.2.7").run(None)
    await event(stream)
    return world, stream, ports.sessions, session


async def event(stream: AsyncIterator[bytes], name: str = "") -> str:
    """The next event, or the next of a name."""
    async with asyncio.timeout(AT_ONCE_S):
        async for piece in stream:
            for line in piece.decode().splitlines():
                if line.startswith("event: ") and (not name or line == f"event: {name}"):
                    return line.removeprefix("event: ")
    raise AssertionError("the stream ended")


async def test_an_ended_session_ends_its_stream_at_once() -> None:
    world, stream, sessions, _ = await watching("noor.haddad")
    sessions.live.clear()
    world.tell(AccessChanged())
    assert await event(stream, "signed-out") == "signed-out"
    assert [piece async for piece in stream] == []


async def test_somebody_else_s_end_leaves_it_running() -> None:
    world, stream, sessions, session = await watching("noor.haddad")
    other = await sessions.sign_in("dana.reyes", PASSWORD, "192.0.2.8")
    assert isinstance(other, SignedIn)
    del sessions.live[other.token]
    world.tell(AccessChanged())
    piece = await asyncio.wait_for(anext(stream), AT_ONCE_S)
    assert b"signed-out" not in piece
    assert session.token in sessions.live


async def test_a_new_token_does_not_end_it() -> None:
    world, stream, sessions, session = await watching("noor.haddad")
    await sessions.step_up(session, password=PASSWORD)
    assert session.token not in sessions.live
    world.tell(AccessChanged())
    piece = await asyncio.wait_for(anext(stream), AT_ONCE_S)
    assert b"signed-out" not in piece


async def test_a_demoted_person_is_told_to_look_again() -> None:
    world, stream, _, _ = await watching("noor.haddad")
    noor = replace(world.practice.people[PersonId("noor-haddad")], roles=frozenset({"billing"}))
    world.practice = replace(world.practice, people=MappingProxyType({**world.practice.people, noor.id: noor}))
    world.tell(AccessChanged())
    assert await event(stream, "access") == "access"


def test_the_note_says_only_that() -> None:
    from auricle.web.events.stream import AccessNote

    assert json.loads(AccessNote().model_dump_json()) == {"changed": True}
