"""Builds the vectors of sealed data, good and bad; each file is named by its fault and says what a reader must answer.

`python tests/vectors/vault/build.py` writes them; a test checks that the committed files are what this script gives.
All randomness is SHA-256 of a counter, so two runs are equal. `wanted` is `ok`, `corrupt`, `wrong-key` or `unknown-format`.
"""

import hashlib
import json
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auricle.adapters.keys.document import PASSPHRASE as BY_PASSPHRASE
from auricle.adapters.keys.document import RECOVERY, Holder, KeyDocument, Stretching
from auricle.adapters.keys.files import SIGNING_LABEL, STATE_LABEL
from auricle.adapters.keys.holders import ROOT_LABEL
from auricle.vault.blind import blind_index, blind_indexes
from auricle.vault.envelope import seal
from auricle.vault.fields import Fields
from auricle.vault.keyring import Keyring, Purpose
from auricle.vault.place import Place
from auricle.vault.stream import StreamSealer
from auricle.vault.vouch import Row, Vouching
from auricle.vault.wrapping import wrap

HERE = Path(__file__).parent
PRACTICE = "harborstreet.example"
PLACE = Place("voicemail", "sealed", "vabcdefghijklmnop")
TEXT = '{"caller":"+12025550142","caller_name":"Zoë"}'
PASSPHRASE = "correct horse battery staple"
SEGMENT = 16  # small, so that a vector fits the eye; files of the product use 8000


class Counted:
    """Entropy that is the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def token(self, size: int) -> bytes:
        out = b""
        while len(out) < size:
            out += hashlib.sha256(f"{self._seed}/{self._count}".encode()).digest()
            self._count += 1
        return out[:size]

    def name(self, prefix: str = "") -> str:
        return prefix + self.token(8).hex()


def flipped(data: bytes, at: int) -> bytes:
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def ring() -> Keyring:
    return Keyring.generate(Counted("keyring"))


class OneRecord:
    """The key of one record."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def key(self, record: str) -> bytes:
        return self._key


def fields() -> dict[str, dict[str, object]]:
    keyring = ring()
    sealed = Fields(keyring, Counted("field"), PRACTICE).seal(Purpose.VOICEMAIL, TEXT, PLACE)
    elsewhere = Fields(keyring, Counted("field"), "another.example").seal(Purpose.VOICEMAIL, TEXT, PLACE)
    other_row = Fields(keyring, Counted("field"), PRACTICE).seal(Purpose.VOICEMAIL, TEXT, PLACE._replace(row="vother"))
    shifted = Fields(keyring, Counted("field"), PRACTICE).seal(Purpose.VOICEMAIL, TEXT, Place("voicemails", "ealed", PLACE.row))
    transcript = Fields(keyring, Counted("field"), PRACTICE).seal(Purpose.TRANSCRIPT, TEXT, PLACE)
    empty = Fields(keyring, Counted("empty"), PRACTICE).seal(Purpose.VOICEMAIL, "", PLACE)
    base = {
        "key": keyring.key(Purpose.VOICEMAIL, 1).hex(),
        "purpose": "voicemail",
        "practice": PRACTICE,
        "table": PLACE.table,
        "column": PLACE.column,
        "row": PLACE.row,
    }

    def vector(data: bytes, wanted: str, text: str | None = None) -> dict[str, object]:
        return {**base, "sealed": data.hex(), "wanted": wanted, "text": text}

    return {
        "field/ok": vector(sealed, "ok", TEXT),
        "field/ok-empty": vector(empty, "ok", ""),
        "field/body-flipped": vector(flipped(sealed, 20), "corrupt"),
        "field/tag-flipped": vector(flipped(sealed, -1), "corrupt"),
        "field/nonce-flipped": vector(flipped(sealed, 5), "corrupt"),
        "field/cut-by-one": vector(sealed[:-1], "corrupt"),
        "field/cut-to-nothing": vector(b"", "corrupt"),
        "field/cut-inside-the-tag": vector(sealed[: 2 + 1 + 12 + 15], "corrupt"),
        "field/one-byte-more": vector(sealed + b"\0", "corrupt"),
        "field/moved-to-another-row": vector(other_row, "corrupt"),
        "field/moved-across-a-name-border": vector(shifted, "corrupt"),
        "field/moved-from-another-practice": vector(elsewhere, "corrupt"),
        "field/of-another-purpose": vector(transcript, "corrupt"),
        "field/of-an-unknown-epoch": vector(b"\x00\x02" + sealed[2:], "wrong-key"),
        "field/of-epoch-zero": vector(b"\x00\x00" + sealed[2:], "wrong-key"),
        "field/of-version-two": vector(sealed[:2] + b"\x02" + sealed[3:], "unknown-format"),
    }


