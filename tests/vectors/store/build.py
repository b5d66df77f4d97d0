"""Builds databases of released schemas, holding real sealed rows, as SQL text: `rev0001.sql`, `rev0002.sql`.

`python tests/vectors/store/build.py` takes the released source out of this repository's history and lets *that* code write: nothing of
today's code has a part in it. Time and chance are fixed, so two runs are equal. The keys are in `tests/fakes/released.py`.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
RELEASED = {"0001": "8fe7b24", "0002": "d23d460"}
"""Each schema's revision and the last commit that wrote it."""

WRITER = '''
"""Runs in a process of its own, on the released source: makes a practice's database at sys.argv[1] and prints it as SQL."""
import asyncio, hashlib, sqlite3, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.access.session import Session
from auricle.adapters.store import Store
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.calls.voicemail_record import TranscriptState, VoicemailMessage
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import CallId, LegId, MailboxId, PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.sip.registration import Binding
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring, Purpose

START = datetime(2026, 10, 5, 14, 0, tzinfo=UTC)


class Fixed:
    """Chance that is none: SHA-256 of a counter."""

    def __init__(self):
        self.count = 0

    def token(self, size):
        self.count += 1
        return (hashlib.sha256(b"auricle store vectors %d" % self.count).digest() * 4)[:size]

    def now(self):
        return START

    def monotonic(self):
        return 1000.0


def call(number, name, caller):
    started = START + timedelta(minutes=number)
    leg = LegRecord(
        LegId(f"leg-{number}"), True, Phi("102"), Phi(name), PersonId("noor"), started, started, started + timedelta(seconds=50),
        "TLS", "SRTP", Protection.TO_GATEWAY, 200, False,
    )
    return CallRecord(
        CallId(f"c{number:04}"), Direction.INBOUND, Phi(caller), Phi(name), Phi("+12025550100"), started, started, started
        + timedelta(seconds=64), Disposition.ANSWERED, PersonId("noor"), ("greeting", "nurse"), Protection.TO_GATEWAY, (leg,),
    )


def message(number, name):
    return VoicemailMessage(
        VoicemailId(f"v{number:04}"), MailboxId("nurses"), CallId(f"c{number:04}"), Phi("+12025550142"), Phi(name),
        START + timedelta(minutes=number), 21.5, True, None, TranscriptState.WAITING,
    )


async def write(store):
    await store.put_account("dana", PersonId("dana-reyes"), "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$made-up")
    actor = Actor(ActorKind.PERSON, "dana-reyes", frozenset({"nurse"}), "s1", "192.0.2.7")
    await store.add_session("hash-of-a-token", Session("s1", "dana", PersonId("dana-reyes"), START, START), actor)
    await store.add_call(call(1, "Zo\\u00eb Vandermolen-O'Hara", "+12025550142"))
    await store.add_call(call(2, "VANDERMOLEN, Quentin", "+12025550143"))
    await store.add_call(call(3, "", ""))
    await store.begin_voicemail(message(1, "Zo\\u00eb Vandermolen-O'Hara"))
    await store.add_voicemail(message(1, "Zo\\u00eb Vandermolen-O'Hara"))
    await store.set_transcript(VoicemailId("v0001"), TranscriptState.DONE, '{"text": "please call me back"}')
    await store.checkpoint()
    await store.add_voicemail(message(2, "VANDERMOLEN, Quentin"))
    await store.begin_voicemail(message(3, "Quentin"))
    await store.save_bindings("7001", [Binding("7001", "sip:7001@192.0.2.9:5061", (), "TLS", 4600.0, "call-1", 7, "phone", "urn:uuid:1")])
    await store.phone_refused("192.0.2.66")
    if hasattr(store, "sign_in_refused"):
        from auricle.access.throttle import Tries
        await store.sign_in_refused("192.0.2.7", "8c1f0a", [Tries("8c1f0a", "192.0.2.7", 3, 1000.0)])


fixed = Fixed()
keyring = Keyring({purpose: {1: hashlib.sha256(b"key of " + purpose.value.encode()).digest()} for purpose in Purpose})
signing = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"signing key").digest())
path = Path(sys.argv[1])
store = Store(path, keyring, Fields(keyring, fixed, "harborstreet.example"), signing, "harborstreet.example/audit", fixed)
asyncio.run(write(store))
store.close()
print("\\n".join(sqlite3.connect(path).iterdump()))
'''


def dump(commit: str) -> str:
    """The database that the source of `commit` writes."""
    archive = subprocess.run(["git", "archive", commit, "src"], cwd=REPOSITORY, check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as directory:
        with tarfile.open(fileobj=io.BytesIO(archive)) as source:
            source.extractall(directory, filter="data")
        command = [sys.executable, "-c", WRITER, f"{directory}/auricle.db"]
        environment = {"PYTHONPATH": f"{directory}/src", "PATH": ""}
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    for revision, commit in RELEASED.items():
        (HERE / f"rev{revision}.sql").write_text(dump(commit), "utf-8")
