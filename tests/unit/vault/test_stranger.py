"""A reader written from docs/specs alone, with no import of ours: it must agree with every vector, or the specs are wrong."""

import base64
import hashlib
import hmac
import json
import struct
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEYFILES = Path(__file__).parents[2] / "vectors" / "vault" / "keyfile"


class CannotOpenError(Exception):
    pass


def field(v: dict[str, Any]) -> bytes:
    """docs/specs/sealed-fields.md, with a keyring that holds epoch 1."""
    sealed = bytes.fromhex(v["sealed"])
    if len(sealed) < 2 + 1 + 12 + 16:
        raise CannotOpenError("corrupt")
    epoch, version, nonce, body = struct.unpack(">H", sealed[:2])[0], sealed[2], sealed[3:15], sealed[15:]
    if epoch != 1:
        raise CannotOpenError("wrong-key")
    if version != 1:
        raise CannotOpenError("unknown-format")
    names = [v[key].encode() for key in ("practice", "table", "column", "row")]
    associated = b"auricle/v1/field|" + v["purpose"].encode() + b"|" + str(epoch).encode() + b"|"
    associated += b"".join(struct.pack(">H", len(name)) + name for name in names)
    return decrypt(bytes.fromhex(v["key"]), nonce, body, associated)


def decrypt(key: bytes, nonce: bytes, body: bytes, associated: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, body, associated)
    except InvalidTag:
        raise CannotOpenError("corrupt") from None


def hkdf(secret: bytes, salt: bytes | None, info: bytes, size: int) -> bytes:
    return HKDF(hashes.SHA256(), size, salt, info).derive(secret)


def segments_of(v: dict[str, Any]) -> tuple[list[bytes | None], bool]:
    """docs/specs/sealed-audio.md: each segment, None where it does not open; and whether the last one is the last."""
    data = bytes.fromhex(v["sealed"])
    if data[:4] != b"AUR1":
        raise CannotOpenError("unknown-format")
    if len(data) < 47:
        raise CannotOpenError("corrupt")
    size, salt, prefix = struct.unpack(">I", data[4:8])[0], data[8:40], data[40:47]
    if not 0 < size <= 1 << 20:
        raise CannotOpenError("corrupt")
    cipher = AESGCM(hkdf(bytes.fromhex(v["key"]), salt, b"auricle/v1/recording|" + v["name"].encode(), 32))
    pieces = [data[at : at + size + 16] for at in range(47, len(data), size + 16)]
    out: list[bytes | None] = []
    complete = False
    whole = sum(len(piece) == size + 16 for piece in pieces)
    for index, piece in enumerate(pieces):
        found = None
        for last in (0, 1) if index >= whole - 1 else (0,):
            try:
                found = cipher.decrypt(prefix + struct.pack(">IB", index, last), piece, data[:47])
                complete = bool(last) and index == len(pieces) - 1
            except InvalidTag:
                continue
        out.append(found)
    if not any(piece is not None for piece in out):
        raise CannotOpenError("corrupt")
    return out, complete


def unwrap(kek: bytes, label: bytes, wrapped: bytes) -> bytes:
    """docs/specs/keyring.md, wrapping."""
    both = hkdf(kek, None, label, 48)
    fits = hmac.compare_digest(wrapped[:16], both[32:])
    if wrapped[16:17] not in (b"\x01", b"") and fits:
        raise CannotOpenError("unknown-format")
    try:
        secret = decrypt(both[:32], wrapped[17:29], wrapped[29:], label) if len(wrapped) >= 45 else None
    except CannotOpenError:
        secret = None
    if secret is None or not fits:
        raise CannotOpenError("corrupt" if fits or secret is not None else "wrong-key")
    return secret


def answer(act: Any, *arguments: Any) -> tuple[str, Any]:
    try:
        return "ok", act(*arguments)
    except CannotOpenError as error:
        return str(error), None


def test_field(field_vector: dict[str, Any]) -> None:
    wanted, text = answer(field, field_vector)
    assert wanted == field_vector["wanted"]
    assert text is None or text.decode() == field_vector["text"]


def test_stream(stream_vector: dict[str, Any]) -> None:
    wanted, found = answer(segments_of, stream_vector)
    assert wanted == stream_vector["wanted"]
    if found is not None:
        segments, complete = found
        assert complete == stream_vector["complete"]
        assert [index for index, segment in enumerate(segments) if segment is None] == stream_vector["damaged"]


def test_wrapping(wrapping_vector: dict[str, Any]) -> None:
    v = wrapping_vector
    wanted, secret = answer(unwrap, bytes.fromhex(v["kek"]), v["label"].encode(), bytes.fromhex(v["wrapped"]))
    assert wanted == v["wanted"]
    assert secret is None or secret.hex() == v["secret"]


def test_blind(blind_vector: dict[str, Any]) -> None:
    v = blind_vector
    context = v["context"].encode()
    message = b"auricle/v1/blind" + struct.pack(">H", len(context)) + context + v["value"].encode(errors="surrogatepass")
    mac = hmac.new(bytes.fromhex(v["key"]), message, hashlib.sha256).hexdigest()[:32]
    assert v["index"] in (struct.pack(">H", v["epoch"]).hex() + mac, mac)


