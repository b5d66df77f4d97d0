"""The real policies, the real gate and the real log: a look is decided and durably in the log before anything is opened."""

import json
from typing import Any

import pytest

from auricle.access.decision import Policies
from auricle.adapters.store import Store, StoreFailed
from auricle.kernel.actor import ANONYMOUS, Actor, ActorKind
from auricle.vault.errors import NotPermitted
from auricle.vault.gate import Gate, Grant, Ref

NURSE = Actor(ActorKind.PERSON, "noor", frozenset({"nurse"}), "s1", "192.0.2.7")
TECHNICIAN = Actor(ActorKind.PERSON, "ida", frozenset({"it"}), "s2", "192.0.2.8")
CALLS = Ref("call", "*")


def logged(practice: Any) -> list[tuple[str, str, str]]:
    """What another process finds in the file right now."""
    leaves = [json.loads(leaf) for (leaf,) in practice.raw("SELECT leaf FROM audit_leaf ORDER BY number")]
    return [(leaf["actor"], leaf["action"], leaf["outcome"]) for leaf in leaves]


@pytest.fixture
def gate(store: Store) -> Gate:
    return Gate(Policies.packaged(), store)


async def test_a_look_is_in_the_file_when_it_begins(gate: Gate, store: Store, practice: Any, make: Any) -> None:
    await store.add_call(make.call())
    seen: list[tuple[str, str, str]] = []

    async def look(grant: Grant) -> int:
        seen.extend(logged(practice))
        return len(await store.calls_page(grant))

    assert await gate.open(NURSE, "calls.list", CALLS, "care", look) == 1
    assert seen[-1] == ("noor", "calls.list", "allowed")


@pytest.mark.parametrize(
    ("actor", "action"), [(TECHNICIAN, "calls.list"), (ANONYMOUS, "calls.list"), (NURSE, "audit.read"), (NURSE, "calls.erase")]
)
async def test_a_refusal_opens_nothing_and_is_in_the_file(
    actor: Actor, action: str, gate: Gate, store: Store, practice: Any, make: Any
) -> None:
    await store.add_call(make.call())

    async def never(grant: Grant) -> None:
        raise AssertionError("opened")

    with pytest.raises(NotPermitted) as refused:
        await gate.open(actor, action, CALLS, "curiosity", never)
    assert refused.value.reason.endswith(".")
    assert logged(practice)[-1] == (actor.id, action, "refused")


async def test_a_refusal_that_cannot_be_logged_is_no_permission(gate: Gate, store: Store) -> None:
    store.close()

    async def never(grant: Grant) -> None:
        raise AssertionError("opened")

    for actor in (NURSE, TECHNICIAN):
        with pytest.raises(StoreFailed):
            await gate.open(actor, "calls.list", CALLS, "care", never)
