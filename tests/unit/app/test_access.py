"""Access over a real store and the real gate: facts before decisions, lists narrowed, grants at the next moment, all of it in the log."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.break_glass import AlreadyBroken, AlreadyReviewed, BadBreakGlass, NothingBroken, Verdict
from auricle.access.decision import Policies
from auricle.access.grants import BadGrant, Wanted
from auricle.access.patients import BadPatient
from auricle.access.subject import SessionFacts, actor_of
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.adapters.store.record_facts import ListScope
from auricle.app.access_parts import AccessParts
from auricle.app.board import AccessChanged, Board, GlassChanged
from auricle.app.web_services import WebCalls, WebVoicemails
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.practice.model import Mailbox, Person, Practice
from auricle.vault.errors import NotPermitted, StepUpNeeded
from auricle.vault.fields import Fields
from auricle.vault.gate import Gate
from auricle.vault.keyring import Keyring
from auricle.web.access.ports import Marking, WhatIf
from auricle.web.ports import NotFound
from fakes.web_ports import a_call, a_leg, a_message, a_running_call

pytestmark = pytest.mark.real  # over a whole store each: slow for a unit test

START = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
REASON = Phi("caller reported chest pain, line dropped")
PATIENT, OTHER = "+12025550142", "+12025550143"
STAFF = (
    ("dana", {"privacy-officer"}, None, set[str]()),
    ("noor", {"nurse"}, "nurses", {"east"}),
    ("lee", {"clinician"}, None, {"east"}),
    ("fay", {"front-desk"}, None, set[str]()),
    ("mia", {"manager"}, None, set[str]()),
    ("abe", {"agent"}, None, set[str]()),
    ("sue", {"support"}, None, set[str]()),
    ("audra", {"auditor"}, None, set[str]()),
)


class Watch:
    """A clock set by hand."""

    at = START
    ticks = 100.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def pass_s(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.ticks += seconds


@dataclass
class House:
    """A practice with its store, and its parts."""

    practice: Practice
    store: Store
    clock: Watch
    parts: AccessParts
    calls: WebCalls
    voicemails: WebVoicemails
    told: list[Any]

    async def actor(self, person: str, *, stepped_up: bool = True) -> Actor:
        """As the next request of theirs would have it."""
        now = self.clock.now()
        session = SessionFacts(f"s-{person}", "192.0.2.7", stepped_up)
        standing = await self.store.standing(PersonId(person), now)
        return actor_of(self.practice, self.practice.people[PersonId(person)], session, standing, now)

    async def messages(self, person: str) -> dict[str, bool]:
        """The list of messages: id and whether it is masked."""
        return {seen.what.id: seen.masked for seen in await self.voicemails.messages(await self.actor(person))}

    async def calls_of(self, person: str) -> dict[str, bool]:
        """The list of calls: id and whether it is masked."""
        return {seen.what.id: seen.masked for seen in await self.calls.page(await self.actor(person), None, 100)}

    async def opens(self, person: str, message: str) -> bool:
        """Whether the text of a message is opened."""
        try:
            await self.voicemails.transcript(await self.actor(person), VoicemailId(message))
        except NotPermitted:
            return False
        return True

    def log(self) -> list[dict[str, Any]]:
        """Every entry."""
        with self.store._engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT leaf FROM audit_leaf ORDER BY number").all()
        return [json.loads(bytes(row[0])) for row in rows]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    people = {
        PersonId(name): Person(PersonId(name), name.title(), str(101 + number), frozenset(roles), box and MailboxId(box), frozenset(teams))  # type: ignore[arg-type]
        for number, (name, roles, box, teams) in enumerate(STAFF)
    }
    boxes = (
        Mailbox(MailboxId("nurses"), "Nurses", team="east"),
        Mailbox(MailboxId("desk"), "Desk"),
        Mailbox(MailboxId("west"), "West", team="west"),
    )
    practice = Practice(
        "Harbor Street",
        ZoneInfo("UTC"),
        "US",
        "pbx.example",
        MappingProxyType(people),
        mailboxes=MappingProxyType({box.id: box for box in boxes}),
    )
    clock, keyring, board = Watch(), Keyring.generate(SystemEntropy()), Board()
    fields = Fields(keyring, SystemEntropy(), practice.realm)
    store = Store(tmp_path / "a.db", keyring, fields, Ed25519PrivateKey.generate(), "pbx.example/audit", clock)
    policies = Policies.packaged()
    gate = Gate(policies, store)
    parts = AccessParts(store=store, gate=gate, policies=policies, practice=practice, board=board, clock=clock, entropy=SystemEntropy())
    told: list[Any] = []
    board.watch(told.append)
    blobs: Any = None
    made = House(
        practice,
        store,
        clock,
        parts,
        WebCalls(store, gate, board, parts.sight),
        WebVoicemails(store, blobs, gate, board, parts.sight),
        told,
    )
    await fill(store)
    yield made
    store.close()


async def fill(store: Store) -> None:
    """Abe talked with the patient; fay was rung for the other; messages of both in three boxes."""
    one = a_call(1, START, caller=Phi(PATIENT), answered_by=PersonId("abe"), legs=(a_leg("l1", "106", START, person="abe"),))
    legs = (a_leg("l2", "104", START, person="fay", answered_at=None),)
    two = a_call(2, START + timedelta(minutes=1), caller=Phi(OTHER), answered_by=None, answered_at=None, legs=legs)
    for call in (one, two):
        await store.add_call(call)
    places = (("v1", PATIENT, "nurses"), ("v2", OTHER, "desk"), ("v3", PATIENT, "west"))
    for number, (ident, number_, box) in enumerate(places):
        received = START + timedelta(minutes=number)
        await store.add_voicemail(
            a_message(ident, received, 5.0, caller=Phi(number_), mailbox=MailboxId(box), call=f"c000000{1 + (number == 1)}")
        )


async def mark(house: House, number: str, *, restricted: bool, people: tuple[str, ...] = (), teams: tuple[str, ...] = ()) -> None:
    marking = Marking(Phi(number), Phi(""), restricted, frozenset(people), frozenset(teams))
    await house.parts.admin.mark(await house.actor("dana"), marking)


# ---- lists -------------------------------------------------------------------------------------------


async def test_who_sees_which_messages(house: House) -> None:
    assert await house.messages("noor") == {"v1": False}  # her own box
    assert await house.messages("lee") == {"v1": False}  # her team's box
    assert await house.messages("fay") == {"v1": False, "v2": False, "v3": False}
    assert await house.messages("mia") == {"v1": False, "v2": False, "v3": False}
    for nobody in ("abe", "sue", "audra"):
        with pytest.raises(NotPermitted):
            await house.messages(nobody)


async def test_who_opens_which_messages(house: House) -> None:
    opened = {name: [ident for ident in ("v1", "v2", "v3") if await house.opens(name, ident)] for name, *_ in STAFF}
    assert opened == {
        "noor": ["v1"], "lee": ["v1"], "fay": [], "mia": [], "abe": [], "dana": [], "sue": [], "audra": [],
    }  # fmt: skip


async def test_a_care_team_is_a_relation_in_lists_and_in_content(house: House) -> None:
    await mark(house, OTHER, restricted=False, teams=("east",))
    assert await house.messages("noor") == {"v1": False, "v2": False}
    assert await house.opens("lee", "v2")
    assert not await house.opens("fay", "v2")
    await mark(house, OTHER, restricted=False)
    assert await house.messages("noor") == {"v1": False}


async def test_who_sees_which_calls(house: House) -> None:
    both = {"c0000001": False, "c0000002": False}
    for person in ("noor", "lee", "fay", "mia", "dana"):
        assert await house.calls_of(person) == both
    assert await house.calls_of("audra") == {"c0000001": True, "c0000002": True}
    assert await house.calls_of("abe") == {"c0000001": False}  # an agent: only the own


async def test_a_restricted_patient_is_masked_everywhere_but_for_carers_and_the_officer(house: House) -> None:
    await mark(house, PATIENT, restricted=True, people=("lee",))
    assert await house.messages("fay") == {"v1": True, "v2": False, "v3": True}
    assert await house.messages("dana") == {"v1": False, "v2": False, "v3": False}
    assert await house.messages("noor") == {"v1": True}
    assert not await house.opens("noor", "v1")  # even in her own box
    assert await house.messages("lee") == {"v1": False, "v3": False}
    assert await house.opens("lee", "v3")
    assert (await house.calls_of("fay"))["c0000001"]
    assert await house.calls_of("abe") == {"c0000001": False}  # was on the call
    call = a_running_call("live1", START, PATIENT, with_people=(PersonId("fay"),))
    for person, masked in (("fay", False), ("noor", True), ("lee", False), ("dana", False)):
        seen = await house.calls.seen(await house.actor(person), call)
        assert seen is not None
        assert seen.masked is masked, person


async def test_a_call_seen_on_the_live_stream_alone_is_a_look_once_a_session(house: House) -> None:
    """Who saw a caller only there is in the patient's report too; a masked line shows nobody."""
    call = a_running_call("live1", START, PATIENT)
    for person in ("fay", "fay", "audra"):
        await house.calls.seen(await house.actor(person), call)
    looks = [entry for entry in house.log() if entry.get("touched") == ["call:live1"]]
    assert [(entry["actor"], entry["action"]) for entry in looks] == [("fay", "calls.live")]


