"""Why keys cannot be had. Texts are for the operator: what happened, what to do.

KeysMissing, KeysExist, KeysDamaged      (OurError)   the files are not what they should be
└── KeysReplayed                                      an older copy was put in the file's place
ProviderUnreachable, ProviderRefused,
ProviderMissing, WrongHolder             (OurError)   what holds the root key does not answer for it
WrongPassphrase, WeakPassphrase,
WrongShares                              (PeerError)  what was typed cannot be used
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


class KeysReplayed(KeysDamaged):
    """The key file is genuine and older than one that was used before."""

    code: ClassVar[str] = "keys.replayed"


class ProviderUnreachable(OurError):
    """The holder of the root key did not answer; it may later."""

    code: ClassVar[str] = "keys.provider_unreachable"
    retryable: ClassVar[bool] = True


class ProviderRefused(OurError):
    """The holder of the root key answered, and said no: revoked, disabled, not permitted."""

    code: ClassVar[str] = "keys.provider_refused"


class ProviderMissing(OurError):
    """The library for this provider is not installed."""

    code: ClassVar[str] = "keys.provider_missing"


class WrongHolder(OurError):
    """The provider's key is not the one that wrapped the root key, or it was wrapped for another file."""

    code: ClassVar[str] = "keys.wrong_holder"


class WrongPassphrase(PeerError):
    """The passphrase does not open the key file."""

    code: ClassVar[str] = "keys.wrong_passphrase"


class WeakPassphrase(PeerError):
    """Too short to guard anything."""

    code: ClassVar[str] = "keys.weak_passphrase"


class WrongShares(PeerError):
    """The recovery shares do not fit together, or not this key file."""

    code: ClassVar[str] = "keys.wrong_shares"
