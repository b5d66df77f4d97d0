"""HashiCorp Vault or OpenBao Transit as holder of the root key: transit/encrypt and transit/decrypt with associated data, by hvac.

Needs the extra `vault`. The token comes from a file that an agent keeps fresh, else from VAULT_TOKEN. Its policy needs `update` on
transit/encrypt/KEY and transit/decrypt/KEY, and no `create`: then a misspelt key name makes no new key.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auricle.adapters.keys.errors import ProviderMissing, ProviderRefused, ProviderUnreachable, WrongHolder
from auricle.adapters.keys.provider import context_bytes

KIND = "vault"
TEMPORARY = frozenset({412, 429, 472, 473, 500, 502, 503, 504})
TRIES = 3


@dataclass(frozen=True, slots=True)
class TransitKey:
    """`address` as https://vault.example:8200; `key` an aes256-gcm96 key of the engine at `mount`; `ca_file` empty for the system's CAs."""

    address: str
    key: str
    token: Callable[[], str]
    mount: str = "transit"
    ca_file: str = ""
    timeout_s: float = 5.0


class VaultTransitProvider:
    """Fits KekProvider."""

    def __init__(self, where: TransitKey) -> None:
        self._where = where

    @property
    def kind(self) -> str:
        """`vault`."""
        return KIND

    def facts(self) -> Mapping[str, Any]:
        """Mount and key."""
        return {"mount": self._where.mount, "key": self._where.key}

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt. Raises ProviderUnreachable, ProviderRefused, ProviderMissing."""
        return self._ask("encrypt_data", "ciphertext", context, plaintext=b64encode(secret).decode()).encode()

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Decrypt. Raises what `wrap` raises, and WrongHolder."""
        ciphertext = wrapped.decode(errors="replace")
        if not ciphertext.startswith("vault:v"):
            raise WrongHolder("Vault's part of the key file is of another version or cut short")
        return b64decode(self._ask("decrypt_data", "plaintext", context, ciphertext=ciphertext))

    def _ask(self, method: str, wanted: str, context: Mapping[str, str], **values: str) -> str:
        session = self._session()
        import hvac
        import requests
        from hvac import exceptions as gone

        where = self._where
        associated = b64encode(context_bytes(context)).decode()
        try:
            with session:
                client = hvac.Client(where.address, where.token(), timeout=where.timeout_s, session=session)
                act = getattr(client.secrets.transit, method)
                answer = act(name=where.key, mount_point=where.mount, associated_data=associated, **values)
            return str(answer["data"][wanted])
        except gone.InvalidRequest as error:
            if method == "decrypt_data" and "authentication failed" in " ".join(str(text) for text in error.errors or ()):
                text = f"Vault's key '{where.key}' is not the one that wrapped these keys, or they were wrapped for another file"
                raise WrongHolder(text) from None
            raise ProviderRefused(f"Vault refuses the key '{where.key}': check that it is there and of type aes256-gcm96") from None
        except (gone.Forbidden, gone.Unauthorized, gone.InvalidPath, gone.ParamValidationError) as error:
            raise ProviderRefused(f"Vault refuses the key '{where.key}' ({type(error).__name__}): check the token and its policy") from None
        except gone.VaultError as error:
            raise ProviderUnreachable(f"Vault does not take requests now ({type(error).__name__}): is it sealed?") from None
        except requests.RequestException as error:
            raise ProviderUnreachable(f"Vault does not answer at {where.address} ({type(error).__name__})") from None
        except (KeyError, TypeError, ValueError):
            raise ProviderUnreachable("Vault gave an answer that is none; it is asked again") from None

    def _session(self) -> Any:
        try:
            import hvac  # noqa: F401 - asked for here, so that a missing one is told before anything else
            import requests
            from requests.adapters import HTTPAdapter
            from urllib3.util import Retry
        except ImportError:
            raise ProviderMissing("Vault needs a library that is not installed: pip install 'auricle[vault]'") from None
        session = requests.Session()
        session.verify = self._where.ca_file or True  # hvac takes the session's, and then none of its environment variables
        retry = Retry(TRIES, status_forcelist=TEMPORARY, backoff_factor=0.2, allowed_methods=None, raise_on_status=False)
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=retry))
        return session
