"""[keys] in the settings: who holds the root key."""

import os
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from auricle.adapters.keys import KekProvider, ProviderRefused
from auricle.adapters.keys.aws_kms import AwsKey, AwsKmsProvider
from auricle.adapters.keys.gcp_kms import ENDPOINT, GcpKey, GcpKmsProvider
from auricle.adapters.keys.pkcs11 import Pkcs11Provider, TokenKey
from auricle.adapters.keys.vault_transit import TransitKey, VaultTransitProvider
from auricle.kernel.errors import PeerError
from auricle.kernel.time import Entropy

MAX_SECRET_BYTES = 4096


class KeySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """[keys]"""

    provider: Literal["passphrase", "pkcs11", "aws-kms", "gcp-kms", "vault"] = "passphrase"
    key: str = ""
    """The key's label (pkcs11), id or ARN (aws-kms), resource name (gcp-kms), name (vault)."""
    module: str = ""
    token: str = ""
    pin_file: str = ""
    region: str = ""
    endpoint: str = ""
    mount: str = "transit"
    credentials_file: str = ""
    ca_file: str = ""
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 5.0
    check_s: Annotated[int, Meta(ge=1, le=86400)] = 60
    """Seconds between two questions to the provider whether it still answers for the keys."""
    grace_s: Annotated[int, Meta(ge=0, le=86400)] = 300
    """Seconds a provider may be out of reach before nothing new is protected; a refusal has no grace."""
    keep_retired_days: Annotated[int, Meta(ge=0, le=3650)] = 35
    """Days a retired epoch is kept: as long as the oldest backup that may be restored."""


class KeySettingsWrong(PeerError):
    """[keys] lacks what its provider needs."""

    code = "settings.wrong"


def provider_of(settings: KeySettings, base: Path, entropy: Entropy) -> KekProvider | None:
    """The configured provider, None for a passphrase; files are relative to `base`. Raises KeySettingsWrong."""
    kind = settings.provider
    if kind == "passphrase":
        return None
    needed = {"pkcs11": ("module", "token", "key"), "aws-kms": ("key", "region"), "gcp-kms": ("key",), "vault": ("key", "endpoint")}
    for name in needed[kind]:
        if not getattr(settings, name):
            raise KeySettingsWrong(f'[keys] provider = "{kind}" needs `{name}`: see etc/auricle.example.toml')
    if kind == "pkcs11":
        where = TokenKey(settings.module, settings.token, settings.key, lambda: _secret("AURICLE_PKCS11_PIN", base, settings.pin_file))
        return Pkcs11Provider(where, entropy)
    if kind == "aws-kms":
        return AwsKmsProvider(AwsKey(settings.key, settings.region, settings.endpoint, settings.timeout_s))
    credentials = str(base / settings.credentials_file) if settings.credentials_file else ""
    if kind == "gcp-kms":
        return GcpKmsProvider(GcpKey(settings.key, credentials, settings.endpoint or ENDPOINT, settings.timeout_s))
    ca_file = str(base / settings.ca_file) if settings.ca_file else ""

    def token() -> str:
        return _secret("VAULT_TOKEN", base, settings.credentials_file)

    return VaultTransitProvider(TransitKey(settings.endpoint, settings.key, token, settings.mount, ca_file, settings.timeout_s))


def _secret(variable: str, base: Path, file: str) -> str:
    """Read anew each time: an agent may have changed the file."""
    if file:
        try:
            return (base / file).read_text("utf-8")[:MAX_SECRET_BYTES].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ProviderRefused(f"the secret for the keys' provider cannot be read ({type(error).__name__}): check [keys]") from None
    found = os.environ.get(variable)
    if not found:
        raise ProviderRefused(f"the keys' provider needs a secret: set {variable}, or name a file in [keys]")
    return found
