"""Calls are found by the words of the caller's name, without a word of it in the database; old calls are indexed step by step."""

from typing import Any

import pytest

from auricle.adapters.store import Store, call_names
from auricle.kernel.phi import Phi
from auricle.vault.keyring import Purpose


async def found(store: Store, look: Any, text: str) -> list[str]:
    return [call.id for call in await look("call", "*", store.calls_by_name, text)]


async def named(store: Store, make: Any, *names: str) -> None:
    for number, name in enumerate(names, 1):
        await store.add_call(make.call(number, caller_name=Phi(name)))


async def test_every_word_must_fit_and_spelling_does_not_matter(store: Store, make: Any, look: Any) -> None:
    await named(store, make, "Zoë Vandermolen-O'Hara", "VANDERMOLEN QUENTIN", "Quentin Alvarez", "")
    assert await found(store, look, "vandermolen") == ["c0002", "c0001"]
    assert await found(store, look, "Quentin Vandermolen") == ["c0002"]
    assert await found(store, look, "zoe o\u2019hara") == ["c0001"]
    assert await found(store, look, "Vandermole") == []  # whole words: a part would need an index that leaks more
    assert await found(store, look, "Quentin Nobody") == []


@pytest.mark.parametrize("text", ["", "  ", "+1 202 555 0142", "-"])
async def test_a_text_without_a_word_finds_nothing(text: str, store: Store, make: Any, look: Any) -> None:
    await named(store, make, "", "+12025550142")
    assert await found(store, look, text) == []


async def test_the_index_is_of_words_in_their_own_context(store: Store, make: Any, practice: Any) -> None:
    await store.add_call(make.call(1, caller=Phi("quentin"), caller_name=Phi("Quentin")))
    assert practice.raw("SELECT count(*) FROM call_name JOIN call ON word_index = caller_index") == [(0,)]


async def test_an_index_goes_with_its_call(store: Store, make: Any, practice: Any) -> None:
    await named(store, make, "Quentin", "Quentin Zoe")
    await store._writer.commit((("DELETE FROM call WHERE id = :id", {"id": "c0002"}),))
    assert practice.raw("SELECT call FROM call_name") == [("c0001",)]


async def unindexed(store: Store, practice: Any, make: Any, count: int) -> None:
    await named(store, make, *(f"Quentin Number{chr(97 + number)}" for number in range(count)))
    practice.raw("DELETE FROM call_name")
    practice.raw("UPDATE call SET names = 0")


async def test_old_calls_are_indexed_step_by_step(
    monkeypatch: pytest.MonkeyPatch, store: Store, make: Any, look: Any, practice: Any
) -> None:
    monkeypatch.setattr(call_names, "STEP_ROWS", 3)
    await unindexed(store, practice, make, 7)
    assert await store.names_to_index()
    after: str | None = ""
    seen = []
    while (step := await look("keys", "names", store.index_names, after))[0] is not None:
        after = step[0]
        seen.append((*step, len(await found(store, look, "quentin"))))
    assert seen == [("c0003", 3, 3), ("c0006", 3, 6), ("c0007", 1, 7)]
    assert not await store.names_to_index()
    assert practice.raw("SELECT count(*) FROM call WHERE names = 0") == [(0,)]


async def test_it_goes_on_after_it_was_stopped_anywhere(
    monkeypatch: pytest.MonkeyPatch, store: Store, make: Any, look: Any, practice: Any
) -> None:
    monkeypatch.setattr(call_names, "STEP_ROWS", 2)
    await unindexed(store, practice, make, 5)
    await look("keys", "names", store.index_names)
    practice.raw("DELETE FROM call_name WHERE call = 'c0002'")  # and what was done may be done again
    practice.raw("UPDATE call SET names = 0 WHERE id = 'c0001'")
    again = practice.open()
    after: str | None = ""
    while after is not None:
        after, _ = await look("keys", "names", again.index_names, after)
    assert practice.raw("SELECT DISTINCT call FROM call_name ORDER BY call") == [("c0001",), ("c0003",), ("c0004",), ("c0005",)]


async def test_a_damaged_call_holds_up_no_other(store: Store, make: Any, look: Any, practice: Any) -> None:
    await unindexed(store, practice, make, 3)
    practice.raw("UPDATE call SET sealed = x'00' WHERE id = 'c0002'")
    assert await look("keys", "names", store.index_names) == ("c0003", 2)
    assert await found(store, look, "quentin") == ["c0003", "c0001"]
    assert practice.raw("SELECT id FROM call WHERE names = 0") == [("c0002",)]


async def test_names_are_found_while_the_index_key_is_rotated(store: Store, make: Any, look: Any, practice: Any) -> None:
    from auricle.adapters.clock import SystemEntropy

    await named(store, make, "Quentin Alvarez")
    practice.keyring.rotate(Purpose.BLIND_INDEX, SystemEntropy())
    await store.add_call(make.call(2, caller_name=Phi("Quentin Zoe")))
    assert await found(store, look, "quentin") == ["c0002", "c0001"]
