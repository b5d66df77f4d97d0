"""WebAuthn ceremonies: the standard's own vectors, every check failing on its own, and bytes that no authenticator makes."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.authenticator import AT, BE, BS, UP, UV, Authenticator, b64, unb64
from webauthn.helpers import parse_attestation_object

from auricle.access.passkeys import NewPasskey, Passkey, PasskeyRefused, RelyingParty, relying_party
from auricle.adapters.webauthn import (
    creation_options,
    credential_id_of,
    request_options,
    user_handle_of,
    verify_assertion,
    verify_registration,
)
from auricle.kernel.ids import PersonId

ORIGIN = "https://phones.example:8443"
PARTY = RelyingParty("phones.example", ORIGIN, "Harbor Street")
CHALLENGE = bytes(range(32))
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "webauthn" / "w3c.json").read_text())["vectors"]
W3C = RelyingParty("example.org", "https://example.org", "W3C")


def kept(found: NewPasskey, **changes: Any) -> Passkey:
    passkey = Passkey(
        id="pk1",
        credential_id=found.credential_id,
        person=PersonId("dana-reyes"),
        name="Phone",
        public_key=found.public_key,
        sign_count=found.sign_count,
        backup_eligible=found.backup_eligible,
        backed_up=found.backed_up,
        transports=found.transports,
        created_at=datetime(2026, 11, 25, tzinfo=UTC),
        last_used_at=None,
        suspect=False,
    )
    return replace(passkey, **changes)


def create() -> dict[str, Any]:
    return creation_options(PARTY, b"h" * 32, "dana.reyes", "Dana Reyes", CHALLENGE, ())


@pytest.fixture
def authenticator() -> Authenticator:
    return Authenticator(ORIGIN, PARTY.id)


@pytest.fixture
def passkey(authenticator: Authenticator) -> Passkey:
    return kept(verify_registration(PARTY, CHALLENGE, authenticator.create(create())))


def vector(name: str) -> dict[str, Any]:
    return next(found for found in VECTORS if found["name"] == name)


def registration(found: dict[str, Any]) -> dict[str, Any]:
    parts = {name: b64(bytes.fromhex(found["registration"][name])) for name in ("clientDataJSON", "attestationObject")}
    credential_id = b64(bytes.fromhex(found["credential_id"]))
    return {"id": credential_id, "rawId": credential_id, "type": "public-key", "response": parts}


def assertion(found: dict[str, Any]) -> dict[str, Any]:
    names = ("clientDataJSON", "authenticatorData", "signature")
    parts = {name: b64(bytes.fromhex(found["authentication"][name])) for name in names}
    credential_id = b64(bytes.fromhex(found["credential_id"]))
    return {"id": credential_id, "rawId": credential_id, "type": "public-key", "response": parts}


def of_vector(found: dict[str, Any]) -> Passkey:
    data = parse_attestation_object(bytes.fromhex(found["registration"]["attestationObject"])).auth_data
    assert data.attested_credential_data is not None
    new = NewPasskey(
        credential_id=data.attested_credential_data.credential_id,
        public_key=data.attested_credential_data.credential_public_key,
        sign_count=0,
        backup_eligible=data.flags.be,
        backed_up=data.flags.bs,
        transports=(),
    )
    return kept(new)


# ---- the standard's vectors ------------------------------------------------------------------------


def test_self_attestation_of_the_standard_is_taken() -> None:
    found = vector("packed-self-es256")
    new = verify_registration(W3C, bytes.fromhex(found["registration"]["challenge"]), registration(found))
    assert new.credential_id.hex() == found["credential_id"]
    assert new.backup_eligible
    assert new.backed_up


UNVERIFIED = {
    "none-es256",
    "packed-self-es256",
    "packed-es512",
    "packed-rs256",
    "packed-eddsa",
    "android-key-es256",
    "apple-es256",
    "fido-u2f-es256",
}
IN_A_FRAME = {"none-es256-crossOrigin", "none-es256-topOrigin"}
OTHER_KEYS = {"packed-es384", "packed-ed448"}
"""Algorithms we do not offer (-35, -53); the standard's signatures of them may verify or not, their registration is refused."""


@pytest.mark.parametrize("found", VECTORS, ids=lambda found: str(found["name"]))
def test_assertions_of_the_standard(found: dict[str, Any]) -> None:
    """All that verified their user and ran in their own page are taken, whatever the key; all others are refused."""
    challenge = bytes.fromhex(found["authentication"]["challenge"])
    if found["name"] in UNVERIFIED | IN_A_FRAME:
        with pytest.raises(PasskeyRefused):
            verify_assertion(W3C, challenge, assertion(found), of_vector(found))
    elif found["name"] not in OTHER_KEYS:
        said = verify_assertion(W3C, challenge, assertion(found), of_vector(found))
        assert said.sign_count == 0


