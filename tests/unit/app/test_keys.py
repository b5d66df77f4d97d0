"""The key file and its provider beside running calls: rotations are taken up, old copies refused, a refusal fails closed and heals."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, KeysReplayed, ProviderRefused, ProviderUnreachable, WrongHolder, holders
from auricle.adapters.keys.provider import context_bytes
from auricle.adapters.keys.records import FileRecordKeys
from auricle.adapters.store import Store
from auricle.app import keys as app_keys
from auricle.app.board import Board
from auricle.app.key_provider import KeySettings
from auricle.app.keys import KeyKeeper
from auricle.app.rekey import RekeyJob
from auricle.app.web_keys import WebKeys
from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.errors import NotPermitted, SealingRefused
from auricle.vault.fields import Fields
from auricle.vault.gate import Decision, Gate, Ref
from auricle.vault.keyring import Keyring, Purpose
from auricle.web.ports import NotFound

OFFICER = Actor(ActorKind.PERSON, "sam-officer", frozenset({"security-officer"}))
REALM = "pbx.example"


class Watch:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
        self.ticks = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


class Provider:
    """A key service in memory; `fault` is what it answers with."""

    kind = "vault"

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self._key = AESGCM(bytes(range(32)))

    def facts(self) -> Mapping[str, Any]:
        return {"key": "test"}

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        if self.fault:
            raise self.fault
        return self._key.encrypt(bytes(12), secret, context_bytes(context))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        if self.fault:
            raise self.fault
        return self._key.decrypt(bytes(12), wrapped, context_bytes(context))


class Allows:
    """Everything, or nothing."""

    allowed = True

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(self.allowed, "test")


class World:
    """A practice's keys, held by a provider, its store and its keeper."""

    def __init__(self, directory: Path, settings: KeySettings) -> None:
        self.directory = directory
        self.clock, self.board, self.provider, self.policy = Watch(), Board(), Provider(), Allows()
        self.files = FileKeys(directory / "keys", SystemEntropy(), self.clock, self.provider)
        self.keys = self.files.create(None)
        fields = Fields(self.keys.keyring, SystemEntropy(), REALM)
        self.store = Store(directory / "auricle.db", self.keys.keyring, fields, self.keys.signing, f"{REALM}/audit", self.clock)
        self.settings = settings
        self.keeper = self.new_keeper()
        self.gate = Gate(self.policy, self.store)

    def new_keeper(self) -> KeyKeeper:
        keys = self.files.unlock(None)
        return KeyKeeper(files=self.files, keys=keys, store=self.store, board=self.board, clock=self.clock, settings=self.settings)

    def entries(self, action: str) -> list[tuple[str, str]]:
        """Outcome and purpose of the audit entries of one action."""
        lines = [json.loads(line) for line in self.store.audit_export()]
        leaves = [json.loads(line["leaf"]) for line in lines if "leaf" in line]
        return [(leaf["outcome"], leaf["purpose"]) for leaf in leaves if leaf["action"] == action]

    async def noted(self, action: str) -> list[tuple[str, str]]:
        await self.store.checkpoint()
        return await asyncio.to_thread(self.entries, action)

    def elsewhere(self) -> FileKeys:
        """The command line's view of the same file."""
        return FileKeys(self.directory / "keys", SystemEntropy(), self.clock, self.provider)


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for name, value in (("TIME_COST", 1), ("MEMORY_KIB", 64), ("LANES", 1)):
        monkeypatch.setattr(holders, name, value)
    made = World(tmp_path, KeySettings(provider="vault", grace_s=300))
    await made.keeper.start()
    yield made
    made.store.close()


def rotating(ring: Keyring) -> None:
    ring.rotate(Purpose.CALL_RECORD, SystemEntropy())


# ---- the file --------------------------------------------------------------------------------------------


async def test_a_rotation_by_another_process_counts_within_a_second(world: World) -> None:
    watching = asyncio.ensure_future(world.keeper.watch())
    woken = asyncio.Event()
    world.keeper.on_change(woken.set)
    ring = world.keeper.keyring
    world.elsewhere().change(world.keys.root, rotating)
    await asyncio.wait_for(woken.wait(), 1.0)
    assert ring.epoch(Purpose.CALL_RECORD) == 2
    assert ring is world.keeper.keyring  # whoever held the ring seals with the new epoch
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert await world.noted("keys.reload") == [("done", "generation 2")]
    assert await world.store.key_generation() == 2


