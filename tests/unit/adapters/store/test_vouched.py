"""Rows of authority: only what we wrote counts, however it is written, changed, taken away or put back; on both databases."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from auricle.access.session import STEP_UP, Session
from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.adapters.store.acts import Kind, vouched_columns
from auricle.adapters.store.authority import BACK, REGISTER, ROWS
from auricle.adapters.store.errors import VoucherMissing
from auricle.adapters.store.schema import accounts, authority, metadata, passkeys, retention_rules, sessions, standings
from auricle.adapters.store.schema.authority import COUNTED, NO_VOUCHER, VOUCHED, vouched_tables
from auricle.adapters.store.schema.columns import MARK
from auricle.adapters.store.statements import compiled, text
from auricle.compliance.retention import RecordKind
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Purpose

DANA, ERIN = PersonId("dana-reyes"), PersonId("erin-cole")
ACTOR = Actor(ActorKind.PERSON, DANA, frozenset(), "s1", "192.0.2.7")
IDLE = timedelta(minutes=15)


@pytest.fixture
def session(practice: Any) -> Session:
    return Session("s1", "dana", DANA, practice.clock.at, practice.clock.at, "192.0.2.7", "password", "totp")


@pytest.fixture
def damaged(practice: Any) -> Callable[[], list[tuple[str, str]]]:
    """Kind and thing of the entries about damage."""

    def read() -> list[tuple[str, str]]:
        found = practice.raw("SELECT kind, ref FROM audit_index WHERE action = 'integrity.damaged' ORDER BY number")
        return [(kind, ref) for kind, ref in found]

    return read


async def differing(store: Store) -> list[tuple[str, str]]:
    return [(one.table, one.why) for one in await store.check_authority()]


# ---- the schema --------------------------------------------------------------------------------------------


def test_each_table_has_a_voucher_or_a_reason_why_it_needs_none() -> None:
    with_one = {table.name for table in vouched_tables()}
    assert with_one == set(COUNTED) | set(VOUCHED)
    assert set(COUNTED) & set(VOUCHED) == set()
    assert set(metadata.tables) - with_one == set(NO_VOUCHER)
    for why in (*COUNTED.values(), *VOUCHED.values(), *NO_VOUCHER.values()):
        assert why, "with its reason"
    assert all(len(why.split()) >= 3 for why in (*COUNTED.values(), *VOUCHED.values()))


def test_what_a_voucher_leaves_out_has_a_reason() -> None:
    left_out = {
        f"{table.name}.{column.name}"
        for table in vouched_tables()
        for column in table.columns
        if column.name not in vouched_columns(table) and column.info[MARK] != "voucher"
    }
    assert left_out == {"session.last_seen_at", "api_key.last_used_at", "passkey.last_used_at"}
    for table in vouched_tables():
        assert all(column.name in vouched_columns(table) for column in table.primary_key)
        assert all(len(column.info["volatile"].split()) >= 4 for column in table.columns if "volatile" in column.info)


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO account (username) VALUES (:a)",
        "insert or replace into account (username) values (:a)",
        "UPDATE session SET person = :a WHERE id = :id",
        "DELETE FROM standing WHERE person = :a",
        "UPDATE authority SET rows = :a WHERE name = :id",
        "INSERT INTO shredding (kind) VALUES (:a)",
    ],
)
def test_text_does_not_write_a_table_of_authority(sql: str) -> None:
    with pytest.raises(VoucherMissing):
        text(sql)


@pytest.mark.parametrize(
    "sql", ["DELETE FROM shredding WHERE kind = :a", "UPDATE identity_change SET count = 1", "DELETE FROM call WHERE id = :a"]
)
def test_other_text_is_taken(sql: str) -> None:
    assert text(sql).act is None


def ways_around() -> list[Any]:
    put, rules = upsert(accounts), upsert(retention_rules)
    return [
        update(accounts).values(password_hash=literal_column("'x'")),
        update(accounts).values(password_hash=func.lower(bindparam("x"))),
        update(accounts).values(password_hash=accounts.c.person),
        update(accounts).values(vouched=bindparam("x")),
        put.on_conflict_do_update(index_elements=["username"], set_={"person": put.excluded.password_hash}),
        rules.on_conflict_do_nothing(index_elements=["days"]),
    ]


@pytest.mark.parametrize("number", range(len(ways_around())))
def test_a_statement_the_clerk_cannot_read_is_refused(number: int) -> None:
    with pytest.raises(VoucherMissing):
        compiled(ways_around()[number])


def test_the_clerk_reads_what_statements_do() -> None:
    def kind(statement: Any) -> Kind | None:
        act = compiled(statement).act
        return act.kind if act is not None else None

    assert kind(insert(accounts)) is Kind.ADD
    assert kind(upsert(accounts).on_conflict_do_nothing(index_elements=["username"])) is Kind.PUT
    assert kind(update(accounts).values(person=bindparam("x"))) is Kind.CHANGE
    assert kind(delete(accounts)) is Kind.DROP
    assert kind(update(sessions).values(last_seen_at=bindparam("x"))) is None, "only what a voucher leaves out"
    assert kind(update(passkeys).values(last_used_at=bindparam("x"), suspect=True)) is Kind.CHANGE


async def test_a_table_of_authority_is_not_read_past_its_vouchers(store: Store) -> None:
    for query in (
        select(accounts.c.username),
        select(func.count()).select_from(sessions),
        select(accounts.join(standings, accounts.c.person == standings.c.person)),
    ):
        with pytest.raises(VoucherMissing):
            await store._rows(query)


# ---- rows --------------------------------------------------------------------------------------------------

FORGERIES = [
    "UPDATE account SET password_hash = 'forged'",
    "UPDATE account SET vouched = NULL",
    "UPDATE account SET vouched = x'0001'",
    "UPDATE account SET person = 'erin-cole'",
    "UPDATE account SET username = 'dana' || 'a'",
]


@pytest.mark.parametrize("sql", FORGERIES)
async def test_a_changed_row_counts_as_not_there(store: Store, practice: Any, damaged: Any, sql: str) -> None:
    await store.put_account("dana", DANA, "hash")
    practice.raw(sql)
    assert await store.accounts() == []
    assert [kind for kind, _ in damaged()] == ["account"]
    await store.accounts()
    assert len(damaged()) == 1, "told once"
    await store.put_account("dana", DANA, "new")
    account = await store.account("dana")
    assert account is not None
    assert account.password_hash == "new", "and it can be put right"


async def test_rubbish_in_a_column_stops_nothing(store: Store, practice: Any, damaged: Any) -> None:
    if practice.backend != "sqlite":
        pytest.skip("this database keeps to the types of its columns")
    await store.put_account("dana", DANA, "hash")
    await store.put_account("erin", ERIN, "hash")
    practice.raw("UPDATE account SET person = x'ff00' WHERE username = 'dana'")
    assert [one.username for one in await store.accounts()] == ["erin"]
    assert damaged() == [("account", "dana")]


async def test_a_voucher_of_another_row_fits_no_other(store: Store, practice: Any) -> None:
    await store.put_account("dana", DANA, "hash")
    await store.put_account("erin", ERIN, "hash")
    practice.raw("UPDATE account SET vouched = (SELECT vouched FROM account WHERE username = 'erin') WHERE username = 'dana'")
    assert [one.username for one in await store.accounts()] == ["erin"]


async def test_changing_a_forged_row_once_more_does_not_make_it_right(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("old", session, ACTOR)
    practice.raw("UPDATE session SET person = 'erin-cole'")
    await store.new_token(replace(session, stepped_up_until=practice.clock.at + STEP_UP), "old", "new", ACTOR, "step-up")
    await store.touch_session("s1", practice.clock.at)
    assert await store.session("new") is None
    assert await store.session_by_id("s1") is None
    assert practice.raw("SELECT token_hash, person FROM session") == [("old", "erin-cole")], "left as it was"


async def test_a_row_put_in_place_of_a_forged_one_brings_all_its_columns(store: Store, practice: Any) -> None:
    """A part of a row that is overwritten: the other part must not be the forger's."""
    practice.raw("INSERT INTO totp (username, since, last_step, wrong) VALUES ('dana', 5.0, 0, 0)")
    await store.begin_totp("dana", "JBSWY3DPEHPK3PXP", ACTOR)
    state = await store.totp_state("dana")
    assert (state.since, state.pending) == (None, True)