@pytest.mark.parametrize(
    "found", [found for found in VECTORS if found["name"] != "packed-self-es256"], ids=lambda found: str(found["name"])
)
def test_registrations_of_the_standard_that_we_do_not_take(found: dict[str, Any]) -> None:
    """No user verification, a frame of another site, or certificates that nobody asked for."""
    with pytest.raises(PasskeyRefused):
        verify_registration(W3C, bytes.fromhex(found["registration"]["challenge"]), registration(found))


# ---- registration ------------------------------------------------------------------------------------


def test_options_ask_for_a_discoverable_credential_a_verified_user_and_no_attestation(passkey: Passkey) -> None:
    options = creation_options(PARTY, b"h" * 32, "dana.reyes", "Dana Reyes", CHALLENGE, [passkey])
    assert options["rp"] == {"id": "phones.example", "name": "Harbor Street"}
    assert options["authenticatorSelection"] == {
        "residentKey": "preferred",
        "requireResidentKey": False,
        "userVerification": "required",
    }
    assert options["attestation"] == "none"
    assert options["timeout"] == 300_000
    assert unb64(options["challenge"]) == CHALLENGE
    assert options["excludeCredentials"] == [{"id": b64(passkey.credential_id), "type": "public-key", "transports": ["hybrid", "internal"]}]
    assert {entry["alg"] for entry in options["pubKeyCredParams"]} == {-8, -7, -257}


def test_a_registration_is_taken(authenticator: Authenticator) -> None:
    found = verify_registration(PARTY, CHALLENGE, authenticator.create(create(), flags=UP | UV | AT | BE | BS))
    assert found.credential_id == authenticator.credential_id
    assert (found.backup_eligible, found.backed_up, found.sign_count) == (True, True, 0)
    assert found.transports == ("hybrid", "internal")


@pytest.mark.parametrize(
    "faults",
    [
        {"challenge": b64(b"another challenge of 32 bytes...")},
        {"origin": "https://phones.example"},
        {"origin": "https://phones.example:8443.evil.example"},
        {"origin": "http://phones.example:8443"},
        {"rp_id": "example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.get"},
        {"flags": UP | AT},
        {"flags": UV | AT},
        {"flags": UP | UV | AT | BS},
        {"flags": UP | UV},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"crossOrigin": 1}},
        {"client_data": {"topOrigin": "https://evil.example"}},
        {"attestation": {"fmt": "none", "attStmt": {"x": 1}}},
        {"attestation": {"fmt": "tpm", "attStmt": {}}},
        {"attestation": {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"1", "x5c": [b"1"]}}},
        {"attestation": {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"1"}}},
        {"attestation": {"fmt": 3, "attStmt": {}}},
        {"attestation": {"fmt": "none", "attStmt": []}},
    ],
    ids=str,
)
def test_a_registration_with_a_fault_is_refused(authenticator: Authenticator, faults: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefused):
        verify_registration(PARTY, CHALLENGE, authenticator.create(create(), **faults))


def test_a_registration_that_names_another_credential_is_refused(authenticator: Authenticator) -> None:
    answer = authenticator.create(create()) | {"id": b64(b"other"), "rawId": b64(b"other")}
    with pytest.raises(PasskeyRefused, match="another credential"):
        verify_registration(PARTY, CHALLENGE, answer)


def test_a_credential_id_has_at_most_1023_bytes(authenticator: Authenticator) -> None:
    authenticator.credential_id = bytes(1024)
    with pytest.raises(PasskeyRefused):
        verify_registration(PARTY, CHALLENGE, authenticator.create(create()))
    authenticator.credential_id = bytes(1023)
    assert verify_registration(PARTY, CHALLENGE, authenticator.create(create())).credential_id == bytes(1023)


# ---- authentication ----------------------------------------------------------------------------------


def test_an_assertion_is_taken_and_says_counter_and_backup(authenticator: Authenticator) -> None:
    made = authenticator.create(create(), flags=UP | UV | AT | BE)
    passkey = kept(verify_registration(PARTY, CHALLENGE, made))
    said = verify_assertion(PARTY, CHALLENGE, authenticator.get(request_options(PARTY, CHALLENGE), flags=UP | UV | BE | BS), passkey)
    assert (said.sign_count, said.backed_up) == (1, True)


