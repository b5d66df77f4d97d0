"""Checkpoints as objects in S3-compatible storage, put only where there is none yet (`If-None-Match: *`).

Credentials come from where botocore looks for them (environment, shared file, instance role), never from our settings. A retention lock
is the bucket's own business: set it there, then not even the owner of the keys removes an object early.
"""

import asyncio
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from auricle.adapters.anchors.errors import AnchorConflict, AnchorFailed
from auricle.adapters.anchors.files import DIGITS, body
from auricle.adapters.anchors.port import NOTHING, Prove, Receipt

CONNECT_S, READ_S = 5, 20
MAX_OBJECT_BYTES = 1 << 20
TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})


class ObjectAnchor:
    """Fits `port.Anchor`. `endpoint` empty is Amazon's own for the region."""

    kind = "s3"

    def __init__(self, name: str, bucket: str, *, endpoint: str = "", prefix: str = "", region: str = "us-east-1", ca: str = "") -> None:
        self.name = name
        self._bucket = bucket
        self._prefix = prefix
        self._options: dict[str, Any] = {"region_name": region, "config": _config()}
        if endpoint:
            self._options["endpoint_url"] = endpoint
        if ca:
            self._options["verify"] = ca
        self._client: Any = None

    async def keep(self, size: int, note: str, prove: Prove) -> Receipt:
        """Put `<prefix><size>.checkpoint`. Raises AnchorFailed, AnchorConflict."""
        del prove
        await asyncio.to_thread(self._put, f"{self._prefix}{size:0{DIGITS}}.checkpoint", note.encode())
        return NOTHING

    def _put(self, key: str, data: bytes) -> None:
        try:
            if self._client is None:
                self._client = boto3.session.Session().client("s3", **self._options)
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="text/plain; charset=utf-8", IfNoneMatch="*")
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code not in TAKEN:
                raise AnchorFailed("refused") from error
            self._compare(key, data)
        except (BotoCoreError, ValueError) as error:
            raise AnchorFailed("unreachable") from error

    def _compare(self, key: str, data: bytes) -> None:
        """Something is there: our own note of an earlier try, or another history."""
        try:
            there = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read(MAX_OBJECT_BYTES)
        except (ClientError, BotoCoreError) as error:
            raise AnchorFailed("not-readable") from error
        if body(there) != body(data):
            raise AnchorConflict("other-object")


def _config() -> Config:
    # path style: self-hosted servers have no name for each bucket; no checksum trailer: older ones refuse it
    return Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"max_attempts": 1, "mode": "standard"},
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
