"""Vouching for what is there when vouchers are new: once for each table, told in the log, which is what says that it was done.

Nobody can tell a forged row of before from a right one, so rows are counted in the entry for people to compare, and sessions are ended.
"""

import secrets
from datetime import datetime

from sqlalchemy import Table, bindparam, delete, select, update

from auricle.adapters.store.acts import key_of
from auricle.adapters.store.clerk import LOGGED, Checker, Register, Sitting, row_of, told
from auricle.adapters.store.ledger import Ledger
from auricle.adapters.store.link import Link
from auricle.adapters.store.schema.authority import COUNTED, authority, vouched_tables
from auricle.adapters.store.statements import by_clerk
from auricle.audit.entry import Entry
from auricle.kernel.actor import ActorKind
from auricle.vault.gate import Outcome
from auricle.vault.vouch import NONCE_BYTES, Vouching

DROPPED = frozenset({"session", "sso_session"})
"""Everybody signs in again: a session somebody made beforehand is worth nothing."""


def vouch_first(link: Link, ledger: Ledger, checker: Checker, at: datetime, monotonic: float) -> None:
    """Give counted tables a register, and rows of vouched tables vouchers, where the log does not name the table.

    Called before the writer runs. With an empty log no row can be ours, since every act that makes one is an entry: then none is vouched
    for, and the writer names the tables in the first entry.
    """
    if frozenset(COUNTED) <= ledger.vouched:
        return
    link.begin()
    try:
        draft = ledger.draft()  # another process may have done it meanwhile
        if draft.frontier.size == 0:
            _begin(Sitting(link, checker), link, checker.vouching)
        elif not frozenset(COUNTED) <= ledger.vouched:
            draft.append(_vouch_all(link, checker, ledger.vouched, at))
            ledger.write(draft, monotonic)
    except BaseException:
        link.rollback()
        raise
    link.commit()
    ledger.adopt(draft, monotonic)


def _begin(sitting: Sitting, link: Link, vouching: Vouching) -> None:
    """The registers of a practice that has done nothing yet; those another process has just made are left."""
    found = [sitting.register(name) for name in COUNTED]
    if all(register is not None and register.rows == 0 for register in found):
        return
    link.execute(by_clerk(delete(authority)), ({},))
    for name in sorted(COUNTED):
        sitting.write(_register(vouching, name, 0, 0), new=True)


def _vouch_all(link: Link, checker: Checker, known: frozenset[str], at: datetime) -> Entry:
    sitting, counts, registers = Sitting(link, checker), {}, []
    if not known:
        link.execute(by_clerk(delete(authority)), ({},))
    for table in vouched_tables():
        if table.name in known or table is authority or (known and table.name not in COUNTED):
            continue
        rows, total = _vouch_table(link, checker.vouching, table)
        counts[f"{table.name} rows"] = str(rows)
        if table.name in COUNTED:
            registers.append(sitting.write(_register(checker.vouching, table.name, rows, total), new=True))
    words = "authority.vouch", "authority", "*", Outcome.DONE.value, "vouchers are new"
    return Entry(at, ActorKind.SERVICE.value, "store", "", "", *words, detail={LOGGED: told(registers), **counts})


def _vouch_table(link: Link, vouching: Vouching, table: Table) -> tuple[int, int]:
    """How many rows were vouched for, and their sum where the table is counted."""
    if table.name in DROPPED:
        link.execute(by_clerk(delete(table)), ({},))
        return 0, 0
    keys = [column.name for column in table.primary_key]
    write = by_clerk(update(table).where(key_of(table)).values(vouched=bindparam("now_vouched", type_=table.c.vouched.type)))
    total, writes = 0, []
    for values in link.rows(by_clerk(select(table)), {}):
        there = dict(zip(table.c.keys(), values, strict=True))
        row = row_of(table, there)
        writes.append({f"was_{key}": there[key] for key in keys} | {"now_vouched": vouching.vouch(table.name, row)})
        total += vouching.member(vouching.epoch, table.name, row) if table.name in COUNTED else 0
    if writes:
        link.execute(write, writes)
    return len(writes), total


def _register(vouching: Vouching, name: str, rows: int, total: int) -> Register:
    return Register(name, 1, rows, vouching.hide(vouching.epoch, name, total, secrets.token_bytes(NONCE_BYTES)))