def row_message(v: dict[str, Any], row: dict[str, Any]) -> bytes:
    """docs/specs/vouched-rows.md."""
    practice, table = v["practice"].encode(), v["table"].encode()
    columns = sorted((name.encode(), *value) for name, value in row.items() if value is not None)
    out = struct.pack(">H", len(practice)) + practice + struct.pack(">H", len(table)) + table + struct.pack(">H", len(columns))
    for name, kind, value in columns:
        data = {
            "text": lambda value: b"t" + length4(value.encode()),
            "bytes": lambda value: b"b" + length4(bytes.fromhex(value)),
            "bool": lambda value: b"o" + length4(bytes([value])),
            "int": lambda value: b"i" + length4(str(value).encode()),
            "float": lambda value: b"f" + length4(struct.pack(">d", value)),
        }[kind](value)
        out += struct.pack(">H", len(name)) + name + data
    return out


def length4(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def test_voucher(voucher_vector: dict[str, Any]) -> None:
    v = voucher_vector
    key = hkdf(bytes.fromhex(v["key"]), None, b"auricle/v1/vouched-row", 32)
    mac = hmac.new(key, row_message(v, v["row"]), hashlib.sha256).digest()
    assert (bytes.fromhex(v["voucher"]) == struct.pack(">H", 1) + mac) == v["fits"]


def test_a_table_of_two(voucher_vector: dict[str, Any]) -> None:
    v = voucher_vector
    if "digest" not in v:
        return
    key, digest = hkdf(bytes.fromhex(v["key"]), None, b"auricle/v1/vouched-set", 32), bytes.fromhex(v["digest"])
    practice, table = v["practice"].encode(), v["table"].encode()
    names = struct.pack(">H", len(practice)) + practice + struct.pack(">H", len(table)) + table

    def number(message: bytes) -> int:
        return int.from_bytes(hmac.new(key, message, hashlib.sha256).digest(), "big")

    rows = [v["row"], *({**v["row"], **other} for other in v["others"])]
    total = sum(number(b"\x01" + row_message(v, row)) for row in rows) + number(b"\x00" + names + digest[2:18])
    assert digest == struct.pack(">H", 1) + digest[2:18] + (total % 2**256).to_bytes(32, "big")


def test_record(record_vector: dict[str, Any]) -> None:
    v = dict(record_vector)
    sealed = bytes.fromhex(v["sealed"])
    assert sealed[:2] == b"\0\0"
    info = b"auricle/v1/record-field|" + v["purpose"].encode() + b"|" + v["row"].encode()
    key = hkdf(bytes.fromhex(v["key"]), None, info, 32)
    names = [v[name].encode() for name in ("practice", "table", "column", "row")]
    associated = b"auricle/v1/field|" + v["purpose"].encode() + b"|0|" + b"".join(struct.pack(">H", len(name)) + name for name in names)
    if sealed[2] != 1:
        assert v["wanted"] == "unknown-format"
        return
    wanted, text = answer(decrypt, key, sealed[3:15], sealed[15:], associated)
    assert wanted == v["wanted"]
    assert text is None or text.decode() == v["text"]


def stretched(costs: dict[str, Any]) -> bytes:
    secret = unicodedata.normalize("NFC", "correct horse battery staple").encode()
    salt = base64.b64decode(costs["salt"])
    return hash_secret_raw(secret, salt, costs["time_cost"], costs["memory_kib"], costs["lanes"], 32, Type.ID)


def canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def test_key_file() -> None:
    content = json.loads((KEYFILES / "ok.json").read_text())
    checksum = content.pop("checksum")
    assert hashlib.sha256(canonical(content)).hexdigest() == checksum
    holder = next(one for one in content["holders"] if one["kind"] == "passphrase")
    label = b"auricle/v2/root-key|" + holder["id"].encode()
    root = unwrap(stretched(holder["facts"]["argon2id"]), label, base64.b64decode(holder["wrapped"]))
    state = json.loads(unwrap(root, b"auricle/v2/key-file", base64.b64decode(content["state"])))
    rest = {name: content[name] for name in ("holders", "keyring", "signing")}
    assert state == {"generation": 3, "digest": hashlib.sha256(canonical(rest)).hexdigest()}
    ring = json.loads(unwrap(root, b"auricle/v2/keyring", base64.b64decode(content["keyring"])))
    assert ring["call-record"]["1"]["made_at"] == 1795597200
    assert len(base64.b64decode(ring["call-record"]["1"]["key"])) == 32
    assert len(unwrap(root, b"auricle/v1/audit-signing-key", base64.b64decode(content["signing"]))) == 32
    with pytest.raises(CannotOpenError, match="wrong-key"):
        unwrap(bytes(32), b"auricle/v2/keyring", base64.b64decode(content["keyring"]))


def test_key_file_of_version_1() -> None:
    content = json.loads((KEYFILES / "v1-ok.json").read_text())
    checksum = content.pop("checksum")
    assert hashlib.sha256(canonical(content)).hexdigest() == checksum
    kek = stretched(content["argon2id"])
    ring = json.loads(unwrap(kek, b"auricle/v1/keyring", base64.b64decode(content["keyring"])))
    assert len(base64.b64decode(ring["call-record"]["1"])) == 32
    assert len(unwrap(kek, b"auricle/v1/audit-signing-key", base64.b64decode(content["signing"]))) == 32
