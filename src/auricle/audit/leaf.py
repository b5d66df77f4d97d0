"""Leaves read back into entries, and the columns kept beside them for searching."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime

from msgspec import DecodeError, Struct, field, json

from auricle.audit.entry import Entry


class Leaf(Struct, frozen=True):
    """The JSON of a leaf; keys of a later version are passed over."""

    at: datetime
    actor_kind: str
    actor: str
    session: str
    address: str
    action: str
    kind: str
    ref: str
    outcome: str
    purpose: str
    sealed: str = ""
    detail: dict[str, str] = field(default_factory=dict)
    place: str = ""
    touched: tuple[str, ...] = ()


_decode = json.Decoder(Leaf).decode


def entry_of(leaf: bytes) -> Entry:
    """The entry of a leaf. Raises ValueError for bytes that are none."""
    try:
        read = _decode(leaf)
    except DecodeError as error:
        raise ValueError("not a leaf") from error
    return Entry(
        at=read.at,
        actor_kind=read.actor_kind,
        actor=read.actor,
        session=read.session,
        address=read.address,
        action=read.action,
        kind=read.kind,
        ref=read.ref,
        outcome=read.outcome,
        purpose=read.purpose,
        sealed=b64decode(read.sealed),
        detail=read.detail or None,
        place=read.place,
        touched=read.touched,
    )


def time_of(leaf: bytes) -> datetime | None:
    """The time of a leaf; None for bytes that are none."""
    try:
        return _decode(leaf).at
    except DecodeError:
        return None


def columns(entry: Entry) -> Mapping[str, str | float]:
    """What a search compares: kept beside the leaf and checked against it by `auricle audit fsck`."""
    return {
        "at": entry.at.timestamp(),
        "actor": _storable(entry.actor),
        "action": _storable(entry.action),
        "kind": _storable(entry.kind),
        "ref": _storable(entry.ref),
        "outcome": entry.outcome,
    }


def touched(entry: Entry) -> tuple[str, ...]:
    """The records an entry names, each once."""
    return tuple(dict.fromkeys(_storable(record) for record in entry.touched))


def _storable(text: str) -> str:
    """A text that every database takes: lone surrogates and NUL, which only rubbish from outside has, become `?`."""
    return text.encode(errors="replace").decode().replace("\0", "?")
