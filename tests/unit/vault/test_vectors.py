"""Our reader gives the wanted answer to every committed vector, and the committed vectors are what their script builds."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auricle.vault.blind import blind_indexes
from auricle.vault.errors import Corrupt, UnknownFormat, VaultError, WrongKey
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.wrapping import unwrap

WANTED: dict[str, type[VaultError]] = {"corrupt": Corrupt, "wrong-key": WrongKey, "unknown-format": UnknownFormat}
Granted = Callable[[Callable[[Any], Any]], Awaitable[Any]]


def test_the_committed_vectors_are_what_the_script_builds(script: ModuleType) -> None:
    built = script.vectors()
    folder = Path(script.__file__).parent
    committed = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.json")}
    assert committed == built


async def test_field(field_vector: dict[str, Any], granted: Granted, script: ModuleType) -> None:
    v = field_vector
    keyring = Keyring({Purpose.VOICEMAIL: {1: bytes.fromhex(v["key"])}})
    place = Place(v["table"], v["column"], v["row"])

    def act(grant: Any) -> bytes:
        return Fields(keyring, script.Counted("unused"), v["practice"]).open(
            Purpose(v["purpose"]), bytes.fromhex(v["sealed"]), place, grant
        )

    if v["wanted"] == "ok":
        assert await granted(act) == v["text"].encode()
        return
    with pytest.raises(VaultError) as caught:
        await granted(act)
    assert type(caught.value) is WANTED[v["wanted"]]


def test_wrapping(wrapping_vector: dict[str, Any]) -> None:
    v = wrapping_vector
    arguments = bytes.fromhex(v["kek"]), v["label"].encode(), bytes.fromhex(v["wrapped"])
    if v["wanted"] == "ok":
        assert unwrap(*arguments).hex() == v["secret"]
        return
    with pytest.raises(VaultError) as caught:
        unwrap(*arguments)
    assert type(caught.value) is WANTED[v["wanted"]]


def test_blind(blind_vector: dict[str, Any]) -> None:
    v = blind_vector
    keyring = Keyring({Purpose.BLIND_INDEX: {v["epoch"]: bytes.fromhex(v["key"])}})
    assert v["index"] in [index.hex() for index in blind_indexes(keyring, v["context"], v["value"])]


async def test_record(record_vector: dict[str, Any], granted: Granted, script: ModuleType) -> None:
    v = record_vector
    fields = Fields(script.ring(), script.Counted("unused"), v["practice"], script.OneRecord(bytes.fromhex(v["key"])))
    place = Place(v["table"], v["column"], v["row"])

    def act(grant: Any) -> bytes:
        return fields.open(Purpose(v["purpose"]), bytes.fromhex(v["sealed"]), place, grant)

    if v["wanted"] == "ok":
        assert await granted(act) == v["text"].encode()
        return
    with pytest.raises(VaultError) as caught:
        await granted(act)
    assert type(caught.value) is WANTED[v["wanted"]]
