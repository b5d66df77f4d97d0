"""A program that stands for Google Cloud KMS (REST v1) and for the token endpoint of service accounts before it (RFC 7523).

`kms_gcp.py CREDENTIALS_FILE` writes a service account's file and prints its port. `POST /control {"mode": …}` makes it refuse.
"""

import json
import os
import sys
import time
from base64 import b64decode, b64encode, urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = "projects/harbor/locations/us/keyRings/phones/cryptoKeys/root"
SCOPE = "https://www.googleapis.com/auth/cloudkms"
REFUSALS = {
    "denied": (403, "PERMISSION_DENIED", "Permission 'cloudkms.cryptoKeyVersions.useToDecrypt' denied"),
    "disabled": (400, "FAILED_PRECONDITION", f"{KEY}/cryptoKeyVersions/1 is not enabled, current state is: DISABLED."),
    "gone": (404, "NOT_FOUND", "CryptoKey not found."),
}


class Kms(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    private: ClassVar[rsa.RSAPrivateKey]
    email: ClassVar[str] = "phones@harbor.iam.gserviceaccount.com"
    state: ClassVar[dict[str, Any]] = {"mode": "ok", "count": 0}
    tokens: ClassVar[set[str]] = set()
    key: ClassVar[AESGCM] = AESGCM(os.urandom(32))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/control":
            self.state.update({"count": 0} | json.loads(body))
            return self._answer(200, self.state)
        if self.path == "/token":
            return self._token(parse_qs(body.decode()))
        mode = self.state["mode"]
        if mode == "hang":
            time.sleep(30)
            return None
        if mode == "throttle" and self.state["count"] > 0:
            self.state["count"] -= 1
            return self._refuse(429, "RESOURCE_EXHAUSTED", "Quota exceeded")
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._refuse(401, "UNAUTHENTICATED", "Request had invalid authentication credentials")
        if mode in REFUSALS:
            return self._refuse(*REFUSALS[mode])
        name, _, verb = self.path.removeprefix("/v1/").rpartition(":")
        if name != KEY:
            return self._refuse(404, "NOT_FOUND", "CryptoKey not found.")
        return self._act(verb, json.loads(body))

    def _act(self, verb: str, asked: dict[str, str]) -> None:
        associated = b64decode(asked["additionalAuthenticatedData"], validate=True)
        if verb == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + self.key.encrypt(nonce, b64decode(asked["plaintext"]), associated)
            return self._answer(200, {"name": f"{KEY}/cryptoKeyVersions/1", "ciphertext": b64encode(sealed).decode()})
        sealed = b64decode(asked["ciphertext"])
        try:
            text = self.key.decrypt(sealed[:12], sealed[12:], associated)
        except (InvalidTag, ValueError):
            return self._refuse(400, "INVALID_ARGUMENT", "Decryption failed: verify that 'name' refers to the correct CryptoKey.")
        return self._answer(200, {"plaintext": b64encode(text).decode(), "usedPrimary": True})

    def _token(self, asked: dict[str, list[str]]) -> None:
        head, claims, signature = asked["assertion"][0].split(".")
        try:
            self.private.public_key().verify(_raw(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return self._answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        said = json.loads(_raw(claims))
        right = said["iss"] == self.email and said["scope"] == SCOPE and said["exp"] > time.time() and said["aud"].endswith("/token")
        if not right or asked["grant_type"] != ["urn:ietf:params:oauth:grant-type:jwt-bearer"] or self.state["mode"] == "no-token":
            return self._answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT."})
        token = f"ya29.{os.urandom(12).hex()}"
        self.tokens.add(token)
        return self._answer(200, {"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    def _refuse(self, code: int, status: str, text: str) -> None:
        self._answer(code, {"error": {"code": code, "message": text, "status": status}})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _raw(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def write_credentials(path: Path, port: int) -> None:
    """A service account's key file, whose token endpoint is this program."""
    pem = Kms.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    content = {
        "type": "service_account",
        "project_id": "harbor",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "client_email": Kms.email,
        "client_id": "1",
        "token_uri": f"http://127.0.0.1:{port}/token",
        "universe_domain": "googleapis.com",
    }
    path.write_text(json.dumps(content))


if __name__ == "__main__":
    Kms.private = rsa.generate_private_key(65537, 2048)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Kms)
    server.daemon_threads = True
    write_credentials(Path(sys.argv[1]), server.server_port)
    print(server.server_port, flush=True)
    server.serve_forever()