async def test_the_provider_is_not_asked_for_a_rotation(world: World) -> None:
    world.provider.fault = ProviderRefused("revoked")
    world.elsewhere().change(world.keys.root, rotating)
    await world.keeper.look()
    assert world.keeper.keyring.epoch(Purpose.CALL_RECORD) == 2


async def test_an_own_change_and_another_processes_are_both_kept(world: World) -> None:
    world.elsewhere().change(world.keys.root, rotating)
    await world.keeper.change(lambda ring: [ring.rotate(Purpose.AUTH, SystemEntropy()), None][1])  # type: ignore[func-returns-value]
    assert (world.keeper.keyring.epoch(Purpose.AUTH), world.keeper.keyring.epoch(Purpose.CALL_RECORD)) == (2, 2)


@pytest.mark.parametrize("fault", ["flipped", "cut", "older", "removed", "of-another-practice"])
async def test_a_key_file_that_is_not_right_is_refused_and_the_rest_goes_on(fault: str, world: World, tmp_path: Path) -> None:
    path = world.files.file
    shutil.copy(path, tmp_path / "older.json")
    await world.keeper.change(rotating)
    good = path.read_bytes()
    match fault:
        case "flipped":
            path.write_bytes(good[:300] + bytes([good[300] ^ 1]) + good[301:])
        case "cut":
            path.write_bytes(good[:-30])
        case "older":
            path.write_bytes((tmp_path / "older.json").read_bytes())
        case "removed":
            path.unlink()
        case _:
            FileKeys(tmp_path / "other", SystemEntropy(), world.clock, world.provider).create(None)
            path.write_bytes((tmp_path / "other" / "keys.json").read_bytes())
    await world.keeper.look()
    assert world.keeper.state.state == "file-refused"
    assert str(path) in world.keeper.state.text
    assert world.board.services()["keys"] == "file-refused"
    assert world.keeper.keyring.epoch(Purpose.CALL_RECORD) == 2
    assert world.keeper.keyring.sealing(Purpose.CALL_RECORD) == 2  # calls are kept on
    refused = [entry for entry in await world.noted("keys.reload") if entry[0] == "refused"]
    assert len(refused) == 1
    assert refused[0][1].startswith("keys.")
    path.write_bytes(good)
    await world.keeper.look()
    assert world.keeper.state.state == "up"
    assert world.board.services()["keys"] == "up"


async def test_a_new_root_key_is_taken_up_through_the_provider(world: World) -> None:
    world.elsewhere().rewrap(None, fresh_root=True)
    await world.keeper.look()
    assert world.keeper.state.state == "up"
    await world.keeper.change(rotating)
    assert world.elsewhere().unlock(None).keyring.epoch(Purpose.CALL_RECORD) == 2


async def test_an_older_copy_does_not_start(world: World, tmp_path: Path) -> None:
    shutil.copy(world.files.file, tmp_path / "older.json")
    await world.keeper.change(rotating)
    shutil.copy(tmp_path / "older.json", world.files.file)
    again = world.new_keeper()
    with pytest.raises(KeysReplayed, match="accept-older"):
        await again.start()
    assert await world.noted("keys.open") == [("refused", "keys.replayed")]
    world.elsewhere().rewrap(None, accept_older=await world.store.key_generation())
    await world.new_keeper().start()


# ---- the provider ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [ProviderRefused("disabled"), WrongHolder("another key")])
async def test_a_refusal_fails_closed_at_once_and_heals_by_itself(fault: Exception, world: World) -> None:
    await world.keeper.ask()
    assert world.keeper.state.state == "up"
    world.provider.fault = fault
    world.clock.pass_s(60)
    await world.keeper.ask()
    state = world.keeper.state
    assert (state.state, state.since) == ("refused", world.clock.now())
    assert state.text.startswith("keys: refused by provider since 2026-11-25 09:01 UTC")
    assert world.board.services()["keys"] == "refused"
    with pytest.raises(SealingRefused):
        world.keeper.keyring.sealing(Purpose.CALL_RECORD)
    assert world.keeper.keyring.sealing(Purpose.CALL_RECORD, world.clock.now() - timedelta(seconds=1)) == 1
    world.clock.pass_s(60)
    await world.keeper.ask()
    assert world.keeper.state.since == state.since
    world.provider.fault = ProviderUnreachable("no route")
    await world.keeper.ask()
    assert world.keeper.state.state == "refused"  # silence takes no refusal back
    world.provider.fault = None
    await world.keeper.ask()
    assert world.keeper.state.state == "up"
    assert world.keeper.keyring.sealing(Purpose.CALL_RECORD) == 1
    assert [outcome for outcome, _ in await world.noted("keys.provider")] == ["refused", "done"]