def stream() -> dict[str, dict[str, object]]:
    key, name = Counted("dek").token(32), "vabcdefghijklmnop"
    audio = bytes(range(40))

    def pieces(sealer: StreamSealer) -> list[bytes]:
        out = [sealer.seal(audio[:16]), sealer.seal(audio[16:32]), sealer.seal(audio[32:], last=True)]
        return [sealer.header.encode(), *out]

    head, one, two, three = pieces(StreamSealer(key, name, Counted("stream"), SEGMENT))
    _, other, _, _ = pieces(StreamSealer(key, name, Counted("another stream"), SEGMENT))
    exact = StreamSealer(key, name, Counted("exact"), SEGMENT)
    full = exact.header.encode() + exact.seal(audio[:16]) + exact.seal(audio[16:32], last=True)
    nothing = StreamSealer(key, name, Counted("nothing"), SEGMENT)
    empty = nothing.header.encode() + nothing.seal(b"", last=True)

    def vector(data: bytes, wanted: str, *, read: bytes = audio, complete: bool = True, damaged: tuple[int, ...] = ()) -> dict[str, object]:
        found = {"audio": read.hex(), "complete": complete, "damaged": list(damaged)} if wanted == "ok" else {}
        return {"key": key.hex(), "name": name, "sealed": data.hex(), "wanted": wanted, **found}

    silence = b"\xff" * SEGMENT
    whole = head + one + two + three
    return {
        "stream/ok": vector(whole, "ok"),
        "stream/ok-last-segment-full": vector(full, "ok", read=audio[:32]),
        "stream/ok-empty": vector(empty, "ok", read=b""),
        "stream/unfinished": vector(head + one + two, "ok", read=audio[:32], complete=False),
        "stream/torn-tail": vector(head + one + two + three[:-3], "ok", read=audio[:32], complete=False, damaged=(2,)),
        "stream/torn-in-the-second": vector(head + one + two[:20], "ok", read=audio[:16], complete=False, damaged=(1,)),
        "stream/second-segment-flipped": vector(
            head + one + flipped(two, 3) + three, "ok", read=audio[:16] + silence + audio[32:], damaged=(1,)
        ),
        "stream/last-segment-flipped": vector(head + one + two + flipped(three, 0), "ok", read=audio[:32], complete=False, damaged=(2,)),
        "stream/segments-swapped": vector(head + two + one + three, "ok", read=silence * 2 + audio[32:], damaged=(0, 1)),
        "stream/middle-dropped": vector(head + one + three, "ok", read=audio[:16], complete=False, damaged=(1,)),
        "stream/segment-of-another-stream": vector(head + other + two + three, "ok", read=silence + audio[16:], damaged=(0,)),
        "stream/last-segment-repeated": vector(whole + three, "ok", read=audio[:32] + silence, complete=False, damaged=(2, 3)),
        "stream/bytes-behind-a-full-last-segment": vector(full + bytes(5), "ok", read=audio[:32], complete=False, damaged=(2,)),
        "stream/salt-flipped": vector(flipped(head, 12) + one + two + three, "corrupt"),
        "stream/size-changed": vector(head[:7] + b"\x08" + head[8:] + one + two + three, "corrupt"),
        "stream/size-zero": vector(head[:4] + bytes(4) + head[8:] + one, "corrupt"),
        "stream/size-huge": vector(head[:4] + b"\xff" * 4 + head[8:] + one, "corrupt"),
        "stream/header-cut": vector(head[:30], "corrupt"),
        "stream/other-magic": vector(b"AUR2" + whole[4:], "unknown-format"),
        "stream/of-another-name": {**vector(whole, "corrupt"), "name": "vother"},
        "stream/under-another-key": {**vector(whole, "corrupt"), "key": Counted("other").token(32).hex()},
    }


