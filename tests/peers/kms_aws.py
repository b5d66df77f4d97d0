"""A program that stands for AWS KMS: Encrypt and Decrypt over JSON 1.1, with SigV4 verified in full.

`kms_aws.py ACCESS_KEY SECRET` prints its port. `POST /control {"mode": …}` makes it refuse, throttle so many times, or hang.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
REFUSALS = {
    "denied": ("AccessDeniedException", "User is not authorized to perform this operation"),
    "disabled": ("DisabledException", f"{KEY_ARN} is disabled."),
    "pending-deletion": ("KMSInvalidStateException", f"{KEY_ARN} is pending deletion."),
    "gone": ("NotFoundException", "Key does not exist"),
}


class Kms(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    access_key: ClassVar[str]
    secret: ClassVar[str]
    state: ClassVar[dict[str, Any]] = {"mode": "ok", "count": 0, "asked": 0}
    key: ClassVar[AESGCM] = AESGCM(os.urandom(32))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/control":
            self.state.update({"count": 0} | json.loads(body))
            return self._answer(200, self.state)
        self.state["asked"] += 1
        mode = self.state["mode"]
        if mode == "hang":
            time.sleep(30)
            return None
        if mode == "throttle" and self.state["count"] > 0:
            self.state["count"] -= 1
            return self._refuse("ThrottlingException", "Rate exceeded")
        if mode == "broken":
            return self._answer(500, {"__type": "KMSInternalException"})
        if not self._signed(body):
            return self._refuse("InvalidSignatureException", "The request signature we calculated does not match")
        if mode in REFUSALS:
            return self._refuse(*REFUSALS[mode])
        assert self.headers["Content-Type"] == "application/x-amz-json-1.1"
        return self._act(self.headers["X-Amz-Target"], json.loads(body))

    def _act(self, target: str, asked: dict[str, Any]) -> None:
        if asked.get("KeyId") != KEY_ARN:
            return self._refuse("NotFoundException", "Key does not exist")
        context = json.dumps(asked.get("EncryptionContext", {}), sort_keys=True).encode()
        if target == "TrentService.Encrypt":
            nonce = os.urandom(12)
            blob = b"\x01\x02" + nonce + self.key.encrypt(nonce, b64decode(asked["Plaintext"]), context)
            found = {"CiphertextBlob": b64encode(blob).decode(), "KeyId": KEY_ARN, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
            return self._answer(200, found)
        if target == "TrentService.Decrypt":
            blob = b64decode(asked["CiphertextBlob"])
            try:
                text = self.key.decrypt(blob[2:14], blob[14:], context)
            except (InvalidTag, ValueError):
                return self._answer(400, {"__type": "InvalidCiphertextException"})
            return self._answer(200, {"Plaintext": b64encode(text).decode(), "KeyId": KEY_ARN, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT"})
        return self._refuse("UnknownOperationException", "")

    def _signed(self, body: bytes) -> bool:
        """SigV4 from its definition: canonical request, string to sign, signing key."""
        scheme, _, rest = self.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
            return False
        access, day, region, service, end = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        if (
            access != self.access_key
            or (service, end) != ("kms", "aws4_request")
            or not {"host", "x-amz-date", "x-amz-target"} <= set(names)
        ):
            return False
        headers = "".join(f"{name}:{' '.join(self.headers[name].split())}\n" for name in names)
        canonical = "\n".join(("POST", self.path, "", headers, ";".join(names), hashlib.sha256(body).hexdigest()))
        scope = f"{day}/{region}/{service}/{end}"
        to_sign = "\n".join(("AWS4-HMAC-SHA256", self.headers["X-Amz-Date"], scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.secret}".encode()
        for piece in (day, region, service, end):
            key = hmac.digest(key, piece.encode(), "sha256")
        return hmac.compare_digest(hmac.new(key, to_sign.encode(), "sha256").hexdigest(), parts["Signature"])

    def _refuse(self, kind: str, text: str) -> None:
        self._answer(400, {"__type": kind, "message": text})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Kms.access_key, Kms.secret = sys.argv[1:3]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Kms)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()
