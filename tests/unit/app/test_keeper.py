"""The daily run on a real store with real sealed sound: what is due goes for good, what is held stays, a wrong clock deletes nothing."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.blobs import BlobMissing
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store.holds import KeptHold
from auricle.app import retention
from auricle.audit.verify import verify_export
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import OPERATOR
from auricle.compliance.retention import RecordKind
from auricle.kernel.ids import VoicemailId
from auricle.kernel.phi import Phi
from auricle.vault.errors import Shredded
from auricle.vault.gate import Gate, Ref
from auricle.vault.keyring import Keyring
from fakes.agreements import an_agreement
from fakes.kept_office import NURSE, OFFICER, Everything, KeptOffice, Watch

pytestmark = pytest.mark.real  # over a whole store each: slow for a unit test


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[KeptOffice]:
    made = KeptOffice.opened(tmp_path, Watch(), Keyring.generate(SystemEntropy()), Ed25519PrivateKey.generate())
    await made.parts.start()
    yield made
    made.close()


async def test_what_is_due_goes_for_good_and_the_log_proves_it(office: KeptOffice) -> None:
    old, young = await office.message("v1", 91), await office.message("v2", 89)
    await office.call("c1", 2193)
    await office.call("c2", 2191)
    count = await office.parts.keeper.run_once()
    assert (count.shredded, count.held, count.failed) == (2, 0, 0)
    assert await office.messages() == [young]
    with pytest.raises(BlobMissing):
        await office.listen(old)
    assert not list(office.directory.rglob("v1.*"))
    assert len(await office.listen(young)) == 16000
    await office.store.checkpoint()
    lines = list(office.store.audit_export())
    assert verify_export(lines, office.store.verifier).ok
    text = "\n".join(lines)
    for words in ("retention.shred", "voicemail kept 90 days", "call kept 2192 days", "retention.destroyed", "retention.run"):
        assert words in text


async def test_a_held_message_outlives_its_term(office: KeptOffice) -> None:
    await office.message("v1", 400)
    await office.store.place_hold(OFFICER, KeptHold("h1", Phi("matter"), Phi("letter"), HeldKind.ANY, number=Phi("+12025550142")))
    count = await office.parts.keeper.run_once()
    assert (count.shredded, count.held) == (0, 1)
    assert await office.messages() == ["v1"]
    assert len(await office.listen(VoicemailId("v1"))) == 16000
    await office.store.release_hold(OFFICER, "h1")
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_a_crash_between_the_row_and_the_sound_is_finished_at_the_next_start(office: KeptOffice) -> None:
    await office.message("v1", 91)
    assert await office.store.shred_record(retention.KEEPER, RecordKind.VOICEMAIL, "v1", "voicemail kept 90 days")
    assert list((office.directory / "blobs").glob("v1.*")), "the sound is still there"
    started = office.again()
    await started.parts.start()
    assert not list(office.directory.rglob("v1.*"))
    assert await started.store.unfinished_shreddings() == []
    started.close()


async def test_a_disk_that_fails_is_tried_again_by_the_next_run(office: KeptOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.message("v1", 91)
    with monkeypatch.context() as broken:

        async def fails(blob: VoicemailId) -> None:
            raise OSError(5, "input/output error")

        broken.setattr(office.blobs, "shred", fails)
        with structlog.testing.capture_logs() as logs:
            assert (await office.parts.keeper.run_once()).failed == 1
        assert {"shredding_unfinished"} <= {line["event"] for line in logs}
    assert await office.messages() == []
    await office.parts.keeper.run_once()
    assert not list(office.directory.rglob("v1.*"))


async def test_with_the_recordings_disk_unmounted_no_message_is_deleted(office: KeptOffice) -> None:
    """Case BACK-d88a: the directory is there and empty. What was claimed to be destroyed would come back with the disk."""
    await office.message("v1", 91)
    await office.call("c1", 3000)
    elsewhere = (office.directory / "blobs").rename(office.directory / "the disk")
    (office.directory / "blobs").mkdir()
    count = await office.parts.keeper.run_once()
    assert "not mounted" in count.stopped
    assert count.shredded == 1, "the call has no recording"
    assert await office.messages() == ["v1"]
    (office.directory / "blobs").rmdir()
    elsewhere.rename(office.directory / "blobs")
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_many_go_in_batches(office: KeptOffice) -> None:
    for number in range(retention.BATCH + 3):
        await office.call(f"c{number:03}", 3000)
    assert (await office.parts.keeper.run_once()).shredded == retention.BATCH + 3


# ---- the clock -------------------------------------------------------------------------------------


async def stops(office: KeptOffice, word: str) -> None:
    count = await office.parts.keeper.run_once()
    assert count.shredded == 0
    assert word in (await office.store.run_state()).stopped
    await office.store.checkpoint()
    assert any("retention.stopped" in line for line in office.store.audit_export())
    assert await office.parts.keeper.clock_fault()
    assert "v1" in await office.messages()


async def test_a_clock_that_jumps_ahead_deletes_nothing(office: KeptOffice) -> None:
    await office.message("v1", 1)
    office.clock.at += timedelta(days=400)
    await stops(office, "ahead")


async def test_a_jump_is_still_known_after_a_restart(office: KeptOffice) -> None:
    """Also when entries were written by the wrong clock in between."""
    await office.message("v1", 1)
    office.clock.at += timedelta(days=400)
    await office.call("c1", 0)
    started = office.again()
    await started.parts.start()
    await stops(started, "ahead")
    started.close()


async def test_a_clock_set_back_deletes_nothing(office: KeptOffice) -> None:
    await office.message("v1", 91)
    office.clock.at -= timedelta(hours=2)
    await stops(office, "behind")


async def test_set_right_again_it_goes_on_by_itself(office: KeptOffice) -> None:
    await office.message("v1", 91)
    office.clock.at += timedelta(days=400)
    await office.parts.keeper.run_once()
    office.clock.at -= timedelta(days=400)
    office.clock.passes(minutes=10)
    await office.call("c1", 0)  # the newest entry is of now again
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_after_a_long_time_off_somebody_says_that_the_clock_is_right(office: KeptOffice) -> None:
    await office.message("v1", 85)
    office.clock.passes(days=10)
    started = office.again()
    await started.parts.start()
    await stops(started, "off for that long")
    await started.parts.keeper.believe_clock()
    assert (await started.parts.keeper.run_once()).shredded == 1
    started.close()


async def test_another_process_may_have_said_it(office: KeptOffice) -> None:
    """`auricle retention run --clock-is-right` beside the running practice."""
    await office.message("v1", 91)
    office.clock.at += timedelta(days=3)
    await stops(office, "ahead")
    await office.store.clock_seen(office.clock.now())
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_time_that_passes_while_it_runs_is_no_jump(office: KeptOffice) -> None:
    await office.message("v1", 60)
    for _ in range(40):
        office.clock.passes(hours=23)
        assert await office.parts.keeper.clock_fault() == ""
    assert (await office.parts.keeper.run_once()).shredded == 1


async def test_many_small_jumps_are_one_large_one(office: KeptOffice) -> None:
    await office.message("v1", 60)
    faults = []
    for _ in range(40):
        office.clock.at += timedelta(hours=23)
        faults.append(await office.parts.keeper.clock_fault())
    assert faults[0] == ""
    assert all("jumped" in fault or "ahead" in fault for fault in faults[1:])
    assert (await office.parts.keeper.run_once()).shredded == 0


async def test_a_clock_that_goes_wrong_is_told_at_once_and_once(office: KeptOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daily run may be hours away: the running keeper notices by itself."""
    monkeypatch.setattr(retention, "TICK_S", 0.01)
    working = asyncio.create_task(office.parts.keeper.run())

    async def until(count: int, action: str) -> None:
        async with asyncio.timeout(10):
            while sum(f'"{action}' in line.replace("\\", "") for line in await lines(office)) < count:
                await asyncio.sleep(0.01)

    await until(1, "retention.run")
    office.clock.at += timedelta(days=400)
    await until(1, "retention.stopped")
    await asyncio.sleep(0.1)
    assert sum("retention.stopped" in line for line in await lines(office)) == 1
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def lines(office: KeptOffice) -> list[str]:
    """The log as it is exported."""
    await office.store.checkpoint()
    return list(office.store.audit_export())


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 11, 25, 7, 59, tzinfo=UTC), datetime(2026, 11, 25, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 25, 8, 0, tzinfo=UTC), datetime(2026, 11, 26, 8, 0, tzinfo=UTC)),
        (datetime(2026, 3, 8, 6, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
    ],
    ids=["before", "at", "the night the clocks go forward"],
)
async def test_the_quiet_hour_is_the_practices(office: KeptOffice, now: datetime, wanted: datetime) -> None:
    office.clock.at = now
    assert office.parts.keeper.next_run().astimezone(UTC) == wanted