async def test_a_first_value_takes_the_place_of_a_forged_one(store: Store, practice: Any) -> None:
    practice.raw("INSERT INTO retention_rule (kind, days, changed_at, changed_by) VALUES ('voicemail', 0, 1.0, 'x')")
    await store.first_retention(ACTOR, {RecordKind.VOICEMAIL: 90})
    days, _ = await store.retention_schedule()
    assert days == {RecordKind.VOICEMAIL: 90}


async def test_volatile_columns_may_change(store: Store, session: Session, practice: Any) -> None:
    await store.add_session("hash", session, ACTOR)
    practice.raw("UPDATE session SET last_seen_at = last_seen_at + 5")
    assert await store.session("hash") is not None


async def test_a_code_is_good_once_and_counts_go_up(store: Store) -> None:
    await store.begin_totp("dana", "JBSWY3DPEHPK3PXP", ACTOR)
    await store.confirm_totp("dana", "JBSWY3DPEHPK3PXP", 5, ["a" * 64, "b" * 64], ACTOR)
    await store.totp_wrong("dana")
    await store.totp_wrong("dana")
    assert (await store.totp_state("dana")).wrong == 2
    assert await store.use_totp_step("dana", 6)
    assert not await store.use_totp_step("dana", 6)
    assert await store.use_recovery_code("dana", "a" * 64)
    assert not await store.use_recovery_code("dana", "a" * 64)
    assert await store.recovery_codes_left("dana") == 1
    assert await differing(store) == []


