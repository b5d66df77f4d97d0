"""AWS KMS as holder of the root key: Encrypt and Decrypt with an encryption context (JSON 1.1, signed with SigV4 by boto3).

Needs the extra `aws`. Credentials come by boto3's own chain: environment, profile, instance role.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auricle.adapters.keys.errors import ProviderMissing, ProviderRefused, ProviderUnreachable, WrongHolder

KIND = "aws-kms"
TRIES = 4  # with botocore's back-off: throttling of some seconds is waited out
TEMPORARY = frozenset(
    {"ThrottlingException", "Throttling", "RequestLimitExceeded", "KMSInternalException", "DependencyTimeoutException", "InternalFailure"}
    | {"ServiceUnavailableException", "ServiceUnavailable", "KeyUnavailableException", "RequestTimeout", "LimitExceededException"}
)
NOT_OURS = frozenset({"InvalidCiphertextException", "IncorrectKeyException"})


@dataclass(frozen=True, slots=True)
class AwsKey:
    """A symmetric KMS key by id, ARN or alias. `endpoint` is for private endpoints; empty means the region's own."""

    key: str
    region: str
    endpoint: str = ""
    timeout_s: float = 5.0


class AwsKmsProvider:
    """Fits KekProvider."""

    def __init__(self, where: AwsKey) -> None:
        self._where = where
        self._made: Any = None
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """`aws-kms`."""
        return KIND

    def facts(self) -> Mapping[str, Any]:
        """Key and region."""
        return {"key": self._where.key, "region": self._where.region}

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt. Raises ProviderUnreachable, ProviderRefused, ProviderMissing."""
        answer = self._ask("encrypt", Plaintext=secret, KeyId=self._where.key, EncryptionContext=dict(context))
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Decrypt. Raises what `wrap` raises, and WrongHolder."""
        answer = self._ask("decrypt", CiphertextBlob=wrapped, KeyId=self._where.key, EncryptionContext=dict(context))
        return bytes(answer["Plaintext"])

    def _ask(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        client = self._client()
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

        try:
            answer: Mapping[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            raise _meaning(error.response.get("Error", {}).get("Code", ""), self._where.key) from None
        except (NoCredentialsError, PartialCredentialsError):
            raise ProviderRefused("AWS KMS needs credentials: set AWS_ACCESS_KEY_ID or give the machine a role") from None
        except BotoCoreError as error:
            raise ProviderUnreachable(f"AWS KMS does not answer ({type(error).__name__}): check the network and [keys] region") from None
        return answer

    def _client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise ProviderMissing("AWS KMS needs a library that is not installed: pip install 'auricle[aws]'") from None
        with self._lock:
            if self._made is None:
                where = self._where
                waits = {"connect_timeout": where.timeout_s, "read_timeout": where.timeout_s}
                config = Config(**waits, retries={"mode": "standard", "max_attempts": TRIES})
                session = boto3.session.Session(region_name=where.region)
                self._made = session.client("kms", endpoint_url=where.endpoint or None, config=config)
            return self._made


def _meaning(code: str, key: str) -> ProviderRefused | ProviderUnreachable | WrongHolder:
    if code in NOT_OURS:
        return WrongHolder(f"AWS KMS key {key} is not the one that wrapped these keys, or they were wrapped for another file")
    if code in TEMPORARY:
        return ProviderUnreachable(f"AWS KMS does not take requests now ({code}): it is asked again")
    return ProviderRefused(f"AWS KMS refuses the key {key} ({code}): check its state and who may use it")
