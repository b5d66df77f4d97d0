"""Password hashing with Argon2id (RFC 9106), off the event loop and two at a time: each takes 64 MiB and a tenth of a second."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE = 2


class Passwords:
    """Hashes and checks."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._decoy = ""

    async def hashed(self, password: str) -> str:
        """The hash to keep."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def right(self, password: str, kept: str | None) -> bool:
        """Whether it is the password of the hash; an unknown account costs the same time."""
        if not self._decoy:
            self._decoy = await self.hashed("decoy")
        async with self._turns:
            matches = await asyncio.to_thread(self._verify, password, kept or self._decoy)
        return matches and kept is not None

    def _verify(self, password: str, kept: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