# ---- tables ------------------------------------------------------------------------------------------------


async def lived(store: Store, session: Session) -> None:
    """A bit of everything that counted tables take."""
    for number in range(3):
        await store.add_session(f"t{number}", replace(session, id=f"s{number}"), ACTOR)
    await store.put_account("dana", DANA, "hash")  # ends the sessions
    await store.put_account("dana", DANA, "other")
    await store.change_password("dana", "third", ACTOR)
    await store.terminate_person(ERIN, (), ACTOR, "left")
    await store.restore_person(ERIN, ACTOR, "back")
    await store.first_retention(ACTOR, {RecordKind.VOICEMAIL: 90})
    await store.change_retention(ACTOR, {}, {RecordKind.VOICEMAIL: 30})
    await store.first_retention(ACTOR, {RecordKind.VOICEMAIL: 90})


async def test_an_honest_life_differs_in_nothing(store: Store, session: Session, practice: Any, damaged: Any) -> None:
    assert await differing(store) == []
    await lived(store, session)
    assert await differing(store) == []
    assert {name: rows for name, rows in practice.raw("SELECT name, rows FROM authority") if rows} == {
        "account": 1, "retention_rule": 1, "standing": 1,
    }  # fmt: skip
    store.close()
    again = practice.open()
    assert await differing(again) == []
    assert damaged() == []


async def test_two_processes_share_the_registers(store: Store, practice: Any) -> None:
    other = practice.open()
    for number in range(3):
        await store.put_account(f"a{number}", DANA, "hash")
        await other.put_account(f"b{number}", ERIN, "hash")
    assert await differing(store) == []
    assert await differing(other) == []
    assert practice.raw("SELECT serial, rows FROM authority WHERE name = 'account'") == [(7, 6)]


async def test_a_write_that_fails_leaves_the_register(store: Store, practice: Any, session: Session) -> None:
    await store.add_session("hash", session, ACTOR)
    with pytest.raises(Exception, match="refused a write"):
        await store.add_session("hash", replace(session, id="s2"), ACTOR)
    assert await differing(store) == []