async def test_without_facts_nothing_is_shown(house: House) -> None:
    """A record that vanished between the list and its facts is left out, not shown."""
    actor = await house.actor("fay")
    ghost = a_message("v9", START, 1.0)
    assert await house.parts.sight.voicemails(actor, [ghost]) == []
    assert not await house.voicemails.known_to(actor, VoicemailId("v9"))
    with pytest.raises(NotFound):
        await house.voicemails.transcript(await house.actor("noor"), VoicemailId("v9"))
    assert (house.log()[-1]["outcome"], house.log()[-1]["ref"]) == ("failed", "v9")


async def test_scopes(house: House) -> None:
    facts = house.parts.sight.facts
    await mark(house, OTHER, restricted=False, people=("noor",))
    assert await facts.scope(await house.actor("mia"), "voicemail.list") is None
    found = await facts.scope(await house.actor("noor"), "voicemail.list")
    assert found is not None
    assert (found.mailboxes, found.present, len(found.marks), found.records) == (("nurses",), "noor", 1, ())
    assert await facts.scope(await house.actor("sue"), "voicemail.list") == ListScope()


# ---- grants ------------------------------------------------------------------------------------------


def wanted(house: House, person: str = "sue", action: str = "voicemail.read", **changes: Any) -> Wanted:
    return replace(Wanted(PersonId(person), action, house.clock.now() + timedelta(hours=1), REASON), **changes)


