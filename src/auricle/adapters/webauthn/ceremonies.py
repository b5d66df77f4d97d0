"""Options for the browser, and the verification of its answers (WebAuthn L3 7.1 and 7.2).

User verification is always required. Attestation is not asked for: an answer that comes with certificates is refused unread.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import cbor2
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from auricle.access.ceremonies import CEREMONY_S
from auricle.access.passkeys import Assertion, NewPasskey, Passkey, PasskeyRefused, RelyingParty
from auricle.adapters.webauthn.reading import base64url, check_client_data, credential_id_of

TRANSPORTS = {transport.value: transport for transport in AuthenticatorTransport}
# The library lets these through for bytes that no authenticator makes; tests/unit/adapters/test_webauthn.py throws such bytes at it.
MALFORMED = (WebAuthnException, cbor2.CBORError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


def creation_options(
    party: RelyingParty, handle: bytes, username: str, display_name: str, challenge: bytes, existing: Iterable[Passkey]
) -> dict[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON; `handle` is random, `existing` keeps an authenticator from being registered twice."""
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=handle,
        user_name=username,
        user_display_name=display_name,
        challenge=challenge,
        timeout=int(CEREMONY_S * 1000),
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED,
            require_resident_key=False,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
    )
    return options_to_json_dict(options)


def request_options(party: RelyingParty, challenge: bytes, allowed: Iterable[Passkey] = ()) -> dict[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON; without `allowed` the browser offers whatever it has for us (discoverable credentials)."""
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        timeout=int(CEREMONY_S * 1000),
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def verify_registration(party: RelyingParty, challenge: bytes, credential: Mapping[str, Any]) -> NewPasskey:
    """A new passkey, once its answer holds. Raises PasskeyRefused."""
    answer = _answer(credential, ("clientDataJSON", "attestationObject"))
    check_client_data(answer["clientDataJSON"])
    _check_attestation(answer["attestationObject"])
    claimed = credential_id_of(credential)
    try:
        verified = verify_registration_response(
            credential=_for_library(credential, ("clientDataJSON", "attestationObject")),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except MALFORMED:
        raise PasskeyRefused("the registration does not verify") from None
    if verified.credential_id != claimed:
        raise PasskeyRefused("the answer names another credential than the authenticator")
    transports = credential["response"].get("transports") or ()
    return NewPasskey(
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        backup_eligible=verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        backed_up=verified.credential_backed_up,
        transports=tuple(sorted({name for name in transports if name in TRANSPORTS})),
    )


def verify_assertion(party: RelyingParty, challenge: bytes, credential: Mapping[str, Any], passkey: Passkey) -> Assertion:
    """What the authenticator says, once its answer holds; the counter is the caller's to judge. Raises PasskeyRefused."""
    answer = _answer(credential, ("clientDataJSON", "authenticatorData", "signature"))
    check_client_data(answer["clientDataJSON"])
    if credential_id_of(credential) != passkey.credential_id:
        raise PasskeyRefused("the answer is of another passkey")
    try:
        verified = verify_authentication_response(
            credential=_for_library(credential, ("clientDataJSON", "authenticatorData", "signature")),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,  # judged by access.passkeys.counter_went_back, which tells it from a bad signature
            require_user_verification=True,
        )
    except MALFORMED:
        raise PasskeyRefused("the signature does not verify") from None
    if (verified.credential_device_type is CredentialDeviceType.MULTI_DEVICE) is not passkey.backup_eligible:
        raise PasskeyRefused("the passkey became one of another kind")  # L3 7.2 step 18: BE never changes
    return Assertion(verified.new_sign_count, verified.credential_backed_up)


def user_handle_of(credential: Mapping[str, Any]) -> bytes:
    """The user handle that an answer brings; empty where it brings none. Raises PasskeyRefused."""
    handle = credential["response"].get("userHandle")
    return base64url(handle) if handle else b""


def _check_attestation(attestation: bytes) -> None:
    """Only no attestation or the authenticator's own signature: certificates were not asked for and are not parsed."""
    try:
        data = cbor2.loads(attestation)
    except MALFORMED:
        raise PasskeyRefused("the attestation is no CBOR") from None
    if not isinstance(data, dict) or not isinstance(data.get("attStmt"), dict):
        raise PasskeyRefused("the attestation has no statement")
    statement = data["attStmt"]
    none = data.get("fmt") == "none" and not statement  # L3 8.7: an empty map
    own = data.get("fmt") == "packed" and not statement.keys() - {"alg", "sig"}  # L3 8.2: self attestation
    if not none and not own:
        raise PasskeyRefused("the attestation is of a kind that was not asked for")


def _answer(credential: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, bytes]:
    """The parts of an answer, decoded."""
    return {name: base64url(credential["response"].get(name)) for name in names}


def _for_library(credential: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Only what the library is to look at."""
    response = {name: credential["response"][name] for name in names}
    return {"id": credential.get("id"), "rawId": credential.get("rawId"), "type": credential.get("type"), "response": response}


def _descriptors(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=passkey.credential_id, transports=[TRANSPORTS[name] for name in passkey.transports])
        for passkey in passkeys
    ]
