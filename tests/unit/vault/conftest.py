"""Fixtures of the vault's tests: keys that are the same in every run, a gate that allows, and the committed vectors."""

import importlib.util
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auricle.kernel.actor import Actor, ActorKind
from auricle.vault.gate import Decision, Gate, Grant, Outcome, Ref
from auricle.vault.keyring import Keyring

VECTORS = Path(__file__).parents[2] / "vectors" / "vault"
NURSE = Actor(ActorKind.PERSON, "p-nurse", frozenset({"nurse"}), "s1", "127.0.0.9")


class Everything:
    """A policy that allows all."""

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        return Decision(True, "test")


class Remembered:
    """An audit log in a list."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, str, Ref, Outcome]] = []

    async def record(self, actor: Actor, action: str, ref: Ref, outcome: Outcome, purpose: str, **_said: object) -> int:
        self.entries.append((actor.id, action, ref, outcome))
        return len(self.entries) - 1


def build_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("vault_vectors", VECTORS / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def script() -> ModuleType:
    """The committed script that builds the vectors."""
    return build_script()


@pytest.fixture
def keyring(script: ModuleType) -> Keyring:
    made: Keyring = script.ring()
    return made


@pytest.fixture
def granted() -> Callable[[Callable[[Grant], Any]], Awaitable[Any]]:
    """Run something with a real grant: `await granted(lambda grant: ...)`."""

    async def run(act: Callable[[Grant], Any]) -> Any:
        async def opener(grant: Grant) -> Any:
            return act(grant)

        return await Gate(Everything(), Remembered()).open(NURSE, "voicemail.read", Ref("voicemail", "v1"), "test", opener)

    return run


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A parameter named `field_vector`, `stream_vector` … runs over the committed vectors of that folder."""
    for name in metafunc.fixturenames:
        if name.endswith("_vector"):
            paths = sorted((VECTORS / name.removesuffix("_vector")).glob("*.json"))
            assert paths
            metafunc.parametrize(name, [json.loads(path.read_bytes()) for path in paths], ids=[path.stem for path in paths])
