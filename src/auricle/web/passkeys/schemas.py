"""WebAuthn's own JSON forms (Level 3, 5.1.8 and 5.1.9), whose names are the standard's, and the list of passkeys."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from auricle.access.passkeys import MAX_NAME_CHARS, Passkey

MAX_CREDENTIAL_CHARS = 1400  # 1023 bytes in base64url
MAX_CLIENT_DATA_CHARS = 8192
MAX_ATTESTATION_CHARS = 16384  # a "none" attestation with an RSA key is under 2 kB
Type = Literal["public-key"]


class Descriptor(BaseModel):
    """PublicKeyCredentialDescriptorJSON."""

    id: str
    type: Type = "public-key"
    transports: list[str] = []


class RelyingPartyEntity(BaseModel):
    """PublicKeyCredentialRpEntity."""

    id: str
    name: str


class UserEntity(BaseModel):
    """PublicKeyCredentialUserEntityJSON; `id` is random and says nothing about the person."""

    id: str
    name: str
    displayName: str


class KeyParameters(BaseModel):
    """PublicKeyCredentialParameters."""

    type: Type = "public-key"
    alg: int


class AuthenticatorSelection(BaseModel):
    """AuthenticatorSelectionCriteria."""

    residentKey: str
    requireResidentKey: bool
    userVerification: str


class CreationOptions(BaseModel):
    """PublicKeyCredentialCreationOptionsJSON: give it to `PublicKeyCredential.parseCreationOptionsFromJSON`."""

    rp: RelyingPartyEntity
    user: UserEntity
    challenge: str
    pubKeyCredParams: list[KeyParameters]
    timeout: int
    excludeCredentials: list[Descriptor]
    authenticatorSelection: AuthenticatorSelection
    attestation: str


class RequestOptions(BaseModel):
    """PublicKeyCredentialRequestOptionsJSON: give it to `PublicKeyCredential.parseRequestOptionsFromJSON`."""

    challenge: str
    timeout: int
    rpId: str
    allowCredentials: list[Descriptor]
    userVerification: str


class AttestationAnswer(BaseModel):
    """AuthenticatorAttestationResponseJSON; what we do not use of it is dropped."""

    clientDataJSON: str = Field(max_length=MAX_CLIENT_DATA_CHARS)
    attestationObject: str = Field(max_length=MAX_ATTESTATION_CHARS)
    transports: list[str] = Field(default=[], max_length=16)


class NewCredential(BaseModel):
    """RegistrationResponseJSON: what `credential.toJSON()` gives after `navigator.credentials.create`."""

    id: str = Field(max_length=MAX_CREDENTIAL_CHARS)
    rawId: str = Field(max_length=MAX_CREDENTIAL_CHARS)
    type: Type
    response: AttestationAnswer


class RegistrationForm(BaseModel):
    """A new passkey and the name its person gives it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)
    credential: NewCredential


class AssertionAnswer(BaseModel):
    """AuthenticatorAssertionResponseJSON."""

    clientDataJSON: str = Field(max_length=MAX_CLIENT_DATA_CHARS)
    authenticatorData: str = Field(max_length=4096)
    signature: str = Field(max_length=2048)
    userHandle: str | None = Field(default=None, max_length=128)


class UsedCredential(BaseModel):
    """AuthenticationResponseJSON: what `credential.toJSON()` gives after `navigator.credentials.get`."""

    id: str = Field(max_length=MAX_CREDENTIAL_CHARS)
    rawId: str = Field(max_length=MAX_CREDENTIAL_CHARS)
    type: Type
    response: AssertionAnswer


class AssertionForm(BaseModel):
    """A passkey that was used."""

    model_config = ConfigDict(extra="forbid")

    credential: UsedCredential


class RenameForm(BaseModel):
    """Another name."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME_CHARS)


class PasskeyView(BaseModel):
    """One passkey. `backed_up`: its maker keeps a copy, so a lost device does not lose it. `suspect`: its counter went back once."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    backed_up: bool
    suspect: bool


class PasskeyList(BaseModel):
    """The person's passkeys; `available` false means that browsers give none to the address the console is reached by."""

    available: bool
    passkeys: list[PasskeyView]


def passkey_view(passkey: Passkey) -> PasskeyView:
    """What its person sees of a passkey."""
    return PasskeyView(
        id=passkey.id,
        name=passkey.name,
        created_at=passkey.created_at,
        last_used_at=passkey.last_used_at,
        backed_up=passkey.backed_up,
        suspect=passkey.suspect,
    )
