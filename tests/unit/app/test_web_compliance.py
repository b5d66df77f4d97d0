"""What the compliance routes and the command line do, on a real store behind the real gate."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.adapters.clock import SystemEntropy
from auricle.app.cli.compliance import COMMAND_LINE
from auricle.compliance.agreements import AgreementState
from auricle.compliance.baa import FeatureStanding
from auricle.compliance.errors import AgreementWrong, HoldWrong, PreviewNeeded, ScheduleWrong
from auricle.compliance.features import Feature
from auricle.compliance.holds import HeldKind
from auricle.compliance.parties import OPERATOR, Party, PartyKind, trunk
from auricle.compliance.retention import RecordKind
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.phi import Phi
from auricle.vault.errors import NotPermitted
from auricle.vault.gate import Ref
from auricle.vault.keyring import Keyring
from auricle.web.compliance.ports import AgreementRequest, HoldRequest
from auricle.web.ports import NotFound
from fakes.agreements import an_agreement
from fakes.kept_office import NURSE, OFFICER, KeptOffice, Watch

pytestmark = pytest.mark.real  # over a whole store each: slow for a unit test

VOICEMAIL = RecordKind.VOICEMAIL
SUPPORT = Actor(ActorKind.PERSON, "helper", frozenset({"support", "nurse"}), "s9", mailboxes=frozenset({"nurses"}))


def hold(**changes: object) -> HoldRequest:
    return replace(HoldRequest(Phi("Vandermolen matter"), Phi("letter of counsel"), HeldKind.VOICEMAIL), **changes)


async def opened(directory: Path, operated_by: str) -> KeptOffice:
    made = KeptOffice.opened(directory, Watch(), Keyring.generate(SystemEntropy()), Ed25519PrivateKey.generate(), operated_by)
    await made.parts.start()
    return made


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[KeptOffice]:
    made = await opened(tmp_path, "self")
    yield made
    made.close()


@pytest.fixture
async def hosted(tmp_path: Path) -> AsyncIterator[KeptOffice]:
    made = await opened(tmp_path, "Harbor Hosting")
    yield made
    made.close()


# ---- retention -------------------------------------------------------------------------------------


async def test_nobody_changes_blind(office: KeptOffice) -> None:
    await office.message("v1", 40)
    await office.message("v2", 10)
    web = office.parts.web
    with pytest.raises(PreviewNeeded):
        await web.change(OFFICER, {VOICEMAIL: 30}, "")
    seen = await web.preview(OFFICER, {VOICEMAIL: 30})
    counted = next(kind for kind in seen.kinds if kind.kind is VOICEMAIL)
    assert (counted.would_delete, counted.within_30_days, counted.held) == (1, 1, 0)
    with pytest.raises(PreviewNeeded):
        await web.change(OFFICER, {VOICEMAIL: 5}, seen.token)
    with pytest.raises(PreviewNeeded):
        await web.change(replace(OFFICER, id="somebody-else"), {VOICEMAIL: 30}, seen.token)
    await web.change(OFFICER, {VOICEMAIL: 30}, seen.token)
    assert (await web.retention(OFFICER)).schedule[VOICEMAIL] == 30
    assert (await office.parts.keeper.run_once()).shredded == 1, "as the preview said"


async def test_a_stale_preview_is_none(office: KeptOffice) -> None:
    await office.message("v1", 40)
    seen = await office.parts.web.preview(OFFICER, {VOICEMAIL: 30})
    office.clock.passes(minutes=16)
    with pytest.raises(PreviewNeeded):
        await office.parts.web.change(OFFICER, {VOICEMAIL: 30}, seen.token)


async def test_the_schedule_may_have_changed_since_the_preview(office: KeptOffice) -> None:
    await office.message("v1", 40)
    seen = await office.parts.web.preview(OFFICER, {VOICEMAIL: 30})
    await office.parts.web.change(OFFICER, {VOICEMAIL: 200}, "")
    with pytest.raises(PreviewNeeded):
        await office.parts.web.change(OFFICER, {VOICEMAIL: 30}, seen.token)


async def test_what_deletes_nothing_needs_no_preview(office: KeptOffice) -> None:
    await office.message("v1", 40)
    await office.parts.web.change(OFFICER, {VOICEMAIL: 365, RecordKind.CALL: 1, RecordKind.AUDIT: 4000}, "")
    assert (await office.parts.web.retention(OFFICER)).schedule[RecordKind.AUDIT] == 4000


async def test_six_years_cannot_be_undercut(office: KeptOffice) -> None:
    for kind in (RecordKind.AUDIT, RecordKind.AGREEMENT, RecordKind.DOCUMENT):
        with pytest.raises(ScheduleWrong):
            await office.parts.web.change(OFFICER, {kind: 2191}, "")


async def test_without_the_right_nothing_is_read_or_changed(office: KeptOffice) -> None:
    web = office.parts.web
    for act in (
        web.retention(NURSE),
        web.preview(NURSE, {VOICEMAIL: 1}),
        web.change(NURSE, {VOICEMAIL: 1}, ""),
        web.run(NURSE),
        web.believe_clock(NURSE),
        web.holds(NURSE),
        web.place(NURSE, hold()),
        web.release(NURSE, "h1"),
        web.agreements(NURSE),
        web.agree(NURSE, OPERATOR, AgreementRequest("x", date(2026, 1, 1))),
        web.end_agreement(NURSE, OPERATOR),
    ):
        with pytest.raises(NotPermitted):
            await act


# ---- holds -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["202-555-0142", "(202) 555-0142", "+12025550142"])
async def test_a_number_is_held_however_it_is_typed(office: KeptOffice, typed: str) -> None:
    await office.message("v1", 400)
    placed = await office.parts.web.place(OFFICER, hold(number=Phi(typed)))
    assert placed.keeps == 1
    assert (await office.parts.keeper.run_once()).held == 1
    await office.parts.web.release(OFFICER, placed.id)
    assert [found.keeps for found in await office.parts.web.holds(OFFICER)] == [0]
    with pytest.raises(NotFound):
        await office.parts.web.release(OFFICER, placed.id)


@pytest.mark.parametrize("typed", ["anonymous", "12", "not a number", "1234567", ""])
async def test_what_is_no_number_is_refused_or_an_extension(office: KeptOffice, typed: str) -> None:
    if typed == "12":
        assert (await office.parts.web.place(OFFICER, hold(number=Phi(typed)))).keeps == 0
    else:
        with pytest.raises(HoldWrong):
            await office.parts.web.place(OFFICER, hold(number=Phi(typed)))


async def test_a_hold_on_nothing_is_refused(office: KeptOffice) -> None:
    with pytest.raises(NotFound):
        await office.parts.web.place(OFFICER, hold(record="v9"))
    with pytest.raises(HoldWrong):
        await office.parts.web.place(OFFICER, hold(mailbox="attic"))


async def test_the_command_line_places_and_releases(office: KeptOffice) -> None:
    service = office.parts.service("command line")
    placed = await service.place(COMMAND_LINE, hold())
    assert [found.id for found in await service.holds(COMMAND_LINE)] == [placed.id]
    await service.release(COMMAND_LINE, placed.id)
    await service.retention(COMMAND_LINE)
    await service.preview(COMMAND_LINE, {VOICEMAIL: 1})
    await service.believe_clock(COMMAND_LINE)
    await service.agreements(COMMAND_LINE)
    await service.agree(COMMAND_LINE, OPERATOR, AgreementRequest("contract 7", date(2026, 1, 1)))
    await service.end_agreement(COMMAND_LINE, OPERATOR)


# ---- agreements --------------------------------------------------------------------------------------


async def test_noted_it_counts_at_once_and_ended_no_more(hosted: KeptOffice) -> None:
    web = hosted.parts.web
    assert not hosted.parts.agreements.allows(Feature.VOICEMAIL)
    await web.agree(OFFICER, OPERATOR, AgreementRequest("contract 7", date(2026, 1, 1), None, date(2027, 1, 1)))
    assert hosted.parts.agreements.allows(Feature.VOICEMAIL)
    states = {state.party: (state.state, list(blocks)) for state, blocks in await web.agreements(OFFICER)}
    assert states[OPERATOR] == (AgreementState.IN_FORCE, [])
    await web.end_agreement(OFFICER, OPERATOR)
    assert not hosted.parts.agreements.allows(Feature.VOICEMAIL)
    with pytest.raises(NotFound):
        await web.end_agreement(OFFICER, OPERATOR)


async def test_an_agreement_with_an_unknown_trunk_is_refused(hosted: KeptOffice) -> None:
    with pytest.raises(AgreementWrong):
        await hosted.parts.web.agree(OFFICER, trunk("green"), AgreementRequest("contract 7", date(2026, 1, 1)))
    await hosted.parts.web.agree(OFFICER, trunk("blue"), AgreementRequest("contract 7", date(2026, 1, 1)))


async def test_without_the_operators_agreement_the_console_shows_no_patients(hosted: KeptOffice) -> None:
    """And shows everything else, so that the agreement can be noted; the parts of the system are not people."""
    gate = hosted.parts.gate
    for action, kind in (("voicemail.list", "voicemail"), ("voicemail.play", "voicemail"), ("calls.list", "call"), ("calls.live", "call")):
        one = "v1" if action == "voicemail.play" else "*"
        with pytest.raises(NotPermitted, match=action) as refused:
            await gate.check(NURSE, action, Ref(kind, one, mailbox="nurses"), "console")
        assert "operator: No agreement is noted." in refused.value.reason
    await gate.check(NURSE, "system.read", Ref("system", "*"), "console")
    await gate.check(OFFICER, "agreements.read", Ref("agreement", "*"), "console")
    transcriber = Actor(ActorKind.SERVICE, "transcriber", frozenset({"transcriber"}))
    await gate.check(transcriber, "voicemail.transcribe", Ref("voicemail", "v1"), "transcription")
    await hosted.store.add_agreement(OFFICER, an_agreement(OPERATOR, hosted.clock))
    await hosted.parts.book.load()
    await gate.check(NURSE, "voicemail.play", Ref("voicemail", "v1", mailbox="nurses"), "console")


async def test_outside_support_sees_patients_only_under_an_agreement_of_its_own(office: KeptOffice) -> None:
    with pytest.raises(NotPermitted) as refused:
        await office.parts.gate.check(SUPPORT, "voicemail.play", Ref("voicemail", "v1", mailbox="nurses"), "console")
    assert "support" in refused.value.reason
    await office.parts.web.agree(OFFICER, Party(PartyKind.SUPPORT), AgreementRequest("contract 9", date(2026, 1, 1)))
    await office.parts.gate.check(SUPPORT, "voicemail.play", Ref("voicemail", "v1", mailbox="nurses"), "console")


async def test_every_feature_says_where_it_stands(hosted: KeptOffice) -> None:
    states = {state.feature: state for state in await hosted.parts.web.features(NURSE)}
    assert states[Feature.VOICEMAIL].state is FeatureStanding.REFUSED
    assert "operator" in states[Feature.VOICEMAIL].what_to_do
    assert set(states) == set(Feature)


async def test_an_alarm_comes_once_a_threshold(hosted: KeptOffice) -> None:
    ending = an_agreement(OPERATOR, hosted.clock, expires_on=hosted.clock.at.date() + timedelta(days=8))
    await hosted.store.add_agreement(OFFICER, ending)
    raised = []
    for _ in range(10):
        await hosted.parts.book.load()
        raised += await hosted.parts.keeper.raise_alarms()
        hosted.clock.passes(days=1)
    assert [alarm.days for alarm in raised] == [30, 7, 0]
