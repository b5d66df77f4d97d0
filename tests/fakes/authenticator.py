"""An authenticator in software: makes real ceremonies with real keys, and any fault a test asks for."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key

UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    """Its inverse."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One passkey. `step` is how much the counter grows with each use; 0 is what synced passkeys do."""

    origin: str
    rp_id: str
    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    handle: bytes = b""
    counter: int = 0
    step: int = 1

    def create(self, options: dict[str, Any], *, flags: int = UP | UV | AT, **faults: Any) -> dict[str, Any]:
        """The answer to creation options."""
        self.handle = unb64(options["user"]["id"])
        point = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cose
        data = self._data(flags, faults) + attested
        attestation = faults.get("attestation") or {"fmt": "none", "attStmt": {}, "authData": data}
        answer = {
            "clientDataJSON": b64(self._client_data("webauthn.create", options["challenge"], faults)),
            "attestationObject": b64(cbor2.dumps(attestation | {"authData": data})),
            "transports": ["internal", "hybrid"],
        }
        return {"id": b64(self.credential_id), "rawId": b64(self.credential_id), "type": "public-key", "response": answer}

    def get(self, options: dict[str, Any], *, flags: int = UP | UV, **faults: Any) -> dict[str, Any]:
        """The answer to request options."""
        self.counter += self.step
        data = self._data(flags, faults)
        client_data = self._client_data("webauthn.get", options["challenge"], faults)
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ECDSA(hashes.SHA256()))
        answer = {
            "clientDataJSON": b64(client_data),
            "authenticatorData": b64(data),
            "signature": b64(faults.get("signature", signature)),
            "userHandle": b64(faults.get("handle", self.handle)),
        }
        return {"id": b64(self.credential_id), "rawId": b64(self.credential_id), "type": "public-key", "response": answer}

    def _data(self, flags: int, faults: dict[str, Any]) -> bytes:
        hashed = hashlib.sha256(faults.get("rp_id", self.rp_id).encode()).digest()
        return hashed + bytes([flags]) + int(faults.get("counter", self.counter)).to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str, faults: dict[str, Any]) -> bytes:
        data = {
            "type": faults.get("type", kind),
            "challenge": faults.get("challenge", challenge),
            "origin": faults.get("origin", self.origin),
            "crossOrigin": False,
        }
        return json.dumps(data | faults.get("client_data", {})).encode()