async def test_support_works_only_through_grants_and_each_use_is_in_the_log(house: House) -> None:
    assert not await house.opens("sue", "v2")
    made = await house.parts.admin.grant(await house.actor("dana"), wanted(house, record="voicemail:v2"))
    assert await house.opens("sue", "v2")
    uses = [entry for entry in house.log() if entry["actor"] == "sue" and entry["outcome"] == "allowed"]
    assert [entry["detail"]["why"] for entry in uses] == [f"A time-boxed grant in force allows it. (grant {made.id})"]
    assert not await house.opens("sue", "v1")
    house.clock.pass_s(3600)
    assert not await house.opens("sue", "v2")


async def test_a_granted_record_is_in_the_list_and_nothing_else(house: House) -> None:
    await house.parts.admin.grant(await house.actor("dana"), wanted(house, action="voicemail.list", record="voicemail:v2"))
    assert await house.messages("sue") == {"v2": True}
    await house.parts.admin.grant(await house.actor("dana"), wanted(house, action="voicemail.list", mailbox="west"))
    assert await house.messages("sue") == {"v2": True, "v3": True}
    await house.parts.admin.grant(await house.actor("dana"), wanted(house, action="calls.list", record="call:c0000002"))
    assert await house.calls_of("sue") == {"c0000002": True}


