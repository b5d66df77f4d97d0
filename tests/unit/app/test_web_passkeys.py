"""Passkeys over a real store and real sessions: registration, sign-in, step-up, and everything that is refused."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auricle.access.ceremonies import CEREMONY_S
from auricle.access.passkeys import (
    MAX_PASSKEYS,
    CeremonyOver,
    LastFactor,
    PasskeyKnown,
    PasskeyRefused,
    PasskeysUnavailable,
    TooManyPasskeys,
)
from auricle.app.web_passkeys import WebPasskeys
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.web.ports import NotFound
from auricle.web.signed_in import SignedIn, StepUpNeeded, Throttled
from fakes.authenticator import AT, BE, BS, UP, UV, Authenticator
from fakes.sign_in import ADDRESS, DANA, NOOR, ORIGIN, SignInWorld

pytestmark = pytest.mark.real  # over a whole store each: slow for a unit test

CLI = Actor(ActorKind.SERVICE, "cli")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SignInWorld]:
    world = SignInWorld(tmp_path)
    yield world
    world.store.close()


@pytest.fixture
def passkeys(world: SignInWorld) -> WebPasskeys:
    return world.passkeys()


def authenticator() -> Authenticator:
    return Authenticator(ORIGIN, "phones.example")


async def enrolled(
    world: SignInWorld, passkeys: WebPasskeys, person: PersonId = DANA, **faults: Any
) -> tuple[Authenticator, SignedIn, str]:
    """A person with one passkey, the session that made it, and its id."""
    device, me = authenticator(), await world.session(person)
    made = device.create(dict(await passkeys.registration_options(me)), **faults)
    kept, session = await passkeys.register(me, "Phone", made)
    assert session is not None
    return device, session, kept.id


async def signed_in(passkeys: WebPasskeys, device: Authenticator, address: str = ADDRESS, **faults: Any) -> SignedIn:
    binding, options = await passkeys.sign_in_options(address)
    return await passkeys.sign_in(binding, device.get(dict(options), **faults), address)


# ---- registration ------------------------------------------------------------------------------------


async def test_the_first_passkey_becomes_the_sessions_second_factor(world: SignInWorld, passkeys: WebPasskeys) -> None:
    other = await world.session()
    _, session, passkey = await enrolled(world, passkeys)
    assert session.second_factor == "passkey"
    assert session.actor.stepped_up
    assert await world.again(other) is None, "a session from before, without a second factor, went on"
    (mine,) = await passkeys.mine(session)
    assert (mine.id, mine.name, mine.person, mine.last_used_at, mine.suspect) == (passkey, "Phone", DANA, None, False)
    assert '"passkey.add"' in (await world.entries())[2]


async def test_a_passkey_ends_the_duty_to_enrol(tmp_path: Path) -> None:
    world = SignInWorld(tmp_path, required=True)
    me = await world.session()
    assert me.must_enrol
    _, session, _ = await enrolled(world, world.passkeys())
    assert not session.must_enrol
    world.store.close()


async def test_another_passkey_needs_a_step_up(world: SignInWorld, passkeys: WebPasskeys) -> None:
    _, session, _ = await enrolled(world, passkeys)
    world.clock.pass_s(301)
    late = await world.again(session)
    assert late is not None
    with pytest.raises(StepUpNeeded):
        await passkeys.registration_options(late)
    assert '"refused"' in (await world.entries())[0]
    again = await world.identity.keeper.step_up(late)
    device = authenticator()
    _, renewed = await passkeys.register(again, "Key", device.create(dict(await passkeys.registration_options(again))))
    assert renewed is None
    assert [found.name for found in await passkeys.mine(again)] == ["Phone", "Key"]


async def test_who_has_an_authenticator_app_steps_up_before_the_first_passkey(world: SignInWorld, passkeys: WebPasskeys) -> None:
    await world.store.put_account("dana.reyes", DANA, "hash")
    await world.store.begin_totp("dana.reyes", "SECRET", CLI)
    await world.store.confirm_totp("dana.reyes", "SECRET", 1, (), CLI)
    with pytest.raises(StepUpNeeded):
        await passkeys.registration_options(await world.session(factor="totp"))


async def test_known_devices_are_excluded_and_cannot_be_added_twice(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, session, _ = await enrolled(world, passkeys)
    options = dict(await passkeys.registration_options(session))
    assert [entry["transports"] for entry in options["excludeCredentials"]] == [["hybrid", "internal"]]
    with pytest.raises(PasskeyKnown):
        await passkeys.register(session, "Again", device.create(options))
    thief = await world.session(NOOR)
    with pytest.raises(PasskeyKnown):
        await passkeys.register(thief, "Theirs", device.create(dict(await passkeys.registration_options(thief))))
    assert "registered already" in (await world.entries())[0]


async def test_handles_are_random_stable_and_one_a_person(world: SignInWorld, passkeys: WebPasskeys) -> None:
    first = dict(await passkeys.registration_options(await world.session()))["user"]["id"]
    assert dict(await passkeys.registration_options(await world.session()))["user"]["id"] == first
    assert dict(await passkeys.registration_options(await world.session(NOOR)))["user"]["id"] != first
    assert len(first) == 43


async def test_a_challenge_is_good_once_for_five_minutes_in_its_own_session(world: SignInWorld, passkeys: WebPasskeys) -> None:
    me, device = await world.session(), authenticator()
    with pytest.raises(CeremonyOver):
        await passkeys.register(me, "x", device.create({"user": {"id": "AA"}, "challenge": "AA"}))
    options = dict(await passkeys.registration_options(me))
    with pytest.raises(CeremonyOver):
        await passkeys.register(await world.session(NOOR), "x", device.create(options))
    world.clock.pass_s(CEREMONY_S + 1)
    with pytest.raises(CeremonyOver):
        await passkeys.register(me, "x", device.create(options))
    old = dict(await passkeys.registration_options(me))
    new = dict(await passkeys.registration_options(me))
    with pytest.raises(PasskeyRefused):
        await passkeys.register(me, "x", device.create(old))
    with pytest.raises(CeremonyOver):
        await passkeys.register(me, "x", device.create(new))
    assert await passkeys.mine(me) == []
    assert sum('"passkey.add"' in entry and '"refused"' in entry for entry in await world.entries()) == 5


async def test_there_are_at_most_twenty(world: SignInWorld, passkeys: WebPasskeys) -> None:
    _, session, _ = await enrolled(world, passkeys)
    for _ in range(MAX_PASSKEYS - 1):
        options = dict(await passkeys.registration_options(session))
        await passkeys.register(session, "More", authenticator().create(options))
    with pytest.raises(TooManyPasskeys):
        await passkeys.registration_options(session)


async def test_a_console_without_a_name_offers_none(world: SignInWorld) -> None:
    nameless = world.passkeys("https://127.0.0.1:8443")
    assert not nameless.available()
    with pytest.raises(PasskeysUnavailable):
        await nameless.registration_options(await world.session())
    with pytest.raises(PasskeysUnavailable):
        await nameless.sign_in_options(ADDRESS)


# ---- signing in --------------------------------------------------------------------------------------


async def test_a_passkey_alone_signs_in_with_two_factors(world: SignInWorld, passkeys: WebPasskeys) -> None:
    await world.store.put_account("dana", DANA, "hash")
    device, _, passkey = await enrolled(world, passkeys)
    session = await signed_in(passkeys, device)
    assert (session.person, session.username, session.second_factor) == (DANA, "dana", "passkey")
    assert session.actor.roles == {"front-desk"}
    (mine,) = await passkeys.mine(session)
    assert mine.sign_count == 1
    assert mine.last_used_at is not None
    told = await world.entries(3)
    assert "passkey, second factor passkey" in told[0]
    assert f'"{passkey}"' in told[1]


async def test_the_same_answer_signs_in_once(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, _, _ = await enrolled(world, passkeys)
    binding, options = await passkeys.sign_in_options(ADDRESS)
    answer = device.get(dict(options))
    await passkeys.sign_in(binding, answer, ADDRESS)
    with pytest.raises(CeremonyOver):
        await passkeys.sign_in(binding, answer, ADDRESS)


async def test_of_many_at_the_same_time_one_gets_in(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, _, _ = await enrolled(world, passkeys)
    binding, options = await passkeys.sign_in_options(ADDRESS)
    answer = device.get(dict(options))
    results = await asyncio.gather(*(passkeys.sign_in(binding, answer, ADDRESS) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(result, SignedIn) for result in results) == 1


async def test_an_answer_of_another_browser_is_refused(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, _, _ = await enrolled(world, passkeys)
    _, options = await passkeys.sign_in_options(ADDRESS)
    other, _ = await passkeys.sign_in_options(ADDRESS)
    with pytest.raises(PasskeyRefused):
        await passkeys.sign_in(other, device.get(dict(options)), ADDRESS)
    with pytest.raises(CeremonyOver):
        await passkeys.sign_in("", device.get(dict(options)), ADDRESS)


@pytest.mark.parametrize(
    "faults", [{"handle": b""}, {"handle": b"x" * 32}, {"flags": UP}, {"origin": "https://phones.example.evil.example"}], ids=str
)
async def test_faults_are_refused_and_audited(world: SignInWorld, passkeys: WebPasskeys, faults: dict[str, Any]) -> None:
    device, _, passkey = await enrolled(world, passkeys)
    with pytest.raises(PasskeyRefused):
        await signed_in(passkeys, device, **faults)
    entry = (await world.entries())[0]
    assert '"session.start"' in entry
    assert '"refused"' in entry
    assert f'"{passkey}"' in entry
    assert '"anonymous"' in entry


async def test_an_unknown_passkey_is_refused(world: SignInWorld, passkeys: WebPasskeys) -> None:
    with pytest.raises(PasskeyRefused):
        await signed_in(passkeys, authenticator())
    assert "no passkey of ours" in (await world.entries())[0]


async def test_who_was_terminated_cannot_sign_in(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, _, _ = await enrolled(world, passkeys)
    await world.identity.ender.end(CLI, DANA, "left")
    with pytest.raises(PasskeyRefused, match="not active"):
        await signed_in(passkeys, device)


async def test_weba_9ae1_a_synced_passkey_that_counts_nothing_works_again_and_again(world: SignInWorld, passkeys: WebPasskeys) -> None:
    """WEBA-9ae1: stored 0 and new 0 is fine."""
    device, _, _ = await enrolled(world, passkeys, flags=UP | UV | AT | BE)
    device.step = 0
    for _ in range(3):
        session = await signed_in(passkeys, device, flags=UP | UV | BE | BS)
    (mine,) = await passkeys.mine(session)
    assert (mine.sign_count, mine.backed_up, mine.suspect) == (0, True, False)


async def test_weba_9ae1_a_counter_that_went_back_is_refused_marked_and_locks_nobody_out(world: SignInWorld, passkeys: WebPasskeys) -> None:
    """WEBA-9ae1: a copy is refused and told of; the device with the higher counter, and other factors, still work."""
    device, session, passkey = await enrolled(world, passkeys)
    device.counter = 40
    await signed_in(passkeys, device)
    for counter in (41, 7, 0):
        with pytest.raises(PasskeyRefused, match="counter went back"):
            await signed_in(passkeys, device, counter=counter)
    told = await world.entries(4)
    assert '"session.start"' in told[0]
    assert '"passkey.suspect"' in told[1]
    assert f'"{passkey}"' in told[1]
    (mine,) = await passkeys.mine(session)
    assert mine.suspect
    assert mine.sign_count == 41
    device.counter = 60
    world.clock.pass_s(10)
    await signed_in(passkeys, device)
    (mine,) = await passkeys.mine(session)
    assert mine.suspect, "the mark stays until its person removes the passkey"


async def test_guessing_is_slowed_down(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, _, _ = await enrolled(world, passkeys)
    for _ in range(5):
        with pytest.raises(PasskeyRefused):
            await signed_in(passkeys, device, signature=b"no")
    with pytest.raises(Throttled):
        await signed_in(passkeys, device)
    elsewhere = await signed_in(passkeys, device, "192.0.2.99")
    assert elsewhere.person == DANA, "a guesser elsewhere locked the owner out"


async def test_an_address_that_tries_many_ids_is_slowed_down_before_the_challenge(world: SignInWorld, passkeys: WebPasskeys) -> None:
    for _ in range(21):
        with pytest.raises(PasskeyRefused):
            await signed_in(passkeys, authenticator())
    with pytest.raises(Throttled):
        await passkeys.sign_in_options(ADDRESS)
    await passkeys.sign_in_options("192.0.2.99")


# ---- stepping up -------------------------------------------------------------------------------------


async def test_a_step_up_renews_the_session(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, session, _ = await enrolled(world, passkeys)
    world.clock.pass_s(301)
    late = await world.again(session)
    assert late is not None
    assert not late.actor.stepped_up
    options = dict(await passkeys.step_up_options(late))
    assert len(options["allowCredentials"]) == 1
    proved = await passkeys.step_up(late, device.get(options))
    assert proved.actor.stepped_up
    assert proved.token != late.token


async def test_a_step_up_takes_no_colleagues_passkey_and_no_sign_ins_challenge(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, session, _ = await enrolled(world, passkeys)
    colleague, _, _ = await enrolled(world, passkeys, NOOR)
    options = dict(await passkeys.step_up_options(session))
    with pytest.raises(PasskeyRefused, match="somebody else's"):
        await passkeys.step_up(session, colleague.get(options))
    _, for_sign_in = await passkeys.sign_in_options(ADDRESS)
    with pytest.raises(CeremonyOver):
        await passkeys.step_up(session, device.get(dict(for_sign_in)))
    assert '"session.step-up"' in (await world.entries())[0]


async def test_who_has_no_passkey_cannot_step_up_with_one(world: SignInWorld, passkeys: WebPasskeys) -> None:
    with pytest.raises(NotFound):
        await passkeys.step_up_options(await world.session())


# ---- names, and removing -----------------------------------------------------------------------------


async def test_passkeys_have_names(world: SignInWorld, passkeys: WebPasskeys) -> None:
    _, session, passkey = await enrolled(world, passkeys)
    renamed = await passkeys.rename(session, passkey, "  Desk\tkey ")
    assert renamed.name == "Desk key"
    assert [found.name for found in await passkeys.mine(session)] == ["Desk key"]
    for wrong in ("nothing", ""):
        with pytest.raises(NotFound):
            await passkeys.rename(session, wrong, "x")
    with pytest.raises(NotFound):
        await passkeys.rename(await world.session(NOOR), passkey, "stolen")


async def test_removing_needs_a_step_up_and_ends_its_sign_in(world: SignInWorld, passkeys: WebPasskeys) -> None:
    device, session, passkey = await enrolled(world, passkeys)
    world.clock.pass_s(301)
    late = await world.again(session)
    assert late is not None
    with pytest.raises(StepUpNeeded):
        await passkeys.remove(late, passkey)
    await passkeys.remove(await world.identity.keeper.step_up(late), passkey)
    assert '"passkey.remove"' in (await world.entries())[0]
    with pytest.raises(PasskeyRefused, match="no passkey of ours"):
        await signed_in(passkeys, device)


async def test_the_last_factor_stays_where_one_is_required(tmp_path: Path) -> None:
    world = SignInWorld(tmp_path, required=True)
    passkeys = world.passkeys()
    _, session, first = await enrolled(world, passkeys)
    with pytest.raises(LastFactor):
        await passkeys.remove(session, first)
    assert "last one" in (await world.entries())[0]
    options = dict(await passkeys.registration_options(session))
    second, _ = await passkeys.register(session, "Spare", authenticator().create(options))
    results = await asyncio.gather(*(passkeys.remove(session, one) for one in (first, second.id)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["LastFactor", "NoneType"], "both at once left nobody"
    assert len(await passkeys.mine(session)) == 1
    world.store.close()


async def test_an_authenticator_app_lets_the_last_passkey_go(tmp_path: Path) -> None:
    world = SignInWorld(tmp_path, required=True)
    passkeys = world.passkeys()
    _, session, passkey = await enrolled(world, passkeys)
    await world.store.put_account("dana.reyes", DANA, "hash")
    await world.store.begin_totp("dana.reyes", "SECRET", CLI)
    await world.store.confirm_totp("dana.reyes", "SECRET", 1, (), CLI)
    await passkeys.remove(session, passkey)
    assert await passkeys.mine(session) == []
    world.store.close()