def wrapping() -> dict[str, dict[str, object]]:
    kek, label, secret = Counted("kek").token(32), b"auricle/v1/vector", b"a secret of thirty-two bytes, ok"
    wrapped = wrap(kek, label, secret, Counted("wrap"))
    bare = wrapped[:16] + seal(AESGCM(kek), secret, label, Counted("bare"))

    def vector(data: bytes, wanted: str) -> dict[str, object]:
        found = {"secret": secret.hex()} if wanted == "ok" else {}
        return {"kek": kek.hex(), "label": label.decode(), "wrapped": data.hex(), "wanted": wanted, **found}

    return {
        "wrapping/ok": vector(wrapped, "ok"),
        "wrapping/under-another-key": {**vector(wrapped, "wrong-key"), "kek": Counted("other").token(32).hex()},
        "wrapping/of-another-label": {**vector(wrapped, "wrong-key"), "label": "auricle/v1/other"},
        "wrapping/check-flipped": vector(flipped(wrapped, 0), "corrupt"),
        "wrapping/secret-flipped": vector(flipped(wrapped, 40), "corrupt"),
        "wrapping/cut": vector(wrapped[:-1], "corrupt"),
        "wrapping/nothing": vector(b"", "wrong-key"),
        "wrapping/key-used-underived": vector(bare, "corrupt"),
        "wrapping/of-version-two": vector(wrapped[:16] + b"\x02" + wrapped[17:], "unknown-format"),
    }


def record() -> dict[str, dict[str, object]]:
    """Fields under a record's own key: the epoch is 0."""
    key = Counted("record key").token(32)
    fields = Fields(ring(), Counted("record field"), PRACTICE, OneRecord(key))
    sealed, transcript = fields.seal(Purpose.VOICEMAIL, TEXT, PLACE), fields.seal(Purpose.TRANSCRIPT, TEXT, PLACE)
    other = Fields(ring(), Counted("record field"), PRACTICE, OneRecord(Counted("other record").token(32))).seal(
        Purpose.VOICEMAIL, TEXT, PLACE
    )
    base = {"key": key.hex(), "purpose": "voicemail", "practice": PRACTICE, "table": PLACE.table, "column": PLACE.column, "row": PLACE.row}

    def vector(data: bytes, wanted: str, text: str | None = None) -> dict[str, object]:
        return {**base, "sealed": data.hex(), "wanted": wanted, "text": text}

    return {
        "record/ok": vector(sealed, "ok", TEXT),
        "record/body-flipped": vector(flipped(sealed, 20), "corrupt"),
        "record/of-another-record": vector(other, "corrupt"),
        "record/of-another-purpose": vector(transcript, "corrupt"),
        "record/of-version-two": vector(sealed[:2] + b"\x02" + sealed[3:], "unknown-format"),
    }


def blind() -> dict[str, dict[str, object]]:
    keyring = ring()
    pairs = {
        "a-number": ("call.caller", "+12025550142"),
        "same-number-in-another-context": ("call.called", "+12025550142"),
        "context-and-value-run-together": ("call.caller+1", "2025550142"),
        "empty": ("call.caller", ""),
        "lone-surrogate": ("call.caller", "\ud800"),
    }

    def vector(epoch: int, context: str, value: str, index: bytes) -> dict[str, object]:
        key = keyring.key(Purpose.BLIND_INDEX, epoch).hex()
        return {"key": key, "epoch": epoch, "context": context, "value": value, "index": index.hex()}

    found = {f"blind/{n}": vector(1, c, v, blind_index(keyring, c, v)) for n, (c, v) in pairs.items()}
    found["blind/of-before-epochs-were-written"] = vector(1, *pairs["a-number"], blind_indexes(keyring, *pairs["a-number"])[-1])
    keyring.rotate(Purpose.BLIND_INDEX, Counted("second epoch"))
    return found | {"blind/of-epoch-two": vector(2, *pairs["a-number"], blind_index(keyring, *pairs["a-number"]))}


