"""A witness after C2SP tlog-witness and tlog-cosignature: `python witness.py STATE_DIRECTORY LOG_VKEY` prints its URL and vkey, and serves.

Written from the specifications and sharing no code with the product. It keeps the newest checkpoint of the log it knows in a file and
cosigns another only after a consistency proof from there; that check and the new state are one step under a lock.
"""

import hashlib
import json
import sys
import threading
import time
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NAME = "witness.example/w1"
MAX_BODY = 1 << 16


class Refusal(Exception):
    def __init__(self, status: int, body: str = "", kind: str = "text/plain") -> None:
        super().__init__(status)
        self.status, self.body, self.kind = status, body, kind


class Witness:
    def __init__(self, directory: Path, log_vkey: str) -> None:
        self.origin, _, encoded = log_vkey.split("+", 2)
        raw = b64decode(encoded)
        self.log_key = Ed25519PublicKey.from_public_bytes(raw[1:])
        self.log_id = hashlib.sha256(self.origin.encode() + b"\n" + raw).digest()[:4]
        key_file, self.state_file = directory / "key", directory / "state.json"
        if not key_file.exists():
            key_file.write_bytes(Ed25519PrivateKey.generate().private_bytes_raw())
        self.key = Ed25519PrivateKey.from_private_bytes(key_file.read_bytes())
        public = b"\x04" + self.key.public_key().public_bytes_raw()
        self.id = hashlib.sha256(NAME.encode() + b"\n" + public).digest()[:4]
        self.vkey = f"{NAME}+{self.id.hex()}+{b64encode(public).decode()}"
        self.lock = threading.Lock()

    def state(self) -> tuple[int, str]:
        if not self.state_file.exists():
            return 0, ""
        kept = json.loads(self.state_file.read_text())
        return kept["size"], kept["root"]

    def add_checkpoint(self, body: str) -> str:
        request, separator, note = body.partition("\n\n")
        text, middle, signatures = note.rpartition("\n\n")
        lines, head = request.split("\n"), text.split("\n")
        if not separator or not middle or not lines[0].startswith("old ") or len(head) < 3 or len(lines) > 64:
            raise Refusal(400)
        if head[0] != self.origin:
            raise Refusal(404)
        signed = text + "\n"
        if not self._signed(signed, signatures):
            raise Refusal(403)
        old, size, root = int(lines[0][4:]), int(head[1]), head[2]
        if old > size:
            raise Refusal(400)
        with self.lock:
            kept_size, kept_root = self.state()
            if old != kept_size:
                raise Refusal(409, f"{kept_size}\n", "text/x.tlog.size")
            if old == size and size and root != kept_root:
                raise Refusal(409)
            proof = [b64decode(line) for line in lines[1:]]
            if old == 0 or old == size:
                if proof:
                    raise Refusal(422)
            elif not extends(old, b64decode(kept_root), size, b64decode(root), proof):
                raise Refusal(422)
            self.state_file.write_text(json.dumps({"size": size, "root": root}))
        stamp = int(time.time())
        signature = self.key.sign(f"cosignature/v1\ntime {stamp}\n{signed}".encode())
        raw = self.id + stamp.to_bytes(8, "big") + signature
        return f"\u2014 other.example/unknown {b64encode(bytes(76)).decode()}\n\u2014 {NAME} {b64encode(raw).decode()}\n"

    def _signed(self, text: str, signatures: str) -> bool:
        for line in signatures.splitlines():
            parts = line.split(" ")
            if len(parts) != 3 or parts[1] != self.origin:
                continue
            raw = b64decode(parts[2])
            if raw[:4] != self.log_id:
                continue
            try:
                self.log_key.verify(raw[4:], text.encode())
            except InvalidSignature:
                return False
            return True
        return False


def extends(old: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    """RFC 6962 2.1.2, recursively: rebuild both roots from the proof's nodes, taken from its end."""
    nodes = list(proof)

    def rebuild(m: int, n: int, whole: bool) -> tuple[bytes, bytes]:
        if m == n:
            node = old_root if whole else nodes.pop(0)
            return node, node
        k = 1
        while k * 2 < n:
            k *= 2
        if m <= k:
            left_old, left_new = rebuild(m, k, whole)
            right = nodes.pop(0)
            return left_old, pair(left_new, right)
        right_old, right_new = rebuild(m - k, n - k, False)
        left = nodes.pop(0)
        return pair(left, right_old), pair(left, right_new)

    try:
        rebuilt = rebuild(old, size, True)
    except IndexError:
        return False
    return not nodes and rebuilt == (old_root, root)


def pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def handler_of(witness: Witness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            status, kind = 200, "text/plain"
            try:
                length = int(self.headers.get("Content-Length", "0"))
                if not self.path.endswith("/add-checkpoint") or length > MAX_BODY:
                    raise Refusal(404)
                answer = witness.add_checkpoint(self.rfile.read(length).decode())
            except Refusal as refusal:
                status, kind, answer = refusal.status, refusal.kind, refusal.body
            except ValueError:
                status, answer = 400, ""
            data = answer.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    return Handler


def main() -> None:
    witness = Witness(Path(sys.argv[1]), sys.argv[2])
    port = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), handler_of(witness))
    print(f"http://127.0.0.1:{server.server_address[1]}/w1\n{witness.vkey}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
