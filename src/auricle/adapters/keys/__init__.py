"""Where the practice's keys are kept: a file under a passphrase, or a development key beside it (docs/specs/keyring.md)."""

from auricle.adapters.keys.errors import KeysDamaged, KeysExist, KeysMissing, WeakPassphrase, WrongPassphrase
from auricle.adapters.keys.files import FileKeys, Keys

__all__ = ["FileKeys", "Keys", "KeysDamaged", "KeysExist", "KeysMissing", "WeakPassphrase", "WrongPassphrase"]