def vouched() -> dict[str, dict[str, object]]:
    """Rows as JSON: `[kind, value]` for a column, null for NULL; bytes in hexadecimal."""
    keyring, practice = ring(), "harborstreet.example"
    vouching = Vouching(keyring, practice)
    account: Row = {"username": "dana", "person": "dana-reyes", "password_hash": "$argon2id$v=19$x"}
    every: Row = {"text": "Zo\u00eb", "number": -7, "real": 1.5, "yes": True, "no": False, "raw": b"\x00\xff", "null": None, "empty": ""}
    kinds = {str: "text", bool: "bool", int: "int", float: "float", bytes: "bytes"}

    def vector(table: str, row: Row, voucher: bytes, *, fits: bool) -> dict[str, object]:
        written = {n: v if v is None else [kinds[type(v)], v.hex() if isinstance(v, bytes) else v] for n, v in row.items()}
        key = keyring.key(Purpose.AUTH, 1).hex()
        return {"key": key, "practice": practice, "table": table, "row": written, "voucher": voucher.hex(), "fits": fits}

    mine = vouching.vouch("account", account)
    members = [vouching.member(1, "account", account | {"username": name}) for name in ("dana", "erin")]
    hidden = vouching.hide(1, "account", sum(members), Counted("nonce").token(16))
    summed = vector("account", account, mine, fits=True) | {
        "others": [{"username": ["text", "erin"]}],
        "digest": hidden.hex(),
    }
    return {
        "voucher/ok": vector("account", account, mine, fits=True),
        "voucher/every-kind": vector("t", every, vouching.vouch("t", every), fits=True),
        "voucher/null-is-left-out": vector("account", {**account, "later": None}, mine, fits=True),
        "voucher/another-value": vector("account", {**account, "person": "erin-cole"}, mine, fits=False),
        "voucher/another-column": vector("account", {**account, "later": ""}, mine, fits=False),
        "voucher/another-table": vector("session", account, mine, fits=False),
        "voucher/another-kind": vector("account", {**account, "person": b"dana-reyes"}, mine, fits=False),
        "voucher/another-epoch": vector("account", account, b"\x00\x02" + mine[2:], fits=False),
        "voucher/cut": vector("account", account, mine[:-1], fits=False),
        "voucher/flipped": vector("account", account, flipped(mine, 20), fits=False),
        "voucher/a-table-of-two": summed,
    }


HOW = Stretching(Counted("salt").token(16), 1, 64, 1)
"""Cheap costs, so that the tests are fast; the passphrase is PASSPHRASE."""
MADE_AT = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def key_files_1() -> dict[str, bytes]:
    """`keys.json` of version 1, as the first release wrote it."""
    kek = hash_secret_raw(PASSPHRASE.encode(), HOW.salt, HOW.time_cost, HOW.memory_kib, HOW.lanes, 32, Type.ID)
    entropy = Counted("key file")
    keyring = wrap(kek, b"auricle/v1/keyring", _ring_1(ring(), Purpose), entropy)
    signing = wrap(kek, SIGNING_LABEL, Counted("signing").token(32), entropy)

    def file(keyring: bytes, signing: bytes, **new: object) -> bytes:
        content: dict[str, object] = {"format": "auricle-keys/1", "kek": "argon2id", "argon2id": HOW.data()}
        content |= {"keyring": b64encode(keyring).decode(), "signing": b64encode(signing).decode()} | new
        return _summed(content)

    good = file(keyring, signing)
    content = json.loads(good)
    partial = wrap(kek, b"auricle/v1/keyring", _ring_1(ring(), [p for p in Purpose if p is not Purpose.BLOB]), Counted("partial"))

    def changed(**new: object) -> bytes:
        return json.dumps(content | new, indent=1, sort_keys=True).encode() + b"\n"

    return {
        "keyfile/v1-ok.json": good,
        "keyfile/v1-damaged-checksum-wrong.json": changed(checksum="0" * 64),
        "keyfile/v1-damaged-format-unknown.json": changed(format="auricle-keys/9"),
        "keyfile/v1-damaged-cut.json": good[:-40],
        "keyfile/v1-damaged-not-json.json": b"\x00\x01\x02",
        "keyfile/v1-damaged-costs-changed.json": changed(argon2id=content["argon2id"] | {"memory_kib": 1 << 40}),
        "keyfile/v1-damaged-costs-out-of-range.json": file(keyring, signing, argon2id=HOW.data() | {"memory_kib": 1 << 40}),
        "keyfile/v1-damaged-keyring-flipped.json": file(flipped(keyring, 60), signing),
        "keyfile/v1-damaged-signing-key-swapped-with-keyring.json": file(keyring, keyring),
        "keyfile/v1-damaged-a-purpose-is-missing.json": file(partial, signing),
    }


