"""Cosignatures: the wire format of C2SP tlog-witness and tlog-cosignature, and what is no signature of the witness we trust."""

import hashlib
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.audit.checkpoint import BadCheckpoint, Checkpoint, sign, verify, vkey
from auricle.audit.cosignature import WitnessKey, add_checkpoint, cosignature

LOG, KEY, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32) for seed in (1, 2, 3))
ORIGIN, NAME = "harborstreet.example/audit", "witness.example/w1"
NL = b"\n"
NOTE = sign(Checkpoint(ORIGIN, 42, bytes(range(32))), LOG)


def witness_vkey(key: Ed25519PrivateKey = KEY, name: str = NAME, kind: bytes = b"\x04") -> str:
    raw = kind + key.public_key().public_bytes_raw()
    return f"{name}+{hashlib.sha256(name.encode() + NL + raw).digest()[:4].hex()}+{b64encode(raw).decode()}"


def line(key: Ed25519PrivateKey = KEY, name: str = NAME, stamp: int = 1679315147, note: str = NOTE, said: int | None = None) -> str:
    raw = b"\x04" + key.public_key().public_bytes_raw()
    ident = hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]
    text = f"cosignature/v1\ntime {stamp}\n{note.rpartition(chr(10) * 2)[0]}\n"
    shown = (stamp if said is None else said).to_bytes(8, "big")
    return f"\u2014 {name} {b64encode(ident + shown + key.sign(text.encode())).decode()}\n"


WITNESS = WitnessKey.parse(witness_vkey())


def test_the_request_is_that_of_the_spec() -> None:
    assert add_checkpoint(7, [bytes(32)], NOTE).decode() == f"old 7\n{b64encode(bytes(32)).decode()}\n\n{NOTE}"
    assert add_checkpoint(0, [], NOTE).decode() == f"old 0\n\n{NOTE}"
    with pytest.raises(ValueError, match="64"):
        add_checkpoint(1, [bytes(32)] * 64, NOTE)


def test_a_cosignature_is_read_among_those_of_others() -> None:
    found = cosignature(line(OTHER, "other.example/w") + "rubbish\n" + line(), NOTE, WITNESS)
    assert (found.witness, found.timestamp, found.line) == (NAME, 1679315147, line())


def test_a_note_with_a_cosignature_still_verifies() -> None:
    assert verify(NOTE + line(), vkey(ORIGIN, LOG.public_key())).size == 42


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "no cosignature"),
        (line(OTHER), "no cosignature"),
        (line(name="elsewhere.example"), "no cosignature"),
        (line(said=1679315148), "does not hold"),
        (line(note=sign(Checkpoint(ORIGIN, 43, bytes(32)), LOG)), "does not hold"),
        (line()[:-8] + "\n", "no cosignature"),
        (line().replace("\u2014", "-"), "no cosignature"),
    ],
)
def test_what_is_no_cosignature_of_it(answer: str, words: str) -> None:
    with pytest.raises(BadCheckpoint, match=words):
        cosignature(answer, NOTE, WITNESS)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a+b",
        witness_vkey(kind=b"\x01"),
        witness_vkey().replace(NAME, "x"),
        witness_vkey(name="a b"),
        vkey(ORIGIN, LOG.public_key()),
        NAME + "+00000000+" + b64encode(b"\x04" + bytes(31)).decode(),
    ],
)
def test_a_key_that_is_none(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        WitnessKey.parse(text)


def test_the_key_id_has_the_algorithm_in_it() -> None:
    assert WITNESS.id != hashlib.sha256(NAME.encode() + b"\n\x01" + KEY.public_key().public_bytes_raw()).digest()[:4]
    assert b64decode(line().split(" ")[2])[:4] == WITNESS.id
