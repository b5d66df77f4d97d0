"""Google Cloud KMS as holder of the root key: cryptoKeys.encrypt and .decrypt of its REST interface, with additional authenticated data.

Needs the extra `gcp` (google-auth; the whole client library would bring gRPC). Credentials: a file, or the machine's own.
"""

import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from auricle.adapters.keys.errors import ProviderMissing, ProviderRefused, ProviderUnreachable, WrongHolder
from auricle.adapters.keys.provider import context_bytes

KIND = "gcp-kms"
ENDPOINT = "https://cloudkms.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/cloudkms"
TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
TRIES = 3


@dataclass(frozen=True, slots=True)
class GcpKey:
    """`projects/P/locations/L/keyRings/R/cryptoKeys/K`; `credentials_file` is a service account's; empty: the machine's own identity."""

    key: str
    credentials_file: str = ""
    endpoint: str = ENDPOINT
    timeout_s: float = 5.0


class GcpKmsProvider:
    """Fits KekProvider."""

    def __init__(self, where: GcpKey) -> None:
        self._where = where
        self._made: Any = None
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """`gcp-kms`."""
        return KIND

    def facts(self) -> Mapping[str, Any]:
        """The key's resource name."""
        return {"key": self._where.key}

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt. Raises ProviderUnreachable, ProviderRefused, ProviderMissing."""
        return self._ask("encrypt", "ciphertext", plaintext=secret, additionalAuthenticatedData=context_bytes(context))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Decrypt. Raises what `wrap` raises, and WrongHolder."""
        return self._ask("decrypt", "plaintext", ciphertext=wrapped, additionalAuthenticatedData=context_bytes(context))

    def _ask(self, verb: str, wanted: str, **values: bytes) -> bytes:
        session = self._session()
        import google.auth.exceptions
        import requests

        url = f"{self._where.endpoint}/v1/{self._where.key}:{verb}"
        body = {name: b64encode(value).decode() for name, value in values.items()}
        try:
            answer = session.post(url, json=body, timeout=self._where.timeout_s)
            if answer.status_code == 200:
                return b64decode(answer.json()[wanted], validate=True)
            status = answer.json().get("error", {}).get("status", "")
        except google.auth.exceptions.TransportError as error:
            raise ProviderUnreachable(f"Google's sign-in does not answer ({type(error).__name__}): check the network") from None
        except google.auth.exceptions.GoogleAuthError as error:
            raise ProviderRefused(f"Google refuses our credentials ({type(error).__name__}): check [keys] credentials_file") from None
        except requests.RequestException as error:
            raise ProviderUnreachable(f"Google Cloud KMS does not answer ({type(error).__name__}): check the network") from None
        except (ValueError, KeyError, AttributeError):
            raise ProviderUnreachable("Google Cloud KMS gave an answer that is none; it is asked again") from None
        raise _meaning(answer.status_code, status, verb, self._where.key)

    def _session(self) -> Any:
        try:
            import google.auth
            from google.auth.exceptions import GoogleAuthError
            from google.auth.transport.requests import AuthorizedSession
            from google.oauth2.service_account import Credentials
            from requests.adapters import HTTPAdapter
            from urllib3.util import Retry
        except ImportError:
            raise ProviderMissing("Google Cloud KMS needs libraries that are not installed: pip install 'auricle[gcp]'") from None
        with self._lock:
            if self._made is None:
                file, default, account = self._where.credentials_file, cast(Any, google.auth.default), cast(Any, Credentials)
                try:
                    credentials = account.from_service_account_file(file, scopes=[SCOPE]) if file else default([SCOPE])[0]
                except (GoogleAuthError, OSError, ValueError) as error:
                    text = f"Google Cloud KMS needs credentials ({type(error).__name__}): set [keys] credentials_file"
                    raise ProviderRefused(text) from None
                made = cast(Any, AuthorizedSession)(credentials)  # the library has no types here
                retry = Retry(TRIES, status_forcelist=TEMPORARY, backoff_factor=0.2, allowed_methods=None, raise_on_status=False)
                for scheme in ("https://", "http://"):
                    made.mount(scheme, HTTPAdapter(max_retries=retry))
                self._made = made
            return self._made


def _meaning(code: int, status: str, verb: str, key: str) -> ProviderRefused | ProviderUnreachable | WrongHolder:
    if code in TEMPORARY:
        return ProviderUnreachable(f"Google Cloud KMS does not take requests now ({code}): it is asked again")
    if code == 400 and status == "INVALID_ARGUMENT" and verb == "decrypt":
        return WrongHolder(f"the key {key} is not the one that wrapped these keys, or they were wrapped for another file")
    return ProviderRefused(f"Google Cloud KMS refuses the key {key} ({status or code}): check its state and who may use it")