# ---- agreements ------------------------------------------------------------------------------------


async def test_agreements_go_six_years_after_their_last_effect(office: KeptOffice) -> None:
    old = an_agreement(OPERATOR, office.clock, expires_on=date(2020, 6, 1))
    await office.store.add_agreement(OFFICER, old)
    await office.parts.book.load()
    assert (await office.parts.keeper.run_once()).shredded == 1
    assert office.parts.book.agreements() == ()


async def test_settings_note_an_agreement_once_and_an_ended_one_stays_ended(office: KeptOffice) -> None:
    noted = an_agreement(OPERATOR, office.clock)
    await office.parts.book.take_settings(OFFICER, [noted])
    await office.parts.book.take_settings(OFFICER, [noted])
    assert len(office.parts.book.agreements()) == 1
    await office.store.end_agreements(OFFICER, office.parts.book.agreements(), date(2026, 11, 25))
    await office.parts.book.take_settings(OFFICER, [noted])
    assert office.parts.book.agreements()[0].ended_on == date(2026, 11, 25)


async def test_the_shredded_message_is_nowhere_on_the_disk(office: KeptOffice) -> None:
    """Neither its sealed sound nor its sealed row: there is nothing left that a key found later could open."""
    await office.message("v1", 91)
    sound = next((office.directory / "blobs").glob("v1.*")).read_bytes()[64:2000]
    assert sound in office.bytes_on_disk()
    await office.parts.keeper.run_once()
    assert sound not in office.bytes_on_disk()


async def test_a_copy_of_the_row_does_not_open_either(office: KeptOffice) -> None:
    """Out of a backup, say: its record's own key is gone, and with it the caller and the text."""
    await office.message("v1", 91)
    connection = sqlite3.connect(office.directory / "auricle.db")
    row = connection.execute("SELECT * FROM voicemail").fetchone()
    connection.close()
    await office.parts.keeper.run_once()
    connection = sqlite3.connect(office.directory / "auricle.db")
    connection.execute(f"INSERT INTO voicemail VALUES ({','.join('?' * len(row))})", row)
    connection.commit()
    connection.close()
    with pytest.raises(Shredded):
        await Gate(Everything(), office.store).open(
            NURSE, "voicemail.list", Ref("voicemail", "v1"), "test", lambda grant: office.store.voicemail(grant, VoicemailId("v1"))
        )
