"""Grants and broken glass as they are kept: in force at a moment, reasons sealed, each write with its entry."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from auricle.access.break_glass import BreakGlass, Review, Verdict
from auricle.access.grants import TimeGrant
from auricle.access.subject import Standing
from auricle.adapters.store import GrantDoesNotFit, Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi

DANA = Actor(ActorKind.PERSON, "dana", frozenset({"privacy-officer"}), "s2")
NOOR = PersonId("noor")
SECRET = "Quentin Vandermolen waits for his result"
HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)


@pytest.fixture
def grant(practice: Any) -> TimeGrant:
    now = practice.clock.now()
    return TimeGrant("g1", NOOR, "voicemail.play", "voicemail:v1", "", "dana", now, now + HOUR)


@pytest.fixture
def glass(practice: Any) -> BreakGlass:
    now = practice.clock.now()
    return BreakGlass("b1", NOOR, "voicemail:v1", now, now + HOUR)


async def test_a_grant_is_in_force_until_its_end_for_its_person_alone(store: Store, grant: TimeGrant) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "a rule")
    await store.add_grant(replace(grant, id="g2", person=PersonId("sam")), Phi(SECRET), DANA, "a rule")
    assert await store.standing(NOOR, grant.granted_at) == Standing((grant,))
    assert await store.standing(NOOR, grant.until - TICK) == Standing((grant,))
    assert await store.standing(NOOR, grant.until) == Standing()
    assert await store.standing(PersonId("lee"), grant.granted_at) == Standing()


async def test_a_revoked_grant_is_over_at_once_and_stays_in_the_list(store: Store, practice: Any, look: Any, grant: TimeGrant) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "a rule")
    practice.clock.pass_s(60)
    await store.revoke_grant("g1", DANA)
    assert await store.standing(NOOR, practice.clock.now()) == Standing()
    (listed,) = await look("grant", "*", store.grants, reasons=True)
    assert (listed.revoked_at, listed.revoked_by, listed.reason) == (practice.clock.now(), "dana", Phi(SECRET))


async def test_revoking_what_is_over_changes_nothing(store: Store, practice: Any, grant: TimeGrant) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "a rule")
    practice.clock.pass_s(3600)
    await store.revoke_grant("g1", DANA)
    assert (await store.grant("g1")) == grant
    assert await store.grant("g9") is None


async def test_reasons_are_opened_only_where_asked_for(store: Store, look: Any, grant: TimeGrant) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "a rule")
    (listed,) = await look("grant", "*", store.grants, reasons=False)
    assert listed.reason is None
    with pytest.raises(GrantDoesNotFit):
        await look("call", "*", store.grants, reasons=True)


async def test_glass_is_broken_ended_and_reviewed(store: Store, practice: Any, look: Any, glass: BreakGlass) -> None:
    await store.add_glass(glass, Phi(SECRET), DANA, "a rule")
    assert await store.standing(NOOR, glass.started_at) == Standing((), glass)
    assert await store.standing(NOOR, glass.until) == Standing()
    practice.clock.pass_s(60)
    await store.end_glass("b1", DANA)
    assert await store.standing(NOOR, practice.clock.now()) == Standing()
    review = Review(Verdict.NOT_JUSTIFIED, "dana", practice.clock.now(), Phi("the record was another patient's"))
    await store.review_glass("b1", review, DANA, "a rule")
    (opened,) = await look("break-glass", "*", store.glasses)
    assert opened == replace(glass, ended_at=practice.clock.now(), reason=Phi(SECRET), review=review)


async def test_a_verdict_is_not_changed(store: Store, practice: Any, look: Any, glass: BreakGlass) -> None:
    await store.add_glass(glass, Phi(SECRET), DANA, "")
    first = Review(Verdict.NOT_JUSTIFIED, "dana", practice.clock.now(), Phi("first"))
    await store.review_glass("b1", first, DANA, "")
    await store.review_glass("b1", replace(first, verdict=Verdict.JUSTIFIED, note=Phi("second")), DANA, "")
    (opened,) = await look("break-glass", "*", store.glasses)
    assert opened.review == first


async def test_those_that_wait_for_a_verdict_come_first(store: Store, practice: Any, look: Any, glass: BreakGlass) -> None:
    for number in range(3):
        later = glass.started_at + timedelta(minutes=number)
        await store.add_glass(replace(glass, id=f"b{number}", started_at=later), Phi(SECRET), DANA, "")
    await store.review_glass("b2", Review(Verdict.JUSTIFIED, "dana", practice.clock.now(), Phi("")), DANA, "")
    assert [one.id for one in await look("break-glass", "*", store.glasses)] == ["b1", "b0", "b2"]


async def test_every_write_has_its_entry_and_no_reason_lies_readable(
    store: Store, practice: Any, grant: TimeGrant, glass: BreakGlass
) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "Owners and privacy officers give and revoke grants.")
    await store.revoke_grant("g1", DANA)
    await store.add_glass(glass, Phi(SECRET), DANA, "A rule.")
    await store.end_glass("b1", DANA)
    await store.review_glass("b1", Review(Verdict.JUSTIFIED, "dana", practice.clock.now(), Phi(SECRET)), DANA, "A rule.")
    leaves = b"".join(bytes(leaf) for (leaf,) in practice.raw("SELECT leaf FROM audit_leaf ORDER BY number"))
    for action in ("access.grant", "access.revoke", "break-glass.use", "break-glass.end", "break-glass.review"):
        assert f'"action":"{action}"'.encode() in leaves
    assert b"Owners and privacy officers give and revoke grants." in leaves
    store.close()
    assert b"Vandermolen" not in practice.files()


async def test_an_end_is_noted_once_with_its_entry(store: Store, practice: Any, grant: TimeGrant, glass: BreakGlass) -> None:
    await store.add_grant(grant, Phi(SECRET), DANA, "")
    await store.add_grant(replace(grant, id="g2"), Phi(SECRET), DANA, "")
    await store.add_glass(glass, Phi(SECRET), DANA, "")
    await store.revoke_grant("g2", DANA)
    practice.clock.pass_s(3599)
    assert await store.note_ends(DANA) == ([], [])
    practice.clock.pass_s(1)
    assert await store.note_ends(DANA) == ([grant], [glass])
    assert await store.note_ends(DANA) == ([], [])
    leaves = [bytes(leaf) for (leaf,) in practice.raw("SELECT leaf FROM audit_leaf ORDER BY number")]
    assert sum(b'"action":"access.grant-ended"' in leaf for leaf in leaves) == 1
    assert sum(b"its time ran out" in leaf for leaf in leaves) == 1
