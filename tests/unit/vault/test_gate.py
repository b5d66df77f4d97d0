"""The gate: decide, record durably, open; and every way in which that does not end well is in the log too."""

import asyncio
from typing import Any

import pytest

from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.errors import Corrupt, GrantSpent, NotPermitted
from auricle.vault.gate import Decision, Gate, Grant, Outcome, Ref, require

NURSE = Actor(ActorKind.PERSON, "p-nurse")
REF = Ref("voicemail", "v1")


class Rule:
    """A policy with one answer."""

    def __init__(self, *, allowed: bool) -> None:
        self._allowed = allowed

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(self._allowed, "because")


class Log:
    """An audit log in a list; it may fail, and says what was opened when an entry became durable."""

    def __init__(self, opened: list[str], *, fails: bool = False) -> None:
        self.entries: list[tuple[Outcome, bool]] = []
        self._opened = opened
        self._fails = fails

    async def record(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str, **_said: object) -> int:
        await asyncio.sleep(0)
        if self._fails:
            raise OSError(28, "full")
        self.entries.append((outcome, bool(self._opened)))
        return len(self.entries) - 1


class Scene:
    """A gate, its log, and an opener that notes that it ran."""

    def __init__(self, *, allowed: bool = True, log_fails: bool = False, error: BaseException | None = None) -> None:
        self.opened: list[str] = []
        self.log = Log(self.opened, fails=log_fails)
        self.gate = Gate(Rule(allowed=allowed), self.log)
        self._error = error
        self.grant: Grant | None = None

    async def open(self) -> str:
        return await self.gate.open(NURSE, "voicemail.read", REF, "care", self._opener)

    async def _opener(self, grant: Grant) -> str:
        require(grant)
        self.grant = grant
        self.opened.append(grant.ref.id)
        if self._error:
            raise self._error
        return "text"

    @property
    def outcomes(self) -> list[Outcome]:
        return [outcome for outcome, _ in self.log.entries]


async def test_the_entry_is_durable_before_anything_opens() -> None:
    scene = Scene()
    assert await scene.open() == "text"
    assert scene.log.entries == [(Outcome.ALLOWED, False)]


async def test_a_refusal_is_an_entry_and_opens_nothing() -> None:
    scene = Scene(allowed=False)
    with pytest.raises(NotPermitted) as caught:
        await scene.open()
    assert (caught.value.action, caught.value.reason) == ("voicemail.read", "because")
    assert scene.outcomes == [Outcome.REFUSED]
    assert scene.opened == []


async def test_without_an_audit_log_nothing_opens() -> None:
    scene = Scene(log_fails=True)
    with pytest.raises(OSError, match="full"):
        await scene.open()
    assert scene.opened == []


@pytest.mark.parametrize("error", [Corrupt("v1.sealed"), FileNotFoundError(), KeyError("bug"), asyncio.CancelledError()])
async def test_whatever_stops_the_opener_is_an_entry(error: BaseException) -> None:
    scene = Scene(error=error)
    with pytest.raises(type(error)):
        await scene.open()
    assert scene.outcomes == [Outcome.ALLOWED, Outcome.FAILED]


async def test_a_grant_ends_with_its_act() -> None:
    scene = Scene()
    await scene.open()
    assert scene.grant is not None
    with pytest.raises(GrantSpent):
        require(scene.grant)


async def test_a_grant_ends_with_a_failed_act_too() -> None:
    scene = Scene(error=Corrupt("v1.sealed"))
    with pytest.raises(Corrupt):
        await scene.open()
    assert scene.grant is not None
    assert not scene.grant.live


def test_nobody_else_makes_a_grant() -> None:
    with pytest.raises(TypeError):
        Grant(object(), NURSE, REF)

    class Forged(Grant):
        def __init__(self) -> None:
            self._live = True

    forged: Any
    for forged in (Forged(), None, object()):
        with pytest.raises(TypeError):
            require(forged)


@pytest.mark.parametrize(("allowed", "outcome"), [(True, Outcome.ALLOWED), (False, Outcome.REFUSED)])
async def test_a_check_without_opening_is_an_entry(allowed: bool, outcome: Outcome) -> None:
    scene = Scene(allowed=allowed)
    if allowed:
        await scene.gate.check(NURSE, "call.place", REF, "care")
    else:
        with pytest.raises(NotPermitted):
            await scene.gate.check(NURSE, "call.place", REF, "care")
    assert scene.outcomes == [outcome]
