"""docs/security/threat-model.md, row by row: each attacker has what the table says, tries, and gets no more than it says."""

import json
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.security.conftest import (
    CALL,
    MESSAGE,
    NAME,
    PASSPHRASE,
    PASSWORD,
    PATIENT,
    ROLES,
    SOUND,
    SPOKEN,
    Office,
    opened,
    put_private_things,
)

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys, WrongPassphrase
from auricle.adapters.store import LogDamaged
from auricle.app.instance import Instance
from auricle.app.sweep.canaries import Needle
from auricle.app.sweep.search import Search, is_audio_file
from auricle.audit.verify import verify_export
from auricle.vault.keyring import Keyring, Purpose

pytestmark = pytest.mark.real

REASON = "Zorthuryn collapsed in the waiting room"


def private_needles() -> Search:
    texts = {"number": PATIENT[2:], "name": NAME, "family name": NAME.split()[1], "spoken": SPOKEN, "reason": REASON, "password": PASSWORD}
    needles = [Needle(kind, "text", text.encode()) for kind, text in texts.items()]
    return Search([*needles, *(Needle("sound", "mu-law", SOUND[start : start + 160]) for start in range(0, len(SOUND) - 160, 800))])


def files_of(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


# ---- who has files -----------------------------------------------------------------------------------------


async def test_a_thief_of_the_disk_reads_nothing_private(office: Office, tmp_path: Path) -> None:
    nurse = await office.signed_in("nurse")
    assert (await nurse.post("/api/v1/break-glass", json={"reason": REASON, "minutes": 5})).status_code == 201
    copy = office.copy(tmp_path / "stolen while it ran")
    await office.instance.stop()
    search = private_needles()
    looked_at = 0
    for directory in (copy.parent, office.directory):
        for path in files_of(directory):
            data = path.read_bytes()
            assert search.find(path.name, data) == []
            assert not is_audio_file(data)
            looked_at += len(data)
    assert looked_at > 100_000, "there is something to be looked at"
    for guess in ("auricle", PASSPHRASE.upper(), PASSPHRASE + " ", "x" * 40):
        with pytest.raises(WrongPassphrase):
            FileKeys(copy.parent / "data" / "keys", SystemEntropy()).unlock(guess)
    with pytest.raises(WrongPassphrase):
        Instance(copy, None)


async def test_a_development_key_protects_nothing_and_says_so(tmp_path: Path) -> None:
    office = await opened(tmp_path / "demo", None)
    await office.instance.keys.start(office.instance.blob_directory)
    await put_private_things(office.instance, datetime.now(UTC))
    assert office.instance.development_keys
    copy = office.copy(tmp_path / "stolen")
    await office.instance.stop()
    thief = Instance(copy, None)
    try:
        calls = await thief.look.calls()
        assert calls[0].caller.reveal("a thief has the key") == PATIENT
    finally:
        await thief.stop()


async def test_a_backup_does_not_bring_back_what_was_shredded(office: Office, tmp_path: Path) -> None:
    """What may be backed up is everything but the keys of single records (docs/specs/sealed-audio.md)."""
    backup = tmp_path / "backup"
    shutil.copytree(office.data, backup, ignore=shutil.ignore_patterns("keys"))
    await office.instance._blobs.shred(MESSAGE)
    await office.instance.stop()
    for path in files_of(backup):  # the disk burns down; the backup comes back, beside the keys of today
        target = office.data / path.relative_to(backup)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    again = Office(office.directory, office.settings, Instance(office.settings, PASSPHRASE))
    try:
        await again.instance.keys.start(again.instance.blob_directory)
        await again.instance.identity.restore()
        assert (again.data / "blobs" / f"{MESSAGE}.sealed").exists(), "the ciphertext is back"
        nurse = await again.signed_in("nurse")
        sound = await nurse.get(f"/api/v1/voicemails/{MESSAGE}/audio")
        text = await nurse.get(f"/api/v1/voicemails/{MESSAGE}/transcript")
        assert sound.status_code in (404, 500)
        assert text.status_code in (404, 500)
        assert SPOKEN.split()[2] not in text.text
        calls = (await nurse.get("/api/v1/calls")).json()["calls"]
        assert calls[0]["caller"]["number"] == PATIENT, "what was not shredded is back too"
    finally:
        await again.instance.stop()


async def test_another_practice_opens_nothing(office: Office, tmp_path: Path) -> None:
    """Single tenant: the same realm, the same names, another ring."""
    theirs = await opened(tmp_path / "theirs", "another passphrase of theirs")
    await theirs.instance.stop()
    await office.instance.stop()
    with pytest.raises(WrongPassphrase):
        Instance(office.copy(tmp_path / "copy"), "another passphrase of theirs")
    for name in ("auricle.db", "auricle.db-wal", "auricle.db-shm"):  # our database among their keys
        (theirs.data / name).unlink(missing_ok=True)
    shutil.copy2(office.data / "auricle.db", theirs.data / "auricle.db")
    with pytest.raises(LogDamaged, match="other keys or another practice"):
        Instance(theirs.settings, "another passphrase of theirs")


# ---- who has the database ----------------------------------------------------------------------------------


async def test_a_database_administrator_cannot_move_or_forge(office: Office) -> None:
    store = office.instance._store
    other = await moved_call(office)
    database = sqlite3.connect(office.data / "auricle.db", timeout=10)
    (mine,), (yours,) = (database.execute("SELECT sealed FROM call WHERE id = ?", (ident,)).fetchone() for ident in (CALL, other))
    database.execute("UPDATE call SET sealed = ? WHERE id = ?", (yours, CALL))  # moved
    flipped = bytearray(yours)
    flipped[-1] ^= 1
    database.execute("UPDATE call SET sealed = ? WHERE id = ?", (bytes(flipped), other))
    database.commit()
    nurse = await office.signed_in("nurse")
    assert (await nurse.get("/api/v1/calls")).json()["calls"] == [], "neither is shown as something it is not"
    named = {entry["ref"] for entry in office.log() if entry["action"] == "integrity.damaged"}
    assert named == {CALL, other}, "and both are named in the log"
    database.execute("UPDATE call SET sealed = ? WHERE id = ?", (mine, CALL))
    database.commit()
    assert len((await nurse.get("/api/v1/calls")).json()["calls"]) == 1, "the rest goes on"
    with pytest.raises(sqlite3.DatabaseError, match="append-only"):
        database.execute("DELETE FROM audit_leaf WHERE number = 3")
    database.rollback()
    await store.checkpoint()
    await office.instance.stop()
    for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {trigger}")
    (leaf,) = database.execute("SELECT leaf FROM audit_leaf WHERE number = 3").fetchone()
    forged = json.dumps(json.loads(leaf) | {"actor": "somebody-else"}, separators=(",", ":"), sort_keys=True).encode()
    database.execute("UPDATE audit_leaf SET leaf = ? WHERE number = 3", (forged,))
    database.commit()
    with pytest.raises(LogDamaged):
        Instance(office.settings, PASSPHRASE)
    database.close()


async def moved_call(office: Office) -> str:
    from dataclasses import replace

    from tests.security.conftest import finished_call

    from auricle.kernel.ids import CallId
    from auricle.kernel.phi import Phi

    record = finished_call(datetime.now(UTC) - timedelta(hours=1))
    other = CallId("c0000000000000000else")
    await office.instance._store.add_call(replace(record, id=other, caller=Phi("+12025550143")))
    return other


async def test_a_sealed_value_of_another_key_is_refused_by_name(office: Office) -> None:
    """Sealed under a ring that the administrator made: the program never takes it for its own."""
    from auricle.vault.fields import Fields
    from auricle.vault.place import Place

    foreign = Fields(Keyring.generate(SystemEntropy()), SystemEntropy(), office.instance.practice.realm)
    value = bytes(foreign.seal(Purpose.CALL_RECORD, b"{}", Place("call", "sealed", CALL)))
    database = sqlite3.connect(office.data / "auricle.db", timeout=10)
    database.execute("UPDATE call SET sealed = ? WHERE id = ?", (value, CALL))
    database.commit()
    database.close()
    nurse = await office.signed_in("nurse")
    answer = await nurse.get("/api/v1/calls")
    assert answer.status_code == 200
    assert answer.json()["calls"] == []


# ---- who works here ----------------------------------------------------------------------------------------

PHI = {
    "calls with whom": ("/api/v1/calls", lambda body: any(call["caller"]["number"] for call in body["calls"])),
    "voicemail from whom": ("/api/v1/voicemails", lambda body: any(one["caller"]["number"] for one in body["messages"])),
    "sound": (f"/api/v1/voicemails/{MESSAGE}/audio", lambda body: True),
    "text": (f"/api/v1/voicemails/{MESSAGE}/transcript", lambda body: bool(body["words"])),
    "audit log": ("/api/v1/audit", lambda body: bool(body["entries"])),
}
MAY = {
    "owner": {"calls with whom", "voicemail from whom"},
    "privacy-officer": {"calls with whom", "voicemail from whom", "audit log"},
    "security-officer": {"audit log"},
    "manager": {"calls with whom", "voicemail from whom"},
    "clinician": {"calls with whom", "voicemail from whom", "sound", "text"},
    "nurse": {"calls with whom", "voicemail from whom", "sound", "text"},
    "front-desk": {"calls with whom", "voicemail from whom"},
    "billing": {"calls with whom"},
    "agent": set(),
    "it": set(),
    "auditor": {"audit log"},
    "support": set(),
}
"""Written down once more by hand: the mailbox `nurses` is the nurse's and the clinician's own."""


@pytest.mark.parametrize("role", ROLES)
async def test_an_insider_gets_what_the_role_says_and_no_more(office: Office, role: str) -> None:
    browser = await office.signed_in(role)
    got = set()
    for what, (path, shows) in PHI.items():
        before = len(office.log())
        answer = await browser.get(path)
        assert answer.status_code in (200, 403), (what, answer.text)
        if answer.status_code == 200 and (what == "sound" or shows(answer.json())):
            got.add(what)
        added = [entry for entry in office.log()[before:] if entry["actor"] == role]
        assert added, f"{what}: no look without an entry"
        assert any(entry["outcome"] == ("refused" if answer.status_code == 403 else "allowed") for entry in added)
    assert got == MAY[role]


async def test_support_sees_only_what_a_grant_names_while_it_lasts(office: Office) -> None:
    support = await office.signed_in("support")
    owner = await office.stepped_up("privacy-officer")
    path = f"/api/v1/voicemails/{MESSAGE}/transcript"
    assert (await support.get(path)).status_code == 403
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    grant = {"person": "support", "action": "voicemail.read", "kind": "voicemail", "record": f"voicemail:{MESSAGE}"}
    grant |= {"until": until, "reason": "support ticket 12: silent audio"}
    given = await owner.post("/api/v1/access/grants", json=grant)
    assert given.status_code in (200, 201), given.text
    assert "agreement" in (await support.get(path)).text, "somebody from outside needs a business associate agreement first"
    signed = {"reference": "BAA 2026-11", "signed_on": datetime.now(UTC).date().isoformat()}
    noted = await owner.put("/api/v1/agreements/support", json=signed)
    assert noted.status_code in (200, 204), noted.text
    seen = await support.get(path)
    assert seen.status_code == 200, seen.text
    assert (await support.get(f"/api/v1/voicemails/{MESSAGE}/audio")).status_code == 403, "not beside the grant"
    assert (await support.get("/api/v1/calls")).status_code == 403
    assert (await owner.delete(f"/api/v1/access/grants/{given.json()['id']}")).status_code in (200, 204)
    assert (await support.get(path)).status_code == 403, "nor after it"


async def test_somebody_dismissed_is_out(office: Office) -> None:
    nurse = await office.signed_in("nurse")
    manager = await office.stepped_up("manager")
    assert (await nurse.get("/api/v1/calls")).status_code == 200
    ended = await manager.post("/api/v1/people/nurse/terminate", json={"reason": "left the practice"})
    assert ended.status_code in (200, 204), ended.text
    assert (await nurse.get("/api/v1/calls")).status_code == 401
    browser = office.browser()
    again = await browser.post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert again.status_code == 401, "the right password of somebody who left"
    assert office.log()[-1]["outcome"] == "refused"


async def test_guessing_at_a_colleague_locks_nobody_out(office: Office) -> None:
    await office.signed_in("nurse")
    stranger = office.browser()
    for _ in range(12):
        await stranger.post("/api/v1/session", json={"username": "nurse.user", "password": "not the password at all"})
    elsewhere = office.browser()
    elsewhere._transport.client = ("127.0.0.77", 5)  # type: ignore[attr-defined]
    right = await elsewhere.post("/api/v1/session", json={"username": "nurse.user", "password": PASSWORD})
    assert right.status_code == 200


async def test_the_whole_log_of_these_attacks_verifies(office: Office) -> None:
    for role in ("it", "billing", "nurse"):
        browser = await office.signed_in(role)
        await browser.get("/api/v1/calls")
    await office.instance._store.checkpoint()
    lines = list(office.instance._store.audit_export())
    report = verify_export(lines, office.instance._store.verifier)
    assert report.ok, report.text()
