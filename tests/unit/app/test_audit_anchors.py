"""Anchors: a place that is away holds up nobody and is caught up with, lags and other histories are told, restarts forget nothing."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.test_audit_watch import NOON, NOOR, World

from auricle.adapters.anchors import AnchorConflict, AnchorFailed, FileAnchor, Receipt, SyslogAnchor, WitnessAnchor
from auricle.adapters.anchors.syslog import framed, message
from auricle.app.audit_anchors import MAX_WAIT_S, AnchorsWrong, AnchorWatch, anchor_of
from auricle.app.board import Board
from auricle.app.settings_audit import FileAnchorSettings, SyslogAnchorSettings, WitnessAnchorSettings
from auricle.audit.leaf import entry_of
from auricle.audit.tree import verify_consistency
from auricle.audit.verify import verify_export
from auricle.vault.gate import Outcome, Ref


class Place:
    """An anchor that does as it is told."""

    kind = "test"

    def __init__(self, name: str = "usb") -> None:
        self.name = name
        self.kept: list[int] = []
        self.failing: AnchorFailed | None = None
        self.line = ""

    async def keep(self, size: int, note: str, prove: Any) -> Receipt:
        if self.failing is not None:
            raise self.failing
        if self.kept:
            old, new = self.notes(note)
            assert verify_consistency(old[0], old[1], new[0], new[1], await prove(old[0]))
        self.kept.append(size)
        self._note = note
        return Receipt("witness.example/w1", self.line) if self.line else Receipt()

    def notes(self, note: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        from base64 import b64decode

        def state(text: str) -> tuple[int, bytes]:
            lines = text.split("\n")
            return int(lines[1]), b64decode(lines[2])

        return state(self._note), state(note)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()


def watching(world: World, *places: Any, every_s: float = 60.0, alarm_s: float = 600.0) -> tuple[AnchorWatch, Board]:
    board = Board()
    return AnchorWatch(world.store, places, board, world.clock, every_s=every_s, alarm_s=alarm_s), board


async def signed(world: World, count: int = 1) -> None:
    for _ in range(count):
        await world.store.record(NOOR, "voicemail.play", Ref("voicemail", "v1"), Outcome.ALLOWED, "console")
    await world.store.checkpoint()


async def acts(world: World) -> list[tuple[str, str, str]]:
    entries = [entry_of(leaf) for _, leaf in await world.store.audit_after(0, 1000)]
    return [(entry.action, entry.ref, (entry.detail or {}).get("why", "")) for entry in entries if entry.action.startswith("anchor")]


async def test_the_newest_checkpoint_is_kept_and_none_between(world: World) -> None:
    place = Place()
    watch, board = watching(world, place)
    await watch.step(place)
    assert (place.kept, board.services()) == ([], {"anchor usb": "up"})
    await signed(world, 3)
    await watch.step(place)
    await signed(world)
    await watch.step(place)  # too early
    await signed(world)
    world.clock.at += timedelta(seconds=61)
    await watch.step(place)
    await watch.step(place)
    assert place.kept == [3, 5]
    (state,) = await watch.states()
    assert (state.state, state.size, state.tries, state.at) == ("up", 5, 0, world.clock.now())


async def test_an_idle_log_is_not_anchored_again_and_again(world: World) -> None:
    """Keeping a checkpoint makes no entry, or each would need another."""
    place = Place()
    watch, _ = watching(world, place)
    await signed(world)
    for _ in range(5):
        await watch.step(place)
        world.clock.at += timedelta(hours=1)
    assert (place.kept, await world.store.audit_size()) == ([1], 1)


async def test_a_place_that_is_away_is_tried_with_growing_waits(world: World) -> None:
    place = Place()
    place.failing = AnchorFailed("unreachable")
    watch, board = watching(world, place)
    await signed(world)
    waits = []
    for _ in range(12):
        await watch.step(place)
        wait = await watch.step(place)
        waits.append(round(wait))
        world.clock.at += timedelta(seconds=wait)
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == MAX_WAIT_S
    (state,) = await watch.states()
    assert (state.state, state.error, state.tries, state.size) == ("lagging", "unreachable", 12, 0)
    assert board.services() == {"anchor usb": "lagging"}
    assert await acts(world) == [("anchor.lagging", "usb", "unreachable")]


async def test_it_catches_up_and_says_so(world: World) -> None:
    place = Place()
    place.failing = AnchorFailed("unreachable")
    watch, board = watching(world, place, alarm_s=1.0)
    await signed(world, 2)
    world.clock.at += timedelta(seconds=5)
    await watch.step(place)
    place.failing = None
    world.clock.at += timedelta(hours=1)
    await signed(world, 2)
    await watch.step(place)
    assert (place.kept, board.services()["anchor usb"]) == ([5], "up")
    assert await acts(world) == [("anchor.lagging", "usb", "unreachable"), ("anchor.recovered", "usb", "")]


async def test_a_restart_goes_on_where_it_was(world: World) -> None:
    place = Place()
    await signed(world)
    await watching(world, place)[0].step(place)
    place.failing = AnchorFailed("unreachable")
    await signed(world)
    world.clock.at += timedelta(seconds=61)
    await watching(world, place)[0].step(place)
    (state,) = await watching(world, place)[0].states()
    assert (state.size, state.tries) == (1, 1)
    assert await watching(world, place)[0].step(place) > 0, "the wait goes on too"
    assert place.kept == [1]


async def test_another_history_is_told_once_and_never_overwritten(world: World) -> None:
    place = Place()
    place.failing = AnchorConflict("other-file")
    watch, board = watching(world, place)
    await signed(world)
    for _ in range(3):
        await watch.step(place)
        world.clock.at += timedelta(seconds=MAX_WAIT_S)
    assert board.services() == {"anchor usb": "conflict"}
    assert await acts(world) == [("anchor.conflict", "usb", "other-file")]


async def test_a_log_that_is_shorter_than_what_was_kept_is_a_conflict(world: World) -> None:
    """A database restored from before, or cut: signing on would make two histories."""
    from auricle.adapters.store.anchors import Anchored

    place = Place()
    await signed(world)
    await world.store.put_anchored(Anchored("usb", 100, NOON))
    watch, board = watching(world, place)
    await watch.step(place)
    assert (place.kept, board.services()) == ([], {"anchor usb": "conflict"})
    assert await acts(world) == [("anchor.conflict", "usb", "log-is-shorter")]


async def test_a_cosignature_stands_in_the_note_and_in_exports(world: World) -> None:
    place = Place()
    place.line = "\u2014 witness.example/w1 AAAA\n"
    await signed(world)
    await watching(world, place)[0].step(place)
    note = await world.store.latest_checkpoint()
    assert note is not None
    assert note.endswith(place.line)
    lines = list(world.store.audit_export())
    assert "witness.example/w1" in lines[-1]
    assert verify_export(lines, world.store.verifier).ok


async def test_one_place_does_not_hold_up_another(world: World) -> None:
    import asyncio

    class Stuck(Place):
        async def keep(self, size: int, note: str, prove: Any) -> Receipt:
            await asyncio.Event().wait()
            raise AssertionError

    stuck, place = Stuck("stuck"), Place()
    watch, _ = watching(world, stuck, place)
    await signed(world)
    task = asyncio.ensure_future(watch.run())
    async with asyncio.timeout(10):
        while not place.kept:
            await asyncio.sleep(0.01)
        await signed(world)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# ---- files ---------------------------------------------------------------------------------------------


async def prove(_: int) -> Sequence[bytes]:
    return ()


async def test_a_file_is_written_once(tmp_path: Path) -> None:
    anchor = FileAnchor("usb", tmp_path / "kept")
    for cosigned in ("", "\u2014 w AAAA\n"):  # signed again, with a cosignature more, it is the same checkpoint
        await anchor.keep(42, f"o\n42\nroot\n\n\u2014 o AAAA\n{cosigned}", prove)
    (file,) = (tmp_path / "kept").iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("00000000000000000042.checkpoint", 0o444)
    assert file.read_text() == "o\n42\nroot\n\n\u2014 o AAAA\n"


async def test_another_file_is_never_overwritten(tmp_path: Path) -> None:
    anchor = FileAnchor("usb", tmp_path)
    await anchor.keep(42, "o\n42\nroot\n\nx\n", prove)
    with pytest.raises(AnchorConflict, match="other-file"):
        await anchor.keep(42, "o\n42\nanother\n\nx\n", prove)
    assert (tmp_path / "00000000000000000042.checkpoint").read_text() == "o\n42\nroot\n\nx\n"


async def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AnchorFailed, match="not-writable"):
        await FileAnchor("usb", tmp_path / "file").keep(1, "o\n1\nroot\n\nx\n", prove)


async def test_what_a_crash_left_half_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "00000000000000000042.part").write_text("o\n4")
    await FileAnchor("usb", tmp_path).keep(42, "o\n42\nroot\n\nx\n", prove)
    assert [path.name for path in tmp_path.iterdir()] == ["00000000000000000042.checkpoint"]


# ---- syslog's message ----------------------------------------------------------------------------------


def test_a_message_by_rfc_5424() -> None:
    text = message(NOON, 'host "x" name', 42, "origin]\n42\nroot=\n\n\u2014 o AAAA\n").decode()
    assert text.startswith('<109>1 2026-11-25T17:00:00.000000Z host"x"name auricle - checkpoint [auricle@32473 origin="origin\\]" ')
    assert text.endswith('"] audit log of 42 entries')
    assert framed(b"abc") == b"3 abc"


# ---- settings ------------------------------------------------------------------------------------------


def test_anchors_of_the_settings(tmp_path: Path, world: World) -> None:
    assert isinstance(anchor_of(FileAnchorSettings("usb", "kept"), tmp_path, world.clock), FileAnchor)
    assert isinstance(anchor_of(SyslogAnchorSettings("c", "192.0.2.1"), tmp_path, world.clock), SyslogAnchor)
    with pytest.raises(AnchorsWrong, match="w1"):
        anchor_of(WitnessAnchorSettings("w1", "https://w.example/", "no key"), tmp_path, world.clock)
    assert WitnessAnchor.kind == "witness"
