"""Checkpoints: a signed note of C2SP, read strictly; other signers are passed over, not trusted."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from auricle.audit.checkpoint import BadCheckpoint, Checkpoint, read_vkey, sign, verify, vkey

ORIGIN = "harborstreet.example/audit"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
VERIFIER = vkey(ORIGIN, KEY.public_key())
STATE = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign(STATE, KEY)


def test_a_known_note() -> None:
    body, _, signatures = NOTE.partition("\n\n")
    assert body == f"{ORIGIN}\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signatures.startswith(f"\u2014 {ORIGIN} ")
    assert signatures.endswith("\n")


def test_the_example_key_of_the_signed_note_spec() -> None:
    """The key of the C2SP signed-note examples: PeterNeumann, hash c74f20a3."""
    name, key = read_vkey("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    assert name == "PeterNeumann"
    assert vkey(name, key) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_signed_checkpoint_is_read() -> None:
    assert verify(NOTE, VERIFIER) == STATE


@given(st.integers(0, 10**18 - 1), st.binary(min_size=32, max_size=32))
def test_round_trip(size: int, root: bytes) -> None:
    state = Checkpoint(ORIGIN, size, root)
    assert verify(sign(state, KEY), VERIFIER) == state


@given(st.integers(0, len(NOTE) - 1), st.characters())
def test_any_changed_character_is_found(at: int, character: str) -> None:
    changed = NOTE[:at] + character + NOTE[at + 1 :]
    if changed == NOTE:
        return
    with pytest.raises(BadCheckpoint):
        verify(changed, VERIFIER)


@given(st.text(max_size=80))
def test_rubbish_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        verify(text, VERIFIER)
    with pytest.raises(BadCheckpoint):
        verify(NOTE, text)


def cosignature(name: str, key: Ed25519PrivateKey) -> str:
    return sign(Checkpoint(name, 1, bytes(32)), key).partition("\n\n")[2]


def test_signatures_of_others_are_passed_over() -> None:
    body, _, ours = NOTE.partition("\n\n")
    unknown = f"\u2014 {ORIGIN} {b64encode(bytes(68)).decode()}\n"
    note = f"{body}\n\n{cosignature('witness.example', OTHER)}{unknown}{ours}"
    assert verify(note, VERIFIER) == STATE


def test_an_extension_line_is_allowed_and_signed() -> None:
    body = f"{STATE.body()}witnessed soon\n"
    signature = b64encode(bytes.fromhex(VERIFIER.split("+")[1]) + KEY.sign(body.encode())).decode()
    assert verify(f"{body}\n\u2014 {ORIGIN} {signature}\n", VERIFIER) == STATE


def test_the_last_empty_line_parts_text_and_signatures() -> None:
    body = f"{STATE.body()}\nmore\n"
    signature = b64encode(bytes.fromhex(VERIFIER.split("+")[1]) + KEY.sign(body.encode())).decode()
    assert verify(f"{body}\n\u2014 {ORIGIN} {signature}\n", VERIFIER) == STATE


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (sign(STATE, OTHER), "another key of this name"),
        (sign(Checkpoint("elsewhere.example/audit", 42, bytes(32)), KEY), "not signed by this key"),
        (NOTE[:-1], "no signed note"),
        (NOTE.replace("\n\n", "\n"), "no signed note"),
        (NOTE + "x" * 70000 + "\n", "no signed note"),
        (NOTE.replace("\u2014", "-"), "signature line"),
        (NOTE[:-3] + "!!\n", "signature line"),
        (sign(Checkpoint(ORIGIN, 42, bytes(31)), KEY), "root"),
    ],
)
def test_what_is_wrong_is_said(note: str, words: str) -> None:
    with pytest.raises(BadCheckpoint, match=words):
        verify(note, VERIFIER)


@pytest.mark.parametrize("size", ["042", "-1", "4 2", "\u0664\u0662", "", "9" * 19, "4_2", "+42"])
def test_a_size_has_one_spelling(size: str) -> None:
    body = STATE.body().replace("42", size)
    signature = b64encode(bytes.fromhex(VERIFIER.split("+")[1]) + KEY.sign(body.encode())).decode()
    with pytest.raises(BadCheckpoint, match="body"):
        verify(f"{body}\n\u2014 {ORIGIN} {signature}\n", VERIFIER)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\tb", "a\u2028b"])
def test_a_log_has_a_name_that_a_key_may_have(name: str) -> None:
    with pytest.raises(BadCheckpoint, match="name"):
        vkey(name, KEY.public_key())
    with pytest.raises(BadCheckpoint, match="name"):
        sign(Checkpoint(name, 0, bytes(32)), KEY)


@pytest.mark.parametrize(
    "text",
    [
        VERIFIER.replace("+", " "),
        VERIFIER.upper(),
        VERIFIER[:-1],
        VERIFIER + "=",
        VERIFIER.replace(ORIGIN, "other"),
        vkey(ORIGIN, OTHER.public_key()).replace(vkey(ORIGIN, OTHER.public_key()).split("+")[1], VERIFIER.split("+")[1]),
        "name+00000000+" + b64encode(b"\x02" + bytes(32)).decode(),
        "name+00000000+" + b64encode(b"\x01" + bytes(31)).decode(),
    ],
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        read_vkey(text)


def test_a_key_is_read_as_it_was_written() -> None:
    name, key = read_vkey(f" {VERIFIER}\n")
    assert isinstance(key, Ed25519PublicKey)
    assert (name, key.public_bytes_raw()) == (ORIGIN, KEY.public_key().public_bytes_raw())