def key_files() -> dict[str, bytes]:
    """`keys.json` of version 2 with two holders; generation 3."""
    root, entropy = Counted("root").token(32), Counted("key file 2")
    kek = hash_secret_raw(PASSPHRASE.encode(), HOW.salt, HOW.time_cost, HOW.memory_kib, HOW.lanes, 32, Type.ID)
    at = int(MADE_AT.timestamp())

    def holder(ident: str, kind: str, by: bytes, facts: dict[str, object]) -> Holder:
        return Holder(ident, kind, at, wrap(by, ROOT_LABEL + b"|" + ident.encode(), root, entropy), facts)

    phrase = holder("h0001", BY_PASSPHRASE, kek, {"argon2id": HOW.data()})
    paper = holder("h0002", RECOVERY, Counted("recovery").token(32), {"shares": 3, "needed": 2})
    keyring = Keyring.generate(Counted("keyring"), MADE_AT)

    def sealed(ring: Keyring, signing: bytes, holders: tuple[Holder, ...], generation: int) -> KeyDocument:
        bare = KeyDocument(holders, ring.wrapped(root, entropy), wrap(root, SIGNING_LABEL, signing, entropy))
        state = json.dumps({"generation": generation, "digest": bare.digest()}, sort_keys=True).encode()
        return replace(bare, state=wrap(root, STATE_LABEL, state, entropy))

    good = sealed(keyring, Counted("signing").token(32), (phrase, paper), 3)
    older = sealed(keyring, Counted("signing").token(32), (phrase, paper), 2)
    content = json.loads(good.encode())
    renamed, broken = replace(phrase, id="h0009"), replace(phrase, wrapped=flipped(phrase.wrapped, 40))
    return {
        "keyfile/ok.json": good.encode(),
        "keyfile/ok-of-generation-two.json": older.encode(),
        "keyfile/damaged-checksum-wrong.json": json.dumps(content | {"checksum": "0" * 64}, indent=1, sort_keys=True).encode() + b"\n",
        "keyfile/damaged-cut.json": good.encode()[:-40],
        "keyfile/damaged-holder-removed.json": replace(good, holders=(phrase,)).encode(),
        "keyfile/refused-holder-renamed.json": replace(good, holders=(renamed, paper)).encode(),
        "keyfile/damaged-holder-flipped.json": replace(good, holders=(broken, paper)).encode(),
        "keyfile/damaged-no-holders.json": replace(good, holders=()).encode(),
        "keyfile/damaged-costs-out-of-range.json": replace(
            good, holders=(replace(phrase, facts={"argon2id": HOW.data() | {"memory_kib": 1 << 40}}), paper)
        ).encode(),
        "keyfile/damaged-keyring-flipped.json": replace(good, keyring=flipped(good.keyring, 60)).encode(),
        "keyfile/damaged-keyring-of-an-older-writing.json": replace(good, keyring=older.keyring).encode(),
        "keyfile/damaged-state-of-an-older-writing.json": replace(good, state=older.state).encode(),
        "keyfile/damaged-signing-key-swapped-with-keyring.json": replace(good, signing=good.keyring).encode(),
        "keyfile/damaged-more-in-it.json": _summed({name: value for name, value in content.items() if name != "checksum"} | {"more": 1}),
    }


def _ring_1(keyring: Keyring, purposes: object) -> bytes:
    data = {p.value: {"1": b64encode(keyring.key(p, 1)).decode()} for p in purposes}  # type: ignore[attr-defined]
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _summed(content: dict[str, object]) -> bytes:
    checksum = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    return json.dumps(content | {"checksum": checksum}, indent=1, sort_keys=True).encode() + b"\n"


def vectors() -> dict[str, bytes]:
    """Every file of this folder by name."""
    described = fields() | record() | stream() | wrapping() | blind() | vouched()
    files = key_files_1() | key_files()
    return {f"{name}.json": json.dumps(vector, indent=1).encode() + b"\n" for name, vector in described.items()} | files


def main() -> None:
    for name, data in vectors().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
