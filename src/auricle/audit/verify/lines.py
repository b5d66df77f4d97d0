"""The lines of an export and the entries in them: in our own spelling the fast way, in any other strictly by the rules of JSON."""

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

from msgspec import UNSET, MsgspecError, Struct, UnsetType
from msgspec.json import Decoder, Encoder

from auricle.audit.verify.report import Fault, Wrong

TEXTS = frozenset({"at", "actor_kind", "actor", "session", "address", "action", "kind", "ref", "outcome", "purpose"})
OUTCOMES = frozenset({"allowed", "refused", "failed", "done"})
OPTIONAL = frozenset({"sealed", "place", "detail", "touched"})
MAX_LINE_BYTES = 1 << 20  # an entry is below 1 k, one that lists what it touched below 64 k
ROW_KEYS = ({"index", "hash", "leaf"}, {"checkpoint"})


class _Entry(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """An entry; the order of fields is that of the spec, so that encoding it again gives the very leaf."""

    action: str
    actor: str
    actor_kind: str
    address: str
    at: str
    kind: str
    outcome: Literal["allowed", "refused", "failed", "done"]
    purpose: str
    ref: str
    session: str
    v: Literal[1]
    detail: dict[str, str] | UnsetType = UNSET
    place: str | UnsetType = UNSET
    sealed: str | UnsetType = UNSET
    touched: list[str] | UnsetType = UNSET


class _Ordered(Struct, omit_defaults=True, gc=False):
    """The same in the order in which a leaf has its keys."""

    action: str
    actor: str
    actor_kind: str
    address: str
    at: str
    detail: dict[str, str] | UnsetType
    kind: str
    outcome: str
    place: str | UnsetType
    purpose: str
    ref: str
    sealed: str | UnsetType
    session: str
    touched: list[str] | UnsetType
    v: int


_entry = Decoder(_Entry).decode
_text = Decoder(str).decode
_encode = Encoder().encode
_sha256 = hashlib.sha256


def fast_row(line: bytes, expected: int) -> tuple[bytes, bytes, str] | None:
    """Leaf, hash and time of a line that is spelt as we spell it and holds entry `expected` whole; None for any other line.

    None says nothing yet: `slow_row` then reads the line by the rules and finds what is wrong, if anything is.
    """
    head = b'{"index":%d,"hash":"' % expected
    start = len(head)
    if not line.startswith(head) or line[start + 64 : start + 73] != b'","leaf":' or line[-1:] != b"}":
        return None
    try:
        text = _text(line[start + 73 : -1])
        leaf = text.encode("ascii")
        hashed = _sha256(b"\x00" + leaf)
        if hashed.hexdigest().encode() != line[start : start + 64]:
            return None
        entry = _entry(leaf)
    except (MsgspecError, ValueError):
        return None
    again = _Ordered(
        entry.action, entry.actor, entry.actor_kind, entry.address, entry.at, entry.detail, entry.kind, entry.outcome, entry.place,
        entry.purpose, entry.ref, entry.sealed, entry.session, entry.touched, 1,
    )  # fmt: skip
    # the same bytes again: no key stood twice, none was out of place; escapes and such take the slow way
    return (leaf, hashed.digest(), entry.at) if _encode(again) == leaf else None


def slow_line(line: bytes, number: int) -> dict[str, object] | None:
    """A line as an object; None for an empty one. Raises Wrong."""
    if len(line) > MAX_LINE_BYTES:
        raise Wrong(Fault.BAD_LINE, f"line {number} is too long")
    return json_object(line, Fault.BAD_LINE, f"line {number}") if line.strip() else None


def slow_leaf(row: Mapping[str, object], expected: int) -> bytes:
    """The leaf of a row, which must be ASCII text. Raises Wrong."""
    text = row["leaf"]
    if not isinstance(text, str) or not text.isascii():
        raise Wrong(Fault.BAD_ENTRY, f"entry {expected} is not ASCII text")
    return text.encode("ascii")


def entry_time(leaf: bytes, expected: int) -> str:
    """The time of a leaf that is an entry: all its fields and no others, each of its kind. Raises Wrong."""
    entry = json_object(leaf, Fault.BAD_ENTRY, f"entry {expected}")
    if set(entry) - OPTIONAL != TEXTS | {"v"} or type(entry["v"]) is not int or entry["v"] != 1:
        raise Wrong(Fault.BAD_ENTRY, f"entry {expected} has not the fields of an entry")
    texts = [entry[name] for name in TEXTS] + [entry[name] for name in ("sealed", "place") if name in entry]
    detail, touched = entry.get("detail", {}), entry.get("touched", [])
    if not all(isinstance(text, str) for text in texts) or entry["outcome"] not in OUTCOMES:
        raise Wrong(Fault.BAD_ENTRY, f"entry {expected} has a field with no value of an entry")
    if not isinstance(detail, dict) or not isinstance(touched, list) or not all(isinstance(x, str) for x in (*detail.values(), *touched)):
        raise Wrong(Fault.BAD_ENTRY, f"entry {expected} has a field with no value of an entry")
    return str(entry["at"])


def json_object(text: bytes, kind: Fault, what: str) -> dict[str, object]:
    """A JSON object in which no key stands twice. Raises Wrong."""
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Wrong(kind, f"{what} cannot be read") from None
    if not isinstance(value, dict):
        raise Wrong(kind, f"{what} is not an object")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a key that stands twice, two readers would see two different things."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value
