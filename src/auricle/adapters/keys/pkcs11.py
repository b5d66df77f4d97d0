"""A PKCS#11 token (HSM, smart card, SoftHSM) as holder of the root key: AES-256-GCM with a key that cannot leave the token.

Needs the extra `pkcs11`. Wrapped form: version 0x01 || nonce (12) || ciphertext and tag; the context is the associated data.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from auricle.adapters.keys.errors import ProviderMissing, ProviderRefused, ProviderUnreachable, WrongHolder
from auricle.adapters.keys.provider import context_bytes
from auricle.kernel.time import Entropy
from auricle.vault.envelope import NONCE_BYTES, TAG_BYTES, VERSION

KIND = "pkcs11"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TokenKey:
    """Where the key is: the vendor's module (a shared library), the token's label, the key's label; `pin` gives the user PIN."""

    module: str
    token: str
    label: str
    pin: Callable[[], str]


class Pkcs11Provider:
    """Fits KekProvider. One operation at a time: tokens share one login among all sessions of a process."""

    def __init__(self, where: TokenKey, entropy: Entropy) -> None:
        self._where = where
        self._entropy = entropy
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """`pkcs11`."""
        return KIND

    def facts(self) -> Mapping[str, Any]:
        """Token and label."""
        return {"token": self._where.token, "label": self._where.label}

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt inside the token. Raises ProviderUnreachable, ProviderRefused, ProviderMissing."""
        nonce = self._entropy.token(NONCE_BYTES)
        return VERSION + nonce + self._with_key(lambda key, how: bytes(key.encrypt(secret, **how(nonce, context_bytes(context)))))

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Decrypt inside the token. Raises what `wrap` raises, and WrongHolder."""
        if wrapped[:1] != VERSION or len(wrapped) < 1 + NONCE_BYTES + TAG_BYTES:
            raise WrongHolder("the token's part of the key file is of another version or cut short")
        nonce, body = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]

        def decrypted(key: Any, how: Callable[[bytes, bytes], dict[str, Any]]) -> bytes:
            import pkcs11

            try:
                return bytes(key.decrypt(body, **how(nonce, context_bytes(context))))
            except pkcs11.PKCS11Error as error:
                _try_out(key, how, self._entropy.token(NONCE_BYTES))  # SoftHSM says "general error" for a tag that does not hold
                raise WrongHolder(f"the key '{self._where.label}' in the token is not the one that wrapped these keys") from error

        return self._with_key(decrypted)

    def _with_key(self, act: Callable[[Any, Callable[[bytes, bytes], dict[str, Any]]], T]) -> T:
        try:
            import pkcs11
        except ImportError:
            raise ProviderMissing("PKCS#11 needs a library that is not installed: pip install 'auricle[pkcs11]'") from None

        def how(nonce: bytes, associated: bytes) -> dict[str, Any]:
            return {"mechanism": pkcs11.Mechanism.AES_GCM, "mechanism_param": pkcs11.GCMParams(nonce, associated, TAG_BYTES * 8)}

        where = self._where
        with self._lock:
            try:
                token = pkcs11.lib(where.module).get_token(token_label=where.token)
                with token.open(user_pin=where.pin()) as session:
                    key = session.get_key(pkcs11.ObjectClass.SECRET_KEY, pkcs11.KeyType.AES, where.label)
                    if key[pkcs11.Attribute.EXTRACTABLE] or not key[pkcs11.Attribute.SENSITIVE]:
                        raise ProviderRefused(f"the key '{where.label}' can be taken out of the token: make one that is not extractable")
                    return act(key, how)
            except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned):
                raise ProviderRefused(f"the token '{where.token}' has not exactly one AES key '{where.label}'") from None
            except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange, pkcs11.PinExpired, pkcs11.PinLocked):
                raise ProviderRefused(
                    f"the token '{where.token}' refuses the PIN: give it in AURICLE_PKCS11_PIN or [keys] pin_file"
                ) from None
            except pkcs11.NoSuchToken:
                raise ProviderUnreachable(f"there is no token '{where.token}': is it plugged in?") from None
            except pkcs11.PKCS11Error as error:
                raise ProviderUnreachable(
                    f"the token '{where.token}' cannot be used ({type(error).__name__}): check {where.module}"
                ) from error


def _try_out(key: Any, how: Callable[[bytes, bytes], dict[str, Any]], nonce: bytes) -> None:
    """Raise what the token raises where it does not work at all: then the key file is not what is wrong."""
    key.decrypt(key.encrypt(bytes(16), **how(nonce, b"")), **how(nonce, b""))