async def test_silence_has_a_grace(world: World) -> None:
    world.provider.fault = ProviderUnreachable("no route")
    await world.keeper.ask()
    assert world.keeper.state.state == "unreachable"
    assert world.keeper.keyring.refused is None
    world.clock.pass_s(299)
    await world.keeper.ask()
    assert world.keeper.keyring.refused is None
    world.clock.pass_s(1)
    await world.keeper.ask()
    assert world.keeper.keyring.refused is not None
    world.provider.fault = None
    await world.keeper.ask()
    assert world.keeper.keyring.refused is None
    assert [outcome for outcome, _ in await world.noted("keys.provider")] == ["refused", "refused", "done"]


async def test_the_check_is_made_on_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_keys, "LOOK_S", 0)
    asked = asyncio.Event()
    check = world.files.check_provider

    def counted(root: bytes) -> None:
        check(root)
        loop.call_soon_threadsafe(asked.set)

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(world.files, "check_provider", counted)
    watching = asyncio.ensure_future(world.keeper.watch())
    await asyncio.sleep(0.02)
    assert not asked.is_set()
    world.clock.pass_s(world.settings.check_s)
    await asyncio.wait_for(asked.wait(), 2)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


# ---- the routes' service ---------------------------------------------------------------------------------


@pytest.fixture
def web(world: World, tmp_path: Path) -> WebKeys:
    records = FileRecordKeys(tmp_path / "keys" / "records", world.keeper.keyring, SystemEntropy())
    job = RekeyJob(
        store=world.store, records=records, keeper=world.keeper, gate=world.gate, board=world.board, clock=world.clock, keep_days=35
    )
    return WebKeys(
        files=world.files,
        keeper=world.keeper,
        job=job,
        store=world.store,
        gate=world.gate,
        clock=world.clock,
        entropy=SystemEntropy(),
        provider="vault",
    )


async def test_what_the_console_sees_of_keys(world: World, web: WebKeys) -> None:
    world.files.export_recovery(world.keys.root, 3, 2)
    view = await web.view(OFFICER)
    assert (view.provider, view.holders, view.development, view.state.state) == ("vault", ("vault", "recovery"), False, "up")
    assert [(one.purpose, one.epoch, one.epochs, one.records_behind) for one in view.purposes] == [(p.value, 1, 1, 0) for p in Purpose]
    assert view.recovery is not None
    assert (view.recovery.shares, view.recovery.needed, view.recovery.made_at) == (3, 2, world.clock.now())
    assert [outcome for outcome, _ in await world.noted("keys.read")] == ["allowed"]


async def test_rotation_by_the_console(world: World, web: WebKeys) -> None:
    await web.rotate(OFFICER, "blob")
    assert (world.keeper.keyring.epoch(Purpose.BLOB), world.keeper.keyring.epoch(Purpose.AUTH)) == (2, 1)
    await web.rotate(OFFICER, None)
    assert (world.keeper.keyring.epoch(Purpose.BLOB), world.keeper.keyring.epoch(Purpose.AUTH)) == (3, 2)
    assert world.elsewhere().unlock(None).keyring.epoch(Purpose.BLOB) == 3
    assert [outcome for outcome, _ in await world.noted("keys.rotate")] == ["allowed", "done", "allowed", "done"]
    with pytest.raises(NotFound):
        await web.rotate(OFFICER, "no-such")
    world.provider.fault = ProviderRefused("revoked")
    await world.keeper.ask()
    with pytest.raises(SealingRefused):
        await web.rotate(OFFICER, None)
    world.policy.allowed = False
    with pytest.raises(NotPermitted):
        await web.rotate(OFFICER, None)
    with pytest.raises(NotPermitted):
        await web.view(OFFICER)
    assert world.keeper.keyring.epoch(Purpose.BLOB) == 3
