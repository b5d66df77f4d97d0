"""Fields: they open only with a grant, in their place, and in old epochs too."""

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

from auricle.vault.errors import Corrupt
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place

PLACE = Place("call", "sealed", "c1")
Granted = Callable[[Callable[[Any], Any]], Awaitable[Any]]


@pytest.fixture
def fields(keyring: Keyring, script: ModuleType) -> Fields:
    return Fields(keyring, script.Counted("fields"), "harborstreet.example")


async def test_a_field_opens_where_it_was_sealed(fields: Fields, granted: Granted) -> None:
    sealed = fields.seal(Purpose.CALL_RECORD, "Zoë", PLACE)
    assert await granted(lambda grant: fields.open(Purpose.CALL_RECORD, sealed, PLACE, grant)) == "Zoë".encode()


@pytest.mark.parametrize("place", [Place("call", "sealed", "c2"), Place("call", "note", "c1"), Place("voicemail", "sealed", "c1")])
async def test_a_moved_field_is_corrupt_and_named(place: Place, fields: Fields, granted: Granted) -> None:
    sealed = fields.seal(Purpose.CALL_RECORD, "x", PLACE)
    with pytest.raises(Corrupt, match=f"{place.table}.{place.column} of {place.row}"):
        await granted(lambda grant: fields.open(Purpose.CALL_RECORD, sealed, place, grant))


async def test_no_other_practice_opens_it(keyring: Keyring, fields: Fields, script: ModuleType, granted: Granted) -> None:
    sealed = fields.seal(Purpose.CALL_RECORD, "x", PLACE)
    other = Fields(keyring, script.Counted("other"), "another.example")
    with pytest.raises(Corrupt):
        await granted(lambda grant: other.open(Purpose.CALL_RECORD, sealed, PLACE, grant))


async def test_what_older_epochs_sealed_still_opens(keyring: Keyring, fields: Fields, script: ModuleType, granted: Granted) -> None:
    old = fields.seal(Purpose.CALL_RECORD, "old", PLACE)
    keyring.rotate(Purpose.CALL_RECORD, script.Counted("rotate"))
    new = fields.seal(Purpose.CALL_RECORD, "new", PLACE)
    assert (old[:2], new[:2]) == (b"\0\1", b"\0\2")
    for sealed, text in ((old, b"old"), (new, b"new")):
        assert await granted(lambda grant, sealed=sealed: fields.open(Purpose.CALL_RECORD, sealed, PLACE, grant)) == text


def test_nothing_opens_without_a_grant(fields: Fields) -> None:
    sealed = fields.seal(Purpose.CALL_RECORD, "x", PLACE)
    for no_grant in (None, object(), True):
        with pytest.raises(TypeError, match="only the gate"):
            fields.open(Purpose.CALL_RECORD, sealed, PLACE, no_grant)  # type: ignore[arg-type]


def test_equal_values_do_not_look_equal(fields: Fields) -> None:
    assert fields.seal(Purpose.CALL_RECORD, "same", PLACE) != fields.seal(Purpose.CALL_RECORD, "same", PLACE)
