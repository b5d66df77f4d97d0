"""Bencode, as rtpengine's ng protocol uses it: dictionaries, lists, byte strings, integers."""

from typing import Any

from auricle.media.errors import MediaFailed

Value = str | bytes | int | list["Value"] | dict[str, "Value"]
MAX_DEPTH = 16  # a delete reply nests eight deep


def encode(value: Value) -> bytes:
    """The bytes of a value; text goes out as UTF-8 with surrogates as the bytes they stand for."""
    out: list[bytes] = []
    _encode(value, out)
    return b"".join(out)


def _encode(value: Value, out: list[bytes]) -> None:
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        out.append(b"%d:%b" % (len(value), value))
    elif isinstance(value, int):
        out.append(b"i%de" % value)
    elif isinstance(value, list):
        out.append(b"l")
        for item in value:
            _encode(item, out)
        out.append(b"e")
    else:
        out.append(b"d")
        for key, item in value.items():
            _encode(key, out)
            _encode(item, out)
        out.append(b"e")


def decode(data: bytes) -> dict[str, Any]:
    """The dictionary in `data`; byte strings stay bytes, keys become text. Raises MediaFailed for anything else."""
    try:
        value, end = _decode(data, 0, 0)
    except (ValueError, IndexError, RecursionError) as error:
        raise MediaFailed("unreadable reply") from error
    if not isinstance(value, dict) or end != len(data):
        raise MediaFailed("unreadable reply")
    return value


def _decode(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise ValueError
    kind = data[at]
    if kind == 0x64:  # d
        at += 1
        found: dict[str, Any] = {}
        while data[at] != 0x65:
            key, at = _decode(data, at, depth + 1)
            if not isinstance(key, bytes):
                raise ValueError
            found[key.decode("utf-8", "replace")], at = _decode(data, at, depth + 1)
        return found, at + 1
    if kind == 0x6C:  # l
        at += 1
        items: list[Any] = []
        while data[at] != 0x65:
            item, at = _decode(data, at, depth + 1)
            items.append(item)
        return items, at + 1
    if kind == 0x69:  # i
        end = data.index(b"e", at)
        return int(data[at + 1 : end]), end + 1
    colon = data.index(b":", at, at + 12)
    size = int(data[at:colon])
    end = colon + 1 + size
    if size < 0 or end > len(data):
        raise ValueError
    return data[colon + 1 : end], end
