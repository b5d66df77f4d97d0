"""How the store fails.

OurError
├── StoreFailed      a write was not kept, or nothing could be read: a full or failing disk, a server that is away; it may be tried again
│   ├── OutcomeUnknown   the connection broke in the middle of a commit and did not come back in time to ask
│   ├── WriteRefused     the database will never take this write
│   │   ├── PlaintextRefused     a protected column was given a value the vault did not make
│   │   └── VoucherMissing       a table of authority would be written or read past its vouchers
│   └── StoreClosed      the store was closed before
├── StoreUnusable    the file cannot be opened: no database, a newer schema, another practice's keys
│   └── LogDamaged       the audit log is not what its last checkpoint signed
└── GrantDoesNotFit  a bug of ours: a grant for one thing was used to open another
"""

from typing import ClassVar

from auricle.kernel.errors import OurError


class StoreFailed(OurError):
    """The database did not take a write, and nothing of it was kept; or it could not be read."""

    code: ClassVar[str] = "store.failed"
    retryable: ClassVar[bool] = True


class WriteRefused(StoreFailed):
    """This write breaks a rule of the database, and would again."""

    code: ClassVar[str] = "store.refused"
    retryable: ClassVar[bool] = False


class PlaintextRefused(WriteRefused):
    """A bug of ours: a protected column takes only what the vault made. Nothing was written."""

    code: ClassVar[str] = "store.plaintext_refused"


class VoucherMissing(WriteRefused):
    """A bug of ours: tables of authority are written by statements the clerk can vouch for, and read with their vouchers."""

    code: ClassVar[str] = "store.voucher_missing"


class OutcomeUnknown(StoreFailed):
    """The connection to the database broke while it committed; whether the write was kept shows when the database is back."""

    code: ClassVar[str] = "store.outcome_unknown"


class StoreClosed(StoreFailed):
    """Nothing is written any more."""

    code: ClassVar[str] = "store.closed"
    retryable: ClassVar[bool] = False


class StoreUnusable(OurError):
    """The database cannot be opened; the text says why and what to do."""

    code: ClassVar[str] = "store.unusable"


class LogDamaged(StoreUnusable):
    """The audit log was changed outside this program. Signing on would make the change look genuine, so nothing is opened."""

    code: ClassVar[str] = "store.log_damaged"


class GrantDoesNotFit(OurError):
    """The gate was passed for something else."""

    code: ClassVar[str] = "store.grant_does_not_fit"
