"""The live stream: snapshot, changes, resuming, and its end."""

import asyncio
import json
from collections.abc import AsyncIterator

from tests.fakes.web_ports import PASSWORD, FakeSessions, FakeWorld, a_running_call, busy_world

from auricle.kernel.ids import CallId, VoicemailId
from auricle.web.events.hub import Hub
from auricle.web.events.stream import Watcher
from auricle.web.ports import ServiceState, SignedIn, VoicemailChanged


async def watcher(username: str = "dana.reyes", kept: int = 512) -> tuple[FakeWorld, Hub, Watcher, FakeSessions]:
    """A stream over the fakes, not yet running."""
    world = busy_world(calls=1)
    ports = world.ports()
    assert isinstance(ports.sessions, FakeSessions)
    hub = Hub(kept)
    world.watch(hub.publish)
    session: SignedIn = await ports.sessions.sign_in(username, PASSWORD, "192.0.2.7")
    return world, hub, Watcher(ports, hub, session, "192.0.2.7"), ports.sessions


async def events(stream: AsyncIterator[bytes], count: int) -> list[tuple[str, str, dict[str, object]]]:
    """The next events as (id, name, data)."""
    found: list[tuple[str, str, dict[str, object]]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            piece = await anext(stream)
            for block in piece.decode().split("\n\n"):
                fields = dict(line.split(": ", 1) for line in block.splitlines() if line and not line.startswith(":"))
                if "event" in fields:
                    found.append((fields.get("id", ""), fields["event"], json.loads(fields["data"])))
    return found


async def test_a_new_stream_starts_with_all_that_runs_then_tells_changes() -> None:
    world, _, watching, _ = await watcher()
    stream = watching.run(None)
    first = await events(stream, 2)
    assert [name for _, name, _ in first] == ["live", "system"]
    assert len(first[0][2]["calls"]) == 2  # type: ignore[arg-type]
    world.tell(a_running_call("x1", world.now()))
    world.tell(ServiceState("kamailio", "restarting"))
    world.tell(VoicemailChanged(VoicemailId("vm1")))
    changes = await events(stream, 3)
    assert [name for _, name, _ in changes] == ["call", "service", "voicemail"]
    assert changes[0][2]["id"] == "x1"
    assert changes[2][2] == {"id": "vm1"}


async def test_resuming_tells_what_was_missed_and_no_more_and_is_audited() -> None:
    world, _, watching, _ = await watcher()
    stream = watching.run(None)
    await events(stream, 2)
    world.tell(ServiceState("kamailio", "restarting"))
    ((place, _, _),) = await events(stream, 1)
    await stream.aclose()  # type: ignore[attr-defined]
    looks = [entry.action for entry in world.entries].count("calls.live")
    world.tell(ServiceState("kamailio", "up"))
    again = watching.run(place)
    assert [(name, data["state"]) for _, name, data in await events(again, 1)] == [("service", "up")]
    assert [entry.action for entry in world.entries].count("calls.live") == looks + 1


async def test_an_unknown_or_too_old_place_starts_over() -> None:
    world, hub, watching, _ = await watcher(kept=2)
    for state in ("restarting", "up", "restarting", "up"):
        world.tell(ServiceState("kamailio", state))
    for place in ("", "x", "other-3", hub.event_id(1), hub.event_id(99), f"{hub.event_id(0)}9999999999999999", "é"):
        stream = watching.run(place)
        assert [name for _, name, _ in await events(stream, 1)] == ["live", "system"]
        await stream.aclose()  # type: ignore[attr-defined]


async def test_a_watcher_that_falls_behind_starts_over_and_holds_no_memory() -> None:
    world, _, watching, _ = await watcher(kept=4)
    stream = watching.run(None)
    await events(stream, 2)
    for number in range(100):
        world.tell(a_running_call(f"y{number}", world.now(), over=True))
    assert [name for _, name, _ in await events(stream, 1)] == ["live", "system"]


async def test_only_what_the_roles_may_see_is_told() -> None:
    world, _, watching, _ = await watcher("sam.okafor")
    stream = watching.run(None)
    assert [name for _, name, _ in await events(stream, 1)] == ["system"]
    world.tell(a_running_call("x1", world.now()))
    world.tell(VoicemailChanged(VoicemailId("vm1")))
    world.tell(ServiceState("rtpengine", "restarting"))
    assert [name for _, name, _ in await events(stream, 1)] == ["service"]


async def test_a_session_that_ends_ends_the_stream() -> None:
    """Case RBAC-29c5: revocation reaches open streams within seconds."""
    _, _, watching, sessions = await watcher()
    stream = watching.run(None, check_s=0.01)
    await events(stream, 2)
    sessions.live.clear()
    assert [name for _, name, _ in await events(stream, 1)] == ["signed-out"]
    assert [piece async for piece in stream] == []


async def test_a_stream_keeps_no_session_alive() -> None:
    _, _, watching, sessions = await watcher()
    stream = watching.run(None, check_s=0.01)
    ((_, seen),) = sessions.live.values()
    await events(stream, 2)
    for _ in range(5):
        await anext(stream)
    ((_, later),) = sessions.live.values()
    assert later == seen


async def test_the_hub_ends_all_streams() -> None:
    _, hub, watching, _ = await watcher()
    stream = watching.run(None)
    await events(stream, 2)
    asyncio.get_running_loop().call_soon(hub.close)
    async with asyncio.timeout(2):
        assert b"".join([piece async for piece in stream]).startswith(b":")


async def test_in_a_storm_only_the_newest_state_of_a_call_is_told() -> None:
    world, _, watching, _ = await watcher()
    stream = watching.run(None)
    await events(stream, 2)
    for step in ("greeting", "top", "front"):
        world.tell(a_running_call("x1", world.now(), step=step))
    world.tell(ServiceState("kamailio", "up"))
    assert [(name, data.get("step")) for _, name, data in await events(stream, 2)] == [("call", "front"), ("service", None)]


async def test_streams_are_counted_and_let_go() -> None:
    _, hub, watching, _ = await watcher()
    ident = watching.session.actor.session_id
    stream = watching.run(None)
    await anext(stream)
    assert hub.streams_of(ident) == 1
    await stream.aclose()  # type: ignore[attr-defined]
    assert hub.streams_of(ident) == 0


async def test_call_ids_and_texts_cannot_break_a_frame() -> None:
    world, _, watching, _ = await watcher()
    stream = watching.run(None)
    await events(stream, 2)
    world.tell(a_running_call("x\n\nevent: signed-out", world.now(), name="a\r\nevent: signed-out\r\n\r\n"))
    ((_, name, data),) = await events(stream, 1)
    assert (name, data["id"]) == ("call", CallId("x\n\nevent: signed-out"))
