"""Why something did not open.

VaultError
├── WrongKey      the key is another one: a wrong passphrase, another practice's data
├── Corrupt       the bytes were changed, cut or moved from their place
├── UnknownFormat a version or purpose this program does not know
├── Shredded      the record's own key was destroyed; nothing of it opens any more, anywhere
├── SealingRefused the keys' provider refuses: nothing new is protected, so nothing new is kept
└── GrantSpent    a grant was kept and used after its act
NotPermitted (PeerError): the policy says no; the refusal is in the audit log
└── StepUpNeeded  it would say yes to somebody who has just proved again who they are
"""

from typing import ClassVar

from auricle.kernel.errors import OurError, PeerError


class VaultError(OurError):
    """Base of the vault's errors."""

    code: ClassVar[str] = "vault.error"


class WrongKey(VaultError):
    """This key does not open it."""

    code: ClassVar[str] = "vault.wrong_key"


class Corrupt(VaultError):
    """It was sealed with our key once, but it is not what was sealed, or not where."""

    code: ClassVar[str] = "vault.corrupt"


class UnknownFormat(VaultError):
    """Not a format of this program."""

    code: ClassVar[str] = "vault.unknown_format"


class Shredded(VaultError):
    """The record's own key is gone, and with it the record."""

    code: ClassVar[str] = "vault.shredded"


class SealingRefused(VaultError):
    """Nothing new is sealed until the keys' provider answers for them again."""

    code: ClassVar[str] = "vault.sealing_refused"
    retryable: ClassVar[bool] = True


class GrantSpent(VaultError):
    """A bug of ours: whoever holds a grant beyond its act must go through the gate again."""

    code: ClassVar[str] = "vault.grant_spent"


class NotPermitted(PeerError):
    """Refused by policy. `reason` is the policy's own words, for "why can't I see this?"."""

    code: ClassVar[str] = "access.not_permitted"
    sip_status: ClassVar[int] = 403

    def __init__(self, action: str, reason: str) -> None:
        super().__init__(action)
        self.action = action
        self.reason = reason


class StepUpNeeded(NotPermitted):
    """Refused for now: proving again who one is would allow it."""

    code: ClassVar[str] = "access.step_up_needed"
