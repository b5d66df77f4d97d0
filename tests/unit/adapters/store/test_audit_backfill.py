"""A log written by an older release is searchable after the upgrade: old entries have their columns, and raise no alerts."""

from typing import Any

import pytest

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.store import Store
from auricle.audit.search import AuditQuery
from auricle.vault.fields import Fields
from fakes import released


@pytest.fixture(params=["sqlite"])
def backend(request: pytest.FixtureRequest) -> str:
    """`test_migrations` brings up old databases on PostgreSQL too."""
    return str(request.param)


@pytest.fixture(params=["0001", "0002"])
def practice_of_old(request: pytest.FixtureRequest, practice: Any) -> Any:
    practice.keyring, practice.signing, practice.origin = released.keyring(), released.SIGNING, released.ORIGIN
    released.as_file(request.param, practice.path)
    return practice


async def test_old_entries_have_their_columns(practice_of_old: Any) -> None:
    practice = practice_of_old
    (count,) = practice.raw("SELECT count(*) FROM audit_leaf")[0]
    fields = Fields(practice.keyring, SystemEntropy(), released.REALM)
    store = Store(practice.database(), practice.keyring, fields, practice.signing, practice.origin, practice.clock)
    practice._open.append(store)
    assert count > 0
    assert practice.raw("SELECT count(*) FROM audit_index") == [(count + 1,)]  # that rows have vouchers now
    assert await store.alerts_read_to() == count

    from tests.unit.adapters.store.conftest import NURSE, Everything

    from auricle.vault.gate import Gate, Grant, Ref

    gate = Gate(Everything(), store)

    async def check(grant: Grant) -> list[str]:
        return [finding.text for finding in store.audit_check(grant)]

    async def search(grant: Grant) -> list[tuple[int, bytes]]:
        return await store.audit_page(grant, AuditQuery(action="call.record", limit=200))

    assert await gate.open(NURSE, "audit.look", Ref("audit", "*"), "test", check) == []
    assert await gate.open(NURSE, "audit.look", Ref("audit", "*"), "test", search)
