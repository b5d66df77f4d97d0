"""A witness that cosigns our checkpoints over HTTP (C2SP tlog-witness `add-checkpoint`), once it has seen that they only ever grow."""

import asyncio
import http.client
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

from auricle.adapters.anchors.errors import AnchorConflict, AnchorFailed
from auricle.adapters.anchors.port import Prove, Receipt
from auricle.audit.checkpoint import BadCheckpoint
from auricle.audit.cosignature import WitnessKey, add_checkpoint, cosignature

TIMEOUT_S = 15.0
MAX_ANSWER_BYTES = 16384  # RFC: a line a key; a witness has a handful
SIZE_TYPE = "text/x.tlog.size"


class WitnessAnchor:
    """Fits `port.Anchor`. `url` is the submission prefix, `key` the witness's vkey. Raises BadCheckpoint or ValueError for what is none."""

    kind = "witness"

    def __init__(self, name: str, url: str, key: str, *, ca: str = "") -> None:
        self.name = name
        self._url = urlsplit(url)
        self._port = self._url.port
        self._key = WitnessKey.parse(key)
        self._ca = ca
        self._size = 0
        """The size the witness has, as far as we know; it tells us when we are wrong."""

    async def keep(self, size: int, note: str, prove: Prove) -> Receipt:
        """Ask for a cosignature; once more with the size the witness names. Raises AnchorFailed, AnchorConflict."""
        for _ in range(2):
            if self._size > size:
                raise AnchorConflict("witness-is-ahead")
            proof: Sequence[bytes] = await prove(self._size) if 0 < self._size < size else ()
            status, kind, answer = await asyncio.to_thread(self._post, add_checkpoint(self._size, proof, note))
            if status == 200:
                return self._receipt(size, note, answer)
            if status != 409 or kind.partition(";")[0].strip() != SIZE_TYPE or not _is_size(answer):
                break
            self._size = int(answer)
        if status in {409, 422}:
            raise AnchorConflict("witness-refuses")
        raise AnchorFailed({404: "unknown-log", 403: "unknown-key"}.get(status, "refused"))

    def _receipt(self, size: int, note: str, answer: str) -> Receipt:
        try:
            found = cosignature(answer, note, self._key)
        except BadCheckpoint as error:
            raise AnchorFailed("bad-cosignature") from error
        self._size = size
        return Receipt(found.witness, found.line)

    def _connection(self) -> http.client.HTTPConnection:
        host = self._url.hostname or ""
        if self._url.scheme != "https":
            return http.client.HTTPConnection(host, self._port, timeout=TIMEOUT_S)
        context = ssl.create_default_context(cafile=self._ca or None)
        return http.client.HTTPSConnection(host, self._port, timeout=TIMEOUT_S, context=context)

    def _post(self, data: bytes) -> tuple[int, str, str]:
        """Status, content type and body."""
        try:
            connection = self._connection()
        except OSError as error:  # the authority's file is missing or none
            raise AnchorFailed("certificate") from error
        try:
            connection.request("POST", f"{self._url.path.rstrip('/')}/add-checkpoint", data, {"Content-Type": "text/plain"})
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER_BYTES)
            return answer.status, answer.getheader("Content-Type", ""), body.decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise AnchorFailed("unreachable") from error
        finally:
            connection.close()


def _is_size(text: str) -> bool:
    size = text.removesuffix("\n")
    return size.isascii() and size.isdigit() and len(size) < 19
