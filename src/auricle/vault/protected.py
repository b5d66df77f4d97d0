"""What may lie in a protected column: bytes that the vault made. The store refuses every other value there, so plaintext cannot get in.

Only `vault.fields` makes a Sealed, only `vault.blind` a Blind and only `vault.vouch` a Vouched (a test lists the callers).
"""


class Sealed(bytes):
    """A sealed field: epoch (2 bytes) || envelope (docs/specs/sealed-fields.md)."""

    __slots__ = ()


class Blind(bytes):
    """A blind index: equal for equal values, and without the key it tells nothing else."""

    __slots__ = ()


class Vouched(bytes):
    """A voucher: shows that we wrote the row it stands in (docs/specs/vouched-rows.md)."""

    __slots__ = ()