CHANGES = [
    ("DELETE FROM standing", "standing", ROWS),
    ("UPDATE account SET password_hash = 'forged'", "account", ROWS),
    ("UPDATE authority SET rows = 0 WHERE name = 'account'", "account", REGISTER),
    ("DELETE FROM authority WHERE name = 'session'", "session", REGISTER),
    ("DELETE FROM recovery_code", "recovery_code", ROWS),
]


@pytest.mark.parametrize(("sql", "table", "why"), CHANGES)
async def test_what_was_done_to_a_table_is_told_once(store: Store, practice: Any, damaged: Any, sql: str, table: str, why: str) -> None:
    await store.put_account("dana", DANA, "hash")
    await store.terminate_person(ERIN, (), ACTOR, "left")
    await store.put_recovery_codes("dana", ["a" * 64], ACTOR)
    practice.raw(sql)
    assert await differing(store) == [(table, why)]
    assert ("authority", table) in damaged()
    count = len(damaged())
    assert await differing(store) == [(table, why)]
    assert len(damaged()) == count
    await store.put_account("erin", ERIN, "hash")  # life goes on, and the difference stays
    await store.terminate_person(DANA, (), ACTOR, "left")
    await store.put_recovery_codes("erin", ["b" * 64], ACTOR)
    assert (table, why) in await differing(store)
    await store.accept_authority(ACTOR, table)
    assert await differing(store) == []


async def test_the_whole_of_a_table_put_back(store: Store, practice: Any) -> None:
    """Rows and register as they were, every voucher right: the log knows a newer one, also after a restart."""
    await store.put_account("dana", DANA, "old")
    kept = practice.raw("SELECT password_hash, vouched FROM account")[0]
    register = practice.raw("SELECT serial, rows, digest, vouched FROM authority WHERE name = 'account'")[0]
    await store.put_account("dana", DANA, "new")
    practice.raw("UPDATE account SET password_hash = ?, vouched = ?", *kept)
    practice.raw("UPDATE authority SET serial = ?, rows = ?, digest = ?, vouched = ? WHERE name = 'account'", *register)
    assert await differing(store) == [("account", BACK)]
    store.close()
    assert await differing(practice.open()) == [("account", BACK)]


async def test_what_changed_without_an_entry_is_in_the_next_one(store: Store, practice: Any) -> None:
    """A used code is no entry; the sign-in behind it is one."""
    await store.put_recovery_codes("dana", ["a" * 64], ACTOR)
    rows = practice.raw("SELECT username, code_hash, vouched FROM recovery_code")[0]
    register = practice.raw("SELECT serial, rows, digest, vouched FROM authority WHERE name = 'recovery_code'")[0]
    await store.use_recovery_code("dana", "a" * 64)
    await store.put_account("dana", DANA, "hash")
    store.close()
    practice.raw("INSERT INTO recovery_code (username, code_hash, vouched) VALUES (?, ?, ?)", *rows)
    practice.raw("UPDATE authority SET serial = ?, rows = ?, digest = ?, vouched = ? WHERE name = 'recovery_code'", *register)
    assert await differing(practice.open()) == [("recovery_code", BACK)]


async def test_who_was_dismissed_stays_so_by_the_log(store: Store, practice: Any, session: Session) -> None:
    await store.put_account("dana", DANA, "hash")
    await store.terminate_person(DANA, (), ACTOR, "left")
    await store.terminate_person(ERIN, (), ACTOR, "left")
    await store.restore_person(ERIN, ACTOR, "back")
    await store.add_session("crossed", session, ACTOR)
    practice.raw("DELETE FROM standing")
    await store.check_authority()
    found = await store.standings()
    assert {person for person, one in found.items() if one.terminated_at is not None} == {DANA}
    account = await store.account("dana")
    assert account is not None
    assert account.terminated
    assert await store.session("crossed") is None
    assert await store.live_sessions(IDLE) == []
    await store.accept_authority(ACTOR, "standing")
    assert await differing(store) == []
    assert practice.raw("SELECT person FROM standing WHERE terminated_at IS NOT NULL") == [(DANA,)]


