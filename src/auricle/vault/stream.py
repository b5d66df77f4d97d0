"""Sealed audio: a header, then segments of fixed size, each sealed by itself (docs/specs/sealed-audio.md).

STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): nonce = prefix, counter, last flag. Segments cannot be reordered, dropped
from the middle or taken from another file; a file without its last segment is readable and known to be unfinished. Any segment opens alone.
"""

from dataclasses import dataclass
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auricle.kernel.time import Entropy
from auricle.vault.errors import Corrupt, UnknownFormat

MAGIC = b"AUR1"
LABEL = b"auricle/v1/recording"
SALT_BYTES, PREFIX_BYTES, TAG_BYTES = 32, 7, 16
HEADER_BYTES = len(MAGIC) + 4 + SALT_BYTES + PREFIX_BYTES
SEGMENT_BYTES = 8000  # one second of G.711: what a crash may cost at most
MAX_SEGMENT_BYTES = 1 << 20
MAX_SEGMENTS = 1 << 32
NONCE_TAIL = Struct(">IB").pack
"""Counter (4 bytes) and flag of the last segment (1 byte); the prefix stands before them."""


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """What stands in front of the segments, in clear; it is authenticated by every segment."""

    segment_bytes: int
    salt: bytes
    prefix: bytes

    def encode(self) -> bytes:
        """47 bytes."""
        return MAGIC + self.segment_bytes.to_bytes(4, "big") + self.salt + self.prefix

    @classmethod
    def decode(cls, data: bytes) -> "StreamHeader":
        """Read a header. Raises UnknownFormat or Corrupt."""
        if data[:4] != MAGIC:
            raise UnknownFormat("not sealed audio of this version")
        size = int.from_bytes(data[4:8], "big")
        if len(data) < HEADER_BYTES or not 0 < size <= MAX_SEGMENT_BYTES:
            raise Corrupt("sealed audio has a damaged header")
        return cls(size, data[8 : 8 + SALT_BYTES], data[8 + SALT_BYTES : HEADER_BYTES])


class StreamSealer:
    """Seals one stream, in order. `name` binds the stream to what it is (the blob's id)."""

    def __init__(self, key: bytes, name: str, entropy: Entropy, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.header = StreamHeader(segment_bytes, entropy.token(SALT_BYTES), entropy.token(PREFIX_BYTES))
        self._encrypt = _cipher(key, self.header, name).encrypt
        self._head = self.header.encode()
        self._prefix, self._size = self.header.prefix, segment_bytes
        self._index = 0
        self._ended = False

    def seal(self, segment: bytes, *, last: bool = False) -> bytes:
        """The next segment; all but the last are of the header's size, and the last is empty only where it is the only one."""
        index, size = self._index, len(segment)
        if size != self._size and (not last or size > self._size):
            raise ValueError("only the last segment may be shorter")
        if self._ended or index >= MAX_SEGMENTS or (not size and index > 0):
            raise ValueError("nothing may follow the last segment")
        self._ended, self._index = last, index + 1  # first of all: whatever happens then, no nonce is used twice
        return self._encrypt(self._prefix + NONCE_TAIL(index, last), segment, self._head)


class StreamOpener:
    """Opens segments of one stream, in any order."""

    def __init__(self, key: bytes, header: StreamHeader, name: str) -> None:
        self.header = header
        self._decrypt = _cipher(key, header, name).decrypt
        self._prefix, self._head = header.prefix, header.encode()

    def open(self, index: int, sealed: bytes, *, last: bool) -> bytes:
        """One segment. Raises Corrupt."""
        try:
            return self._decrypt(self._prefix + NONCE_TAIL(index, last), sealed, self._head)
        except InvalidTag as error:
            raise Corrupt(f"segment {index} of sealed audio is damaged") from error


def _cipher(key: bytes, header: StreamHeader, name: str) -> AESGCM:
    return AESGCM(HKDF(hashes.SHA256(), 32, header.salt, LABEL + b"|" + name.encode()).derive(key))
