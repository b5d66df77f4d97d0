"""Whoever can write the database and has no key tries to be somebody else. Each try is refused, an entry, and so an alert."""

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.security.conftest import MESSAGE, PASSPHRASE, PASSWORD, Office

from auricle.access.api_keys import ApiKey, secret_hash
from auricle.access.passkeys import Passkey
from auricle.app.instance import Instance
from auricle.audit.rules import Rules, Seen
from auricle.compliance.retention import RecordKind
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId

pytestmark = pytest.mark.real

OTHER_PASSWORD = "a password of the attacker's own"
CLI = Actor(ActorKind.SERVICE, "cli")


@contextmanager
def database(office: Office) -> Iterator[sqlite3.Connection]:
    """What a database administrator has."""
    connection = sqlite3.connect(office.data / "auricle.db", timeout=10, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def damage(office: Office, kind: str) -> list[dict[str, Any]]:
    return [entry for entry in office.log() if entry["action"] == "integrity.damaged" and entry["kind"] == kind]


def copied(connection: sqlite3.Connection, table: str, where: str, **changes: Any) -> None:
    """A row like one that is there, with its voucher and all, but for some columns."""
    connection.row_factory = sqlite3.Row
    row = dict(connection.execute(f"SELECT * FROM {table} WHERE {where}").fetchone()) | changes
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def rows(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()


def put_back(connection: sqlite3.Connection, table: str, kept: list[tuple[Any, ...]]) -> None:
    """The whole table as it was: every row with a voucher of ours."""
    connection.execute(f"DELETE FROM {table}")
    for row in kept:
        connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", row)


async def test_a_session_of_the_attackers_own_making(office: Office) -> None:
    await office.signed_in("nurse")
    token = secrets.token_urlsafe(32)
    with database(office) as admin:
        copied(
            admin,
            "session",
            "person = 'nurse'",
            token_hash=hashlib.sha256(token.encode()).hexdigest(),
            id="forged",
            person="privacy-officer",
        )
    forger = office.browser()
    name = next(iter((await office.signed_in("nurse")).cookies))
    forger.cookies.set(name, token)
    assert (await forger.get("/api/v1/audit")).status_code == 401
    (told,) = damage(office, "session")
    assert (told["ref"], told["outcome"]) == ("forged", "failed")
    await forger.get("/api/v1/audit")
    assert len(damage(office, "session")) == 1, "told once"


async def test_a_session_made_to_be_somebody_elses(office: Office) -> None:
    nurse = await office.signed_in("nurse")
    assert (await nurse.get("/api/v1/calls")).status_code == 200
    with database(office) as admin:
        admin.execute("UPDATE session SET person = 'privacy-officer', username = 'privacy-officer.user', stepped_up_until = 9e15")
    assert (await nurse.get("/api/v1/audit")).status_code == 401
    assert damage(office, "session")


async def test_a_session_is_not_vouched_for_by_being_used(office: Office) -> None:
    """What the clerk does to a row that was changed leaves it as wrong as it was."""
    nurse = await office.signed_in("nurse")
    with database(office) as admin:
        (ident,) = admin.execute("SELECT id FROM session").fetchone()
        admin.execute("UPDATE session SET person = 'privacy-officer'")
    await office.instance._store.touch_session(ident, datetime.now(UTC))
    assert await office.instance._store.session_by_id(ident) is None
    assert (await nurse.get("/api/v1/audit")).status_code == 401


async def test_another_password(office: Office) -> None:
    await office.signed_in("manager")
    forged = await office.instance._passwords.hashed(OTHER_PASSWORD)
    with database(office) as admin:
        admin.execute("UPDATE account SET password_hash = ? WHERE username = 'manager.user'", (forged,))
    answer = await office.browser().post("/api/v1/session", json={"username": "manager.user", "password": OTHER_PASSWORD})
    assert answer.status_code == 401
    (told,) = damage(office, "account")
    assert told["ref"] == "manager.user"


async def test_an_old_password_put_back(office: Office) -> None:
    """Vouched for once, so it is let in; but the table's register tells at the next look, within seconds."""
    await office.signed_in("manager")
    with database(office) as admin:
        before = rows(admin, "account")
        await office.instance._store.put_account("manager.user", PersonId("manager"), "another hash")
        put_back(admin, "account", before)
    assert [one.table for one in await office.instance.authority.step()] == ["account"]
    (told,) = damage(office, "authority")
    assert told["ref"] == "account"


async def test_an_old_table_with_its_old_register_put_back(office: Office) -> None:
    await office.signed_in("manager")
    with database(office) as admin:
        accounts, registers = rows(admin, "account"), rows(admin, "authority")
        await office.instance._store.put_account("manager.user", PersonId("manager"), "another hash")
        put_back(admin, "account", accounts)
        put_back(admin, "authority", registers)
    found = await office.instance.authority.step()
    assert "account" in {one.table for one in found}
    assert "older one than the audit log knows" in next(one.why for one in found if one.table == "account")
    await office.instance.stop()
    again = Office(office.directory, office.settings, Instance(office.settings, PASSPHRASE))
    try:  # and at the next start, from the log alone
        assert "account" in {one.table for one in await again.instance.authority.step()}
    finally:
        await again.instance.stop()


async def test_an_api_key_of_the_attackers_own_making(office: Office) -> None:
    now = datetime.now(UTC)
    scopes = frozenset({"people.deprovision", "calls.list"})
    right, wrong = "k" * 43, "f" * 43
    mine, forged = "k" + "1" * 20, "k" + "2" * 20
    key = ApiKey(mine, secret_hash(right), "directory", PersonId("manager"), scopes, now, now + timedelta(days=1), None)
    await office.instance._store.add_api_key(key, CLI)
    path = "/api/v1/scim/v2/Users"
    assert (await bearer(office, mine, right, path)).status_code == 200
    with database(office) as admin:
        copied(admin, "api_key", "1 = 1", id=forged, secret_hash=secret_hash(wrong))
        admin.execute("UPDATE api_key SET secret_hash = ? WHERE id = ?", (secret_hash(wrong), mine))
    assert (await bearer(office, mine, wrong, path)).status_code == 401
    assert (await bearer(office, forged, wrong, path)).status_code == 401
    assert {told["ref"] for told in damage(office, "api_key")} == {mine, forged}


async def bearer(office: Office, ident: str, secret: str, path: str) -> httpx.Response:
    return await office.browser().get(path, headers={"Authorization": f"Bearer auricle_{ident}_{secret}"})


async def test_another_key_in_a_passkey(office: Office) -> None:
    store, now = office.instance._store, datetime.now(UTC)
    passkey = Passkey("p1", b"credential", PersonId("nurse"), "my key", b"public key", 5, False, False, ("usb",), now, None, False)
    await store.add_passkey(passkey, CLI)
    assert await store.passkey(b"credential") is not None
    with database(office) as admin:
        admin.execute("UPDATE passkey SET public_key = ?", (hashlib.sha256(b"attacker").digest(),))
    assert await store.passkey(b"credential") is None
    assert [told["ref"] for told in damage(office, "passkey")] == ["p1"]


@pytest.fixture
async def supported(office: Office) -> httpx.AsyncClient:
    """Support, with an agreement and a grant that has run out or is somebody else's: see the tests."""
    owner = await office.stepped_up("privacy-officer")
    signed = {"reference": "BAA 2026-11", "signed_on": datetime.now(UTC).date().isoformat()}
    assert (await owner.put("/api/v1/agreements/support", json=signed)).status_code in (200, 204)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    grant = {
        "person": "support", "action": "voicemail.read", "kind": "voicemail", "record": f"voicemail:{MESSAGE}", "until": until,
        "reason": "support ticket 12: silent audio",
    }  # fmt: skip
    given = await owner.post("/api/v1/access/grants", json=grant)
    assert given.status_code in (200, 201), given.text
    support = await office.signed_in("support")
    assert (await support.get(TRANSCRIPT)).status_code == 200
    return support


TRANSCRIPT = f"/api/v1/voicemails/{MESSAGE}/transcript"


@pytest.mark.parametrize("change", ["ends_at = 9e15", "record = ''", "action = 'voicemail.play'", "granted_by = 'owner'"])
async def test_a_grant_made_longer_or_wider(office: Office, supported: httpx.AsyncClient, change: str) -> None:
    with database(office) as admin:
        admin.execute(f"UPDATE access_grant SET {change}")
    assert (await supported.get(TRANSCRIPT)).status_code == 403
    assert len(damage(office, "access_grant")) == 1


async def test_a_grant_moved_to_somebody_else(office: Office, supported: httpx.AsyncClient) -> None:
    billing = await office.signed_in("billing")
    with database(office) as admin:
        copied(admin, "access_grant", "person = 'support'", id="moved", person="billing")
    assert (await billing.get(TRANSCRIPT)).status_code == 403
    assert [told["ref"] for told in damage(office, "access_grant")] == ["moved"]
    assert (await supported.get(TRANSCRIPT)).status_code == 200, "the right one goes on"


async def test_an_agreement_made_to_last(office: Office, supported: httpx.AsyncClient) -> None:
    with database(office) as admin:
        admin.execute("UPDATE agreement SET expires_on = '2099-01-01' WHERE party = 'support'")
    await office.instance.compliance.book.load()
    refused = await supported.get(TRANSCRIPT)
    assert refused.status_code == 403
    assert damage(office, "agreement")


async def test_an_agreement_that_was_ended_put_back(office: Office, supported: httpx.AsyncClient) -> None:
    with database(office) as admin:
        before = rows(admin, "agreement")
        owner = await office.stepped_up("privacy-officer")
        assert (await owner.delete("/api/v1/agreements/support")).status_code in (200, 204)
        put_back(admin, "agreement", before)
    assert [one.table for one in await office.instance.authority.step()] == ["agreement"]


async def dismissed(office: Office) -> httpx.AsyncClient:
    nurse = await office.signed_in("nurse")
    manager = await office.stepped_up("manager")
    ended = await manager.post("/api/v1/people/nurse/terminate", json={"reason": "left the practice"})
    assert ended.status_code in (200, 204), ended.text
    return nurse


async def test_a_dismissal_deleted(office: Office) -> None:
    """The log says who was dismissed, and that holds from the next look on."""
    await dismissed(office)
    with database(office) as admin:
        admin.execute("DELETE FROM standing")
    assert [one.table for one in await office.instance.authority.step()] == ["standing"]
    again = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert again.status_code == 401
    assert office.instance.identity.watch.terminated(PersonId("nurse"))
    assert [told["ref"] for told in damage(office, "authority")] == ["standing"]
    await office.instance._store.accept_authority(CLI, "standing")
    assert await office.instance.authority.step() == []
    with database(office) as admin:
        assert admin.execute("SELECT count(*) FROM standing WHERE terminated_at IS NOT NULL").fetchone() == (1,), "it is there again"
    once_more = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert once_more.status_code == 401


async def test_a_dismissal_deleted_while_the_practice_was_down(office: Office) -> None:
    await dismissed(office)
    await office.instance.stop()
    with database(office) as admin:
        admin.execute("DELETE FROM standing")
    again = Office(office.directory, office.settings, Instance(office.settings, PASSPHRASE))
    try:
        await again.instance.keys.start(again.instance.blob_directory)
        await again.instance.authority.step()  # what `start` does first
        await again.instance.identity.restore()
        answer = await again.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
        assert answer.status_code == 401
    finally:
        await again.instance.stop()


async def test_a_dismissal_changed(office: Office) -> None:
    await dismissed(office)
    with database(office) as admin:
        admin.execute("UPDATE standing SET terminated_at = NULL")
    answer = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert answer.status_code == 401, "at once: the row itself does not fit"
    assert [told["ref"] for told in damage(office, "standing")] == ["nurse"]


async def test_an_authenticator_taken_away(office: Office) -> None:
    """Without its row a password alone would do."""
    await office.signed_in("nurse")
    store = office.instance._store
    await store.begin_totp("nurse.user", "JBSWY3DPEHPK3PXP", CLI)
    await store.confirm_totp("nurse.user", "JBSWY3DPEHPK3PXP", 1, ["a" * 64], CLI)
    answer = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert answer.status_code == 202
    with database(office) as admin:
        admin.execute("UPDATE totp SET since = NULL, last_step = 0")
    answer = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert answer.status_code == 202, "a second factor is still asked for"
    with database(office) as admin:
        admin.execute("DELETE FROM totp")
    assert [one.table for one in await office.instance.authority.step()] == ["totp"]
    answer = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert answer.status_code == 202


async def test_a_passkey_taken_away(office: Office) -> None:
    """Nor is a password alone enough where somebody's passkeys were changed or deleted."""
    await office.signed_in("nurse")
    store, now = office.instance._store, datetime.now(UTC)
    passkey = Passkey("p1", b"credential", PersonId("nurse"), "my key", b"public key", 5, False, False, ("usb",), now, None, False)
    await store.add_passkey(passkey, Actor(ActorKind.PERSON, "nurse", frozenset({"nurse"}), "s1", "127.0.0.9"))
    for change in ("UPDATE passkey SET sign_count = 0", "DELETE FROM passkey"):
        with database(office) as admin:
            admin.execute(change)
        assert [one.table for one in await office.instance.authority.step()] == ["passkey"]
        answer = await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
        assert answer.status_code == 202, change


async def test_recovery_codes_of_the_attackers_own(office: Office) -> None:
    await office.signed_in("nurse")
    with database(office) as admin:
        admin.execute("INSERT INTO recovery_code (username, code_hash) VALUES ('nurse.user', ?)", ("b" * 64,))
    assert await office.instance._store.recovery_codes_left("nurse.user") == 0
    assert not await office.instance._store.use_recovery_code("nurse.user", "b" * 64)
    assert damage(office, "recovery_code")


async def test_retention_made_shorter(office: Office) -> None:
    keeper, store = office.instance.compliance.keeper, office.instance._store
    await keeper.start()
    with database(office) as admin:
        admin.execute("UPDATE retention_rule SET days = 0")
        admin.execute("UPDATE voicemail SET received_at = received_at - 86400 * 5")
    schedule, _ = await store.retention_schedule()
    assert RecordKind.VOICEMAIL not in schedule
    count = await keeper.run_once()
    assert count.shredded == 0
    assert {told["ref"] for told in damage(office, "retention_rule")} >= {"voicemail", "call"}


@pytest.mark.parametrize("change", ["UPDATE legal_hold SET released_at = 1.0", "UPDATE legal_hold SET record_id = 'another'", "TRUNCATE"])
async def test_a_legal_hold_changed_or_gone(office: Office, change: str) -> None:
    owner = await office.stepped_up("privacy-officer")
    hold = {"name": "Doe v. Practice", "reason": "letter of counsel", "kind": "voicemail", "record": MESSAGE}
    placed = await owner.post("/api/v1/holds", json=hold)
    assert placed.status_code in (200, 201), placed.text
    keeper = office.instance.compliance.keeper
    await keeper.start()
    await office.instance._store.change_retention(CLI, {}, {RecordKind.VOICEMAIL: 1})
    with database(office) as admin:
        admin.execute("UPDATE voicemail SET received_at = received_at - 86400 * 500")
        if change == "TRUNCATE":
            admin.execute("DROP TRIGGER legal_hold_stays")
            change = "DELETE FROM legal_hold"
        admin.execute(change)
    count = await keeper.run_once()
    assert count.shredded == 0
    assert "Legal holds were changed" in count.stopped
    assert any(entry["action"] == "retention.stopped" for entry in office.log())


async def test_a_note_to_destroy_what_is_held(office: Office) -> None:
    keeper = office.instance.compliance.keeper
    with database(office) as admin:
        admin.execute("INSERT INTO shredding (kind, record_id, rule, actor, at) VALUES ('voicemail', ?, 'x', 'keeper', 1.0)", (MESSAGE,))
    await keeper.start()
    assert (office.data / "blobs" / f"{MESSAGE}.sealed").exists()
    assert damage(office, "shredding")


async def test_a_care_team_joined(office: Office) -> None:
    owner = await office.stepped_up("privacy-officer")
    mark = {"number": "+12025550142", "label": "VIP", "restricted": True, "people": ["clinician"], "teams": []}
    marked = await owner.post("/api/v1/access/patients", json=mark)
    assert marked.status_code in (200, 201), marked.text
    store = office.instance._store
    assert {person for care in (await store.care()).values() for person in care.people} == {"clinician"}
    with database(office) as admin:
        copied(admin, "patient_carer", "name = 'clinician'", name="nurse")
    assert {person for care in (await store.care()).values() for person in care.people} == {"clinician"}
    with database(office) as admin:
        admin.execute("DELETE FROM patient_mark")
    assert [one.table for one in await office.instance.authority.step()] == ["patient_mark"]


async def test_what_is_found_is_an_alert(office: Office) -> None:
    await office.signed_in("nurse")
    with database(office) as admin:
        admin.execute("UPDATE account SET person = 'privacy-officer' WHERE username = 'nurse.user'")
    await office.browser().post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    rules = Rules(office.instance.audit.thresholds)
    from auricle.audit.leaf import entry_of

    found = [alert for number, leaf in enumerate(office.log()) for alert in rules.see(Seen(number, entry_of(json.dumps(leaf).encode())))[0]]
    assert any(alert.rule.value == "damage" and alert.subject == "account:nurse.user" for alert in found)


async def test_an_honest_practice_differs_in_nothing(office: Office) -> None:
    for role in ("nurse", "manager", "privacy-officer"):
        await office.stepped_up(role)
    await office.instance.compliance.start()
    assert await office.instance.authority.step() == []
    assert [entry for entry in office.log() if entry["action"] == "integrity.damaged"] == []
