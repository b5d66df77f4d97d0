"""Why keys cannot be had. Texts are for the operator: what happened, what to do.

KeysMissing, KeysExist, KeysDamaged  (OurError)   the files are not what they should be
WrongPassphrase, WeakPassphrase      (PeerError)  what was typed cannot be used
"""

from typing import ClassVar

from auricle.kernel.errors import OurError, PeerError


class KeysMissing(OurError):
    """There are no keys yet, or a part of them is gone."""

    code: ClassVar[str] = "keys.missing"


class KeysExist(OurError):
    """There are keys already."""

    code: ClassVar[str] = "keys.exist"


class KeysDamaged(OurError):
    """The key file is not what was written; no passphrase will open it."""

    code: ClassVar[str] = "keys.damaged"


class WrongPassphrase(PeerError):
    """The passphrase does not open the key file."""

    code: ClassVar[str] = "keys.wrong_passphrase"


class WeakPassphrase(PeerError):
    """Too short to guard anything."""

    code: ClassVar[str] = "keys.weak_passphrase"