async def test_a_revoked_grant_is_over_at_the_next_request(house: House) -> None:
    made = await house.parts.admin.grant(await house.actor("dana"), wanted(house))
    assert await house.opens("sue", "v1")
    await house.parts.admin.revoke(await house.actor("dana"), made.id)
    assert not await house.opens("sue", "v1")
    with pytest.raises(NotFound):
        await house.parts.admin.revoke(await house.actor("dana"), "g-none")


async def test_who_may_not_grant(house: House) -> None:
    with pytest.raises(StepUpNeeded):
        await house.parts.admin.grant(await house.actor("dana", stepped_up=False), wanted(house))
    with pytest.raises(NotPermitted):
        await house.parts.admin.grant(await house.actor("dana"), wanted(house, "dana"))
    for person in ("mia", "noor", "sue", "audra"):
        with pytest.raises(NotPermitted):
            await house.parts.admin.grant(await house.actor(person), wanted(house))
    with pytest.raises(BadGrant):
        await house.parts.admin.grant(await house.actor("dana"), wanted(house, action="keys.rotate"))
    assert [entry["outcome"] for entry in house.log() if entry["action"] == "access.grant"] == ["refused"] * 6
    assert await house.parts.admin.grants(await house.actor("dana")) == []


async def test_reasons_are_for_those_who_grant(house: House) -> None:
    await house.parts.admin.grant(await house.actor("dana"), wanted(house))
    (full,) = await house.parts.admin.grants(await house.actor("dana"))
    (bare,) = await house.parts.admin.grants(await house.actor("audra"))
    assert (full.reason, bare.reason) == (REASON, None)


async def test_what_if_knows_the_facts_and_the_grants(house: House) -> None:
    await mark(house, PATIENT, restricted=True, people=("lee",))
    officer = await house.actor("dana")
    ask = WhatIf("voicemail.play", "voicemail", PersonId("lee"), id="v3")
    assert (await house.parts.admin.what_if(officer, ask)).allowed
    refused = await house.parts.admin.what_if(officer, replace(ask, person=PersonId("noor"), id="v1"))
    assert (refused.allowed, refused.rules[0].startswith("Records of restricted patients")) == (False, True)
    assert any(need.startswith("Breaking the glass") for need in refused.needs)
    boxed = WhatIf("voicemail.play", "voicemail", PersonId("noor"), mailbox="nurses")
    assert (await house.parts.admin.what_if(officer, boxed)).allowed
    with pytest.raises(NotFound):
        await house.parts.admin.what_if(officer, replace(ask, person=PersonId("nobody")))


@pytest.mark.parametrize(
    "marking",
    [
        Marking(Phi("not a number"), Phi(""), True, frozenset(), frozenset()),
        Marking(Phi(PATIENT), Phi(""), True, frozenset({"nobody"}), frozenset()),
        Marking(Phi(PATIENT), Phi(""), True, frozenset(), frozenset({"north"})),
    ],
)
async def test_marks_that_may_not_be(house: House, marking: Marking) -> None:
    with pytest.raises(BadPatient):
        await house.parts.admin.mark(await house.actor("dana"), marking)
    assert await house.parts.admin.patients(await house.actor("dana")) == []


# ---- breaking the glass ------------------------------------------------------------------------------


