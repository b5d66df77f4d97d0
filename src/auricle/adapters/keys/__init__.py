"""Where the practice's keys are kept, and who holds the root key that opens them (docs/specs/keyring.md)."""

from auricle.adapters.keys.errors import (
    KeysDamaged,
    KeysExist,
    KeysMissing,
    KeysReplayed,
    ProviderMissing,
    ProviderRefused,
    ProviderUnreachable,
    WeakPassphrase,
    WrongHolder,
    WrongPassphrase,
    WrongShares,
)
from auricle.adapters.keys.files import FileKeys, Keys
from auricle.adapters.keys.provider import KekProvider

__all__ = [
    "FileKeys", "KekProvider", "Keys", "KeysDamaged", "KeysExist", "KeysMissing", "KeysReplayed", "ProviderMissing", "ProviderRefused",
    "ProviderUnreachable", "WeakPassphrase", "WrongHolder", "WrongPassphrase", "WrongShares",
]  # fmt: skip
