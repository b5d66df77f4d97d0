"""Reading what a browser sent before the library sees it: strict base64url, and the parts of the client data the library does not check."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from auricle.access.passkeys import MAX_CREDENTIAL_ID_BYTES, PasskeyRefused


def base64url(text: object) -> bytes:
    """RFC 4648 5 without padding, canonical. Raises PasskeyRefused."""
    if not isinstance(text, str) or not text.isascii():
        raise PasskeyRefused("a part of the answer is no base64url")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise PasskeyRefused("a part of the answer is no base64url") from None
    if base64url_text(data) != text:  # the standard decoder skips what it does not know
        raise PasskeyRefused("a part of the answer is no canonical base64url")
    return data


def base64url_text(data: bytes) -> str:
    """RFC 4648 5 without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def credential_id_of(credential: Mapping[str, Any]) -> bytes:
    """The id of the credential that an answer says was used. Raises PasskeyRefused."""
    found = base64url(credential.get("rawId"))
    if not 0 < len(found) <= MAX_CREDENTIAL_ID_BYTES:
        raise PasskeyRefused("the credential id is empty or too long")
    return found


def check_client_data(client_data: bytes) -> None:
    """The ceremony took place in our own page, not in a frame of another site (L3 7.1 step 10, 7.2 step 13). Raises PasskeyRefused."""
    try:
        data = json.loads(client_data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise PasskeyRefused("the client data is no JSON") from None
    if not isinstance(data, dict):
        raise PasskeyRefused("the client data is no JSON object")
    if data.get("crossOrigin", False) is not False or "topOrigin" in data:
        raise PasskeyRefused("the ceremony ran in a frame of another site")