def test_weba_9ae1_a_counter_that_stays_0_verifies(authenticator: Authenticator, passkey: Passkey) -> None:
    """WEBA-9ae1: synced passkeys count nothing, and 0 is no failure."""
    authenticator.step = 0
    for _ in range(3):
        assert verify_assertion(PARTY, CHALLENGE, authenticator.get(request_options(PARTY, CHALLENGE)), passkey).sign_count == 0


@pytest.mark.parametrize(
    "faults",
    [
        {"challenge": b64(b"another challenge of 32 bytes...")},
        {"origin": "https://phones.example.evil.example:8443"},
        {"origin": "https://PHONES.example:8443"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.create"},
        {"flags": UP},
        {"flags": UV},
        {"flags": UP | UV | BE},
        {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
        {"signature": b""},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"topOrigin": ORIGIN}},
    ],
    ids=str,
)
def test_an_assertion_with_a_fault_is_refused(authenticator: Authenticator, passkey: Passkey, faults: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefused):
        verify_assertion(PARTY, CHALLENGE, authenticator.get(request_options(PARTY, CHALLENGE), **faults), passkey)


def test_an_assertion_of_another_key_is_refused(authenticator: Authenticator, passkey: Passkey) -> None:
    thief = Authenticator(ORIGIN, PARTY.id, credential_id=authenticator.credential_id)
    with pytest.raises(PasskeyRefused):
        verify_assertion(PARTY, CHALLENGE, thief.get(request_options(PARTY, CHALLENGE)), passkey)


def test_what_is_no_canonical_base64url_is_refused(authenticator: Authenticator, passkey: Passkey) -> None:
    good = authenticator.get(request_options(PARTY, CHALLENGE))
    for wrong in (good["rawId"] + "=", good["rawId"] + "\n", good["rawId"][:-1] + "é", "", None, 7):
        with pytest.raises(PasskeyRefused):
            credential_id_of(good | {"rawId": wrong})
    assert user_handle_of({"response": {"userHandle": None}}) == b""


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_bytes_get_past_the_two_answers(data: st.DataObject) -> None:
    """Whatever is sent, it is refused by name or (for the untouched answer) taken: the library's other errors do not come out."""
    authenticator = Authenticator(ORIGIN, PARTY.id)
    new = verify_registration(PARTY, CHALLENGE, authenticator.create(create()))
    made, used = authenticator.create(create()), authenticator.get(request_options(PARTY, CHALLENGE))
    answer, name = data.draw(
        st.sampled_from([(made, "attestationObject"), (made, "clientDataJSON"), (used, "authenticatorData"), (used, "clientDataJSON")])
    )
    raw = bytearray(unb64(answer["response"][name]))
    match data.draw(st.sampled_from(["flip", "cut", "cbor", "json", "bytes"])):
        case "flip":
            raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
        case "cut":
            del raw[data.draw(st.integers(0, len(raw) - 1)) :]
        case "cbor":
            leaf = st.none() | st.booleans() | st.integers(-300, 300) | st.binary(max_size=40) | st.text(max_size=5)
            key_parts = st.dictionaries(st.integers(-4, 4), leaf, max_size=6)
            key = cbor2.dumps(data.draw(key_parts | leaf))
            raw = bytearray(
                cbor2.dumps(
                    {
                        "fmt": "none",
                        "attStmt": {},
                        "authData": unb64(used["response"]["authenticatorData"])[:32]
                        + b"\x45"
                        + bytes(22)
                        + b"\x20"
                        + authenticator.credential_id
                        + key,
                    }
                )
            )
        case "json":
            raw = bytearray(json.dumps(data.draw(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=5))).encode())
        case "bytes":
            raw = bytearray(data.draw(st.binary(max_size=200)))
    changed = answer | {"response": answer["response"] | {name: b64(bytes(raw))}}
    try:
        if answer is made:
            verify_registration(PARTY, CHALLENGE, changed)
        else:
            verify_assertion(PARTY, CHALLENGE, changed, kept(new))
    except PasskeyRefused:
        return
    assert answer is made, "an assertion held although its bytes are others than the key signed"


def test_the_relying_party_is_the_host_of_the_origin() -> None:
    assert relying_party("https://phones.example:8443", "X") == RelyingParty("phones.example", "https://phones.example:8443", "X")
    assert relying_party("https://localhost:8443", "X") is not None
    assert relying_party("https://127.0.0.1:8443", "X") is None
    assert relying_party("https://[::1]:8443", "X") is None
