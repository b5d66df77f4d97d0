"""Recovery codes (NIST SP 800-63B-4, 3.1.2): look-up secrets of 120 bits, so that a plain hash of them is enough to keep."""

import hashlib
from base64 import b32encode
from collections.abc import Sequence

CODES = 10
CODE_BYTES = 15  # 120 bits: 24 characters; from 112 bits on 3.1.2.2 asks for no slow hash
GROUP = 4


def new_code(random: bytes) -> str:
    """A code of CODE_BYTES random bytes, as it is shown: `abcd-efgh-…`."""
    text = b32encode(random).decode().lower()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def code_hash(username: str, code: str) -> str:
    """What is kept. Case, spaces and hyphens do not matter; 0 and 1, which are in no code, are read as o and l."""
    text = "".join(c for c in code.lower() if c.isalnum()).replace("0", "o").replace("1", "l")
    return hashlib.sha256(b"auricle/v1/recovery-code|" + username.encode() + b"|" + text.encode()).hexdigest()


def hashes(username: str, codes: Sequence[str]) -> list[str]:
    """Those of several."""
    return [code_hash(username, code) for code in codes]
