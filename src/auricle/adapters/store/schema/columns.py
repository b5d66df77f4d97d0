"""The kinds of columns: plain with a reason, sealed, blind index, voucher. A table made in any other way fails a test.

A protected column takes only what the vault made (`vault.protected`): a text or plain bytes are refused when they are bound, whichever way.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, Dialect, Integer, LargeBinary, MetaData
from sqlalchemy.types import TypeDecorator, TypeEngine

from auricle.adapters.store.errors import PlaintextRefused
from auricle.vault.protected import Blind, Sealed, Vouched

metadata = MetaData()
NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""Of audit entries: a busy system may write more than 2^31 of them. SQLite's integers have 64 bits, and its row ids want their own name."""
MARK = "auricle"
"""The key in `Column.info` that says what a column may hold."""

IDENTIFIER = "a random identifier"
TIME = "a time; who it was is sealed"
STATE = "a state out of a short list"
COUNT = "a count or a length"
SETTING = "a name out of the practice's settings"

NUMBER_CONTEXTS = ("call.caller", "call.called", "voicemail.caller")
"""The contexts of the blind indexes in which somebody's telephone number may stand."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """Where the values of a blind column stand sealed, so that it can be written anew after a rotation (adapters/store/reindexing.py).

    `field` is a key of the JSON text in `column` of `table` (empty: the same table), whose row the column `by` here names. With `words` the
    row is one of several, each the index of one word of the value (kernel.normal.name_tokens).
    """

    contexts: tuple[str, ...]
    field: str
    table: str = ""
    by: str = "id"
    column: str = "sealed"
    words: bool = False


class Protected(TypeDecorator[bytes]):
    """Bytes the vault made; what is read back is plain bytes, since only the vault may say that it made them."""

    impl = LargeBinary
    cache_ok = True
    accepts: ClassVar[type[bytes]]

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Every statement that SQLAlchemy runs comes by here. Raises PlaintextRefused."""
        bound: bytes | None = only(self.accepts, value)
        return bound


class SealedBytes(Protected):
    """The type of a sealed column."""

    cache_ok = True
    accepts = Sealed


class BlindBytes(Protected):
    """The type of a column of blind indexes."""

    cache_ok = True
    accepts = Blind


class VouchedBytes(Protected):
    """The type of a column of vouchers."""

    cache_ok = True
    accepts = Vouched


def only(accepted: type[bytes], value: Any) -> Any:
    """The value, where it is of just this type or None. Raises PlaintextRefused, which does not show it."""
    if type(value) is accepted or value is None:
        return value
    raise PlaintextRefused(f"a protected column takes {accepted.__name__} values of the vault and was given {type(value).__name__}")


def clear(name: str, kind: type[TypeEngine[Any]] | TypeEngine[Any], *, why: str, **options: Any) -> Column[Any]:
    """A column anybody with the disk may read; `why` says why that tells nothing about a patient.

    `volatile` in a vouched table: why nobody gains anything by changing it, so that the voucher leaves it out.
    """
    reference, volatile = options.pop("references", None), options.pop("volatile", "")
    info = {MARK: "clear", "why": why} | ({"volatile": volatile} if volatile else {})
    return Column(name, kind, *([reference] if reference is not None else []), info=info, **options)


def sealed(name: str, **options: Any) -> Column[Any]:
    """A column of what `vault.fields` sealed."""
    return Column(name, SealedBytes, info={MARK: "sealed"}, **options)


def blind(name: str, *, of: Indexed, **options: Any) -> Column[Any]:
    """A column of blind indexes (`vault.blind`); `of` says of which sealed values."""
    return Column(name, BlindBytes, info={MARK: "blind", "of": of}, **options)


def voucher(name: str) -> Column[Any]:
    """A column of vouchers (`vault.vouch`), for tables of authority (schema/authority.py); the clerk fills it. NULL fits nothing."""
    return Column(name, VouchedBytes, info={MARK: "voucher"})