async def test_an_emergency_from_its_start_to_its_verdict(house: House) -> None:
    await mark(house, PATIENT, restricted=True)
    glass = house.parts.break_glass
    assert not await house.opens("noor", "v3")
    broken = await glass.break_glass(await house.actor("noor"), REASON, 30, "")
    assert house.told == [GlassChanged(broken.id, "noor", "broken")]
    assert await house.opens("noor", "v3")
    why = [entry["detail"]["why"] for entry in house.log() if entry["ref"] == "v3" and entry["outcome"] == "allowed"]
    assert why == [f"The glass was broken: emergency access to calls and voicemail, to nothing else. (break-glass {broken.id})"]
    with pytest.raises(AlreadyBroken):
        await glass.break_glass(await house.actor("noor"), REASON, 30, "")
    house.clock.pass_s(30 * 60 - 0.000001)
    assert await house.opens("noor", "v3")
    house.clock.pass_s(0.000001)
    assert not await house.opens("noor", "v3")
    with pytest.raises(NothingBroken):
        await glass.end(await house.actor("noor"))
    (queued,) = await glass.queue(await house.actor("dana"))
    assert (queued.id, queued.reason, queued.review) == (broken.id, REASON, None)
    await glass.review(await house.actor("dana"), broken.id, Verdict.JUSTIFIED, Phi("the patient was called back"))
    with pytest.raises(AlreadyReviewed):
        await glass.review(await house.actor("dana"), broken.id, Verdict.NOT_JUSTIFIED, Phi(""))
    assert [event.state for event in house.told] == ["broken", "reviewed"]


async def test_ended_by_hand_it_is_over_at_once(house: House) -> None:
    await house.parts.break_glass.break_glass(await house.actor("fay"), REASON, 240, "voicemail:v2")
    assert await house.opens("fay", "v2")
    assert not await house.opens("fay", "v1")  # only the record it is about
    await house.parts.break_glass.end(await house.actor("fay"))
    assert not await house.opens("fay", "v2")


async def test_broken_glass_gives_care_and_never_how_the_practice_is_run(house: House) -> None:
    before = set(house.parts.policies.permissions(await house.actor("noor")))
    await house.parts.break_glass.break_glass(await house.actor("noor"), REASON, 30, "")
    gained = set(house.parts.policies.permissions(await house.actor("noor"))) - before
    assert gained == set()  # a nurse has every care action somewhere; now she has them everywhere
    fay = set(house.parts.policies.permissions(await house.actor("fay")))
    await house.parts.break_glass.break_glass(await house.actor("fay"), REASON, 30, "")
    assert set(house.parts.policies.permissions(await house.actor("fay"))) - fay == {"voicemail.play", "voicemail.read", "voicemail.mark"}


async def test_who_may_not_break_or_review(house: House) -> None:
    for person in ("abe", "sue", "audra", "dana"):
        with pytest.raises(NotPermitted):
            await house.parts.break_glass.break_glass(await house.actor(person), REASON, 30, "")
    with pytest.raises(BadBreakGlass):
        await house.parts.break_glass.break_glass(await house.actor("noor"), Phi("urgent"), 30, "")
    broken = await house.parts.break_glass.break_glass(await house.actor("mia"), REASON, 30, "")
    with pytest.raises(NotPermitted):
        await house.parts.break_glass.review(await house.actor("mia"), broken.id, Verdict.JUSTIFIED, Phi(""))
    with pytest.raises(NothingBroken):
        await house.parts.break_glass.review(await house.actor("dana"), "bg-none", Verdict.JUSTIFIED, Phi(""))
    assert sum(entry["outcome"] == "refused" for entry in house.log()) == 5


async def test_no_reason_and_no_number_is_readable_in_the_log(house: House) -> None:
    await mark(house, PATIENT, restricted=True)
    await house.parts.break_glass.break_glass(await house.actor("noor"), REASON, 30, "")
    await house.parts.admin.grant(await house.actor("dana"), wanted(house))
    text = json.dumps(house.log())
    assert "chest pain" not in text
    assert "2025550142" not in text
    assert ActorKind.PERSON.value in text


async def test_what_ran_out_is_in_the_log_once_and_told(house: House) -> None:
    await house.parts.admin.grant(await house.actor("dana"), wanted(house))
    broken = await house.parts.break_glass.break_glass(await house.actor("noor"), REASON, 30, "")
    assert await house.parts.ends.step() == 0
    house.clock.pass_s(3600)
    house.told.clear()
    assert await house.parts.ends.step() == 2
    assert house.told == [GlassChanged(broken.id, "noor", "ended"), AccessChanged()]
    assert await house.parts.ends.step() == 0
    assert [entry["action"] for entry in house.log()[-2:]] == ["access.grant-ended", "break-glass.end"]