async def test_a_standing_that_does_not_fit_is_a_dismissal(store: Store, practice: Any) -> None:
    await store.put_account("dana", DANA, "hash")
    practice.raw("INSERT INTO standing (person, deleted, changed_at) VALUES ('dana-reyes', false, 1.0)")
    account = await store.account("dana")
    assert account is not None
    assert account.terminated
    await store.restore_person(DANA, ACTOR, "looked at")
    account = await store.account("dana")
    assert account is not None
    assert not account.terminated


# ---- when vouchers are new ---------------------------------------------------------------------------------


async def test_an_empty_log_vouches_for_nobody(practice: Any) -> None:
    """Every act that makes a row is an entry: what lies in a database without one is not ours."""
    practice.open().close()
    assert practice.raw("SELECT count(*) FROM audit_leaf") == [(0,)]
    practice.raw("INSERT INTO account (username, person, password_hash) VALUES ('forged', 'p', 'h')")
    practice.raw("DELETE FROM authority")
    store = practice.open()
    assert await store.accounts() == []
    await store.put_account("dana", DANA, "hash")
    assert [one.username for one in await store.accounts()] == ["dana"]
    assert await differing(store) == []


async def test_nobody_is_vouched_for_twice(practice: Any) -> None:
    """The log says that it was done: registers and vouchers that were taken away do not bring it back."""
    store = practice.open()
    await store.record(ACTOR, "test.act", Ref("test", "1"), Outcome.DONE, "")
    await store.put_account("dana", DANA, "hash")
    store.close()
    practice.raw("DELETE FROM authority")
    practice.raw("UPDATE account SET password_hash = 'forged', vouched = NULL")
    again = practice.open()
    assert await again.accounts() == []
    assert practice.raw("SELECT count(*) FROM authority") == [(0,)]
    assert ("account", REGISTER) in await differing(again)


# ---- keys --------------------------------------------------------------------------------------------------


async def test_a_rotation_vouches_anew_and_old_rows_end(store: Store, practice: Any, look: Any, session: Session) -> None:
    await lived(store, session)
    old = practice.raw("SELECT username, person, password_hash, vouched FROM account")[0]
    practice.keyring.rotate(Purpose.AUTH, SystemEntropy(), practice.clock.at)
    behind = await store.vouchers_behind()
    assert behind["account"] == 1
    assert behind["authority"] == len(COUNTED)
    assert [one.username for one in await store.accounts()] == ["dana"], "both epochs count while it goes on"
    await store.put_account("erin", ERIN, "hash")
    assert await differing(store) == []
    for name in behind:
        after = None
        while (step := await look("keys", "auth", store.vouch_anew, name, after, 2)).last is not None:
            after = step.last
    assert await store.vouchers_behind() == {}
    assert await differing(store) == []
    practice.keyring.retire(Purpose.AUTH, 1, practice.clock.at)
    assert {one.username for one in await store.accounts()} == {"dana", "erin"}
    assert await differing(store) == []
    practice.raw("DELETE FROM account WHERE username = 'dana'")
    practice.raw("INSERT INTO account (username, person, password_hash, vouched) VALUES (?, ?, ?, ?)", *old)
    assert {one.username for one in await store.accounts()} == {"erin"}


async def test_a_table_that_differs_keeps_its_old_sum(store: Store, practice: Any, look: Any) -> None:
    """A rotation must not make right what is wrong."""
    await store.put_account("dana", DANA, "hash")
    await store.terminate_person(ERIN, (), ACTOR, "left")
    practice.raw("DELETE FROM standing")
    practice.raw("UPDATE account SET password_hash = 'forged'")
    practice.keyring.rotate(Purpose.AUTH, SystemEntropy(), practice.clock.at)
    for name in ("account", "authority"):
        await look("keys", "auth", store.vouch_anew, name, None, 100)
    assert await store.accounts() == []
    assert {table for table, _ in await differing(store)} == {"account", "standing"}
    assert await store.vouchers_behind() == {"account": 1, "authority": 2}


def test_registers_are_no_table_of_their_own_count() -> None:
    assert authority.name not in COUNTED
