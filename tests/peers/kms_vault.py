"""A program that stands for HashiCorp Vault or OpenBao: transit/encrypt and transit/decrypt of its HTTP API, with associated data.

`kms_vault.py TOKEN [CERTIFICATE KEY]` prints its port; with a certificate it speaks TLS. `POST /control {"mode": …}` seals it, takes the
token's rights away, throttles or hangs.
"""

import json
import os
import ssl
import sys
import time
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = "auricle"


class Vault(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    token: ClassVar[str]
    state: ClassVar[dict[str, Any]] = {"mode": "ok", "count": 0}
    key: ClassVar[AESGCM] = AESGCM(os.urandom(32))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/control":
            self.state.update({"count": 0} | body)
            return self._answer(200, self.state)
        mode = self.state["mode"]
        if mode == "hang":
            time.sleep(30)
            return None
        if mode == "sealed":
            return self._refuse(503, "Vault is sealed")
        if mode == "throttle" and self.state["count"] > 0:
            self.state["count"] -= 1
            return self._refuse(429, 'request path "transit/decrypt": rate limit quota exceeded')
        if mode == "denied" or self.headers.get("X-Vault-Token") != self.token or self.headers.get("X-Vault-Request") != "true":
            return self._refuse(403, "permission denied")
        _, _, mount, verb, name = self.path.split("/")
        if mount != "transit":
            return self._refuse(404, f'no handler for route "{mount}/{verb}/{name}". route entry not found.')
        if name != KEY:
            return self._refuse(400, "encryption key not found")
        return self._act(verb, body)

    def do_PUT(self) -> None:
        self.do_POST()

    def _act(self, verb: str, asked: dict[str, str]) -> None:
        associated = b64decode(asked.get("associated_data", ""), validate=True)
        if verb == "encrypt":
            nonce = os.urandom(12)
            sealed = nonce + self.key.encrypt(nonce, b64decode(asked["plaintext"]), associated)
            return self._data({"ciphertext": f"vault:v1:{b64encode(sealed).decode()}", "key_version": 1})
        sealed = b64decode(asked["ciphertext"].removeprefix("vault:v1:"))
        try:
            text = self.key.decrypt(sealed[:12], sealed[12:], associated)
        except (InvalidTag, ValueError):
            return self._refuse(400, "cipher: message authentication failed")
        return self._data({"plaintext": b64encode(text).decode()})

    def _data(self, data: dict[str, Any]) -> None:
        self._answer(200, {"request_id": os.urandom(8).hex(), "lease_id": "", "renewable": False, "lease_duration": 0, "data": data})

    def _refuse(self, code: int, text: str) -> None:
        self._answer(code, {"errors": [text]})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Vault.token = sys.argv[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vault)
    server.daemon_threads = True
    if len(sys.argv) > 3:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_port, flush=True)
    server.serve_forever()
