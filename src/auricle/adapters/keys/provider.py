"""What can hold the root key outside the data directory: a token, a cloud's key service. One port for all.

Methods block; call them off the event loop. The context is authenticated: what was wrapped for one file opens for no other.
"""

import json
from collections.abc import Mapping
from typing import Any, Protocol

CONTEXT_PURPOSE = "auricle-root-key"


class KekProvider(Protocol):
    """Wraps and unwraps 32 bytes with a key that never leaves it."""

    @property
    def kind(self) -> str:
        """The holder's kind in keys.json."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What names its key; no secrets."""
        ...

    def wrap(self, secret: bytes, context: Mapping[str, str]) -> bytes:
        """Raises ProviderUnreachable, ProviderRefused, ProviderMissing."""
        ...

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Raises what `wrap` raises, and WrongHolder where its key or the context is another."""
        ...


def context_of(holder: str) -> dict[str, str]:
    """The context of one holder's wrapped root key."""
    return {"purpose": CONTEXT_PURPOSE, "holder": holder}


def context_bytes(context: Mapping[str, str]) -> bytes:
    """The context as canonical bytes, for providers that take bytes."""
    return json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()
