"""SDES keys in `a=crypto:` lines (RFC 4568), and which of those lines we may take.

What is not acceptable stays readable with the reason why, so that a refusal can be explained; keys never show in a repr.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

SUITES = {"AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30}
"""Suites we take, with the bytes of master key and salt (RFC 4568 6.2). The media engine is told to offer no other."""
MAX_LIFETIME = 2**48  # RFC 3711 9.2: packets under one master key
MAX_LINES = 64  # an offer of every registered suite has 14
_REFUSED = {"UNENCRYPTED_SRTP", "UNENCRYPTED_SRTCP", "UNAUTHENTICATED_SRTP"}
_TAG = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_]+", re.ASCII)
_LIFETIME = re.compile(r"2\^([0-9]{1,2})|([0-9]{1,16})", re.ASCII)
_MKI = re.compile(r"[0-9]+:[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class InlineKey:
    """One `inline:` key parameter: master key and salt, the packets it may protect (None: the default), and its MKI as written."""

    key: bytes = field(repr=False)
    lifetime: int | None = None
    mki: str | None = None


@dataclass(frozen=True, slots=True)
class Crypto:
    """One crypto line. `fault` says why we may not take it, empty when we may."""

    tag: int
    suite: str
    key_params: tuple[InlineKey, ...] = field(repr=False)
    session_params: tuple[str, ...]
    fault: str = ""


def parse_cryptos(values: list[str]) -> list[Crypto]:
    """All well-formed lines in the offerer's order, acceptable or not. A tag that comes twice counts once (RFC 4568 6.1)."""
    found: list[Crypto] = []
    for value in values[:MAX_LINES]:
        line = _parse_line(value)
        if line is not None and all(line.tag != other.tag for other in found):
            found.append(line)
    return found


def _parse_line(value: str) -> Crypto | None:
    parts = value.split()
    if len(parts) < 3 or not _TAG.fullmatch(parts[0]) or not _WORD.fullmatch(parts[1]):
        return None
    suite = parts[1].upper()
    keys = [_parse_key(text) for text in parts[2].split(";")]
    known = tuple(key for key in keys if key is not None)
    if len(known) != len(keys):
        return Crypto(int(parts[0]), suite, (), tuple(parts[3:]), "unreadable key")
    return Crypto(int(parts[0]), suite, known, tuple(parts[3:]), _fault(suite, known, parts[3:]))


def _parse_key(text: str) -> InlineKey | None:
    method, colon, info = text.partition(":")
    encoded, *rest = info.split("|")
    if method.lower() != "inline" or not colon or len(rest) > 2:
        return None
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    mki = rest.pop() if rest and _MKI.fullmatch(rest[-1]) else None
    if not rest:
        return InlineKey(key, None, mki)
    lifetime = _LIFETIME.fullmatch(rest[0]) if len(rest) == 1 else None
    if lifetime is None:
        return None
    power, plain = lifetime.groups()
    return InlineKey(key, 2 ** int(power) if power else int(plain), mki)


def _fault(suite: str, keys: tuple[InlineKey, ...], session_params: list[str]) -> str:
    size = SUITES.get(suite)
    if size is None:
        return "suite not taken"
    if any(len(key.key) != size for key in keys):
        return "key of the wrong length"
    if len(keys) > 1 or keys[0].mki is not None:
        return "MKI not supported"  # with it every packet carries bytes we would not strip: all would fail
    if keys[0].lifetime is not None and not 0 < keys[0].lifetime <= MAX_LIFETIME:
        return "lifetime out of range"
    return next((fault for param in session_params if (fault := _param_fault(param))), "")


def _param_fault(param: str) -> str:
    """RFC 4568 6.3: an unknown parameter voids the line unless it starts with `-`."""
    name, _, value = param.upper().partition("=")
    if name.startswith("-"):
        return ""
    if name in _REFUSED:
        return "protection switched off"
    if name == "WSH" and value.isdigit():  # a hint of the replay window's size; ours is larger than any sensible one
        return ""
    if name == "KDR" and value == "0":
        return ""
    return "session parameter not supported"
