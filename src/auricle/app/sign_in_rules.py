"""Who may sign in at all, and what else they would need: asked by passkeys and single sign-on, which know no passwords."""

from collections.abc import Callable
from typing import Protocol

from auricle.adapters.store import Store
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice


class SignInRules(Protocol):
    """What the practice and a person's other factors say."""

    async def may_sign_in(self, person: PersonId) -> bool:
        """Whether the person is of the practice and not terminated."""
        ...

    async def requires_second_factor(self, person: PersonId) -> bool:
        """Whether the practice wants one of this person."""
        ...

    async def has_totp(self, person: PersonId) -> bool:
        """Whether the person has an authenticator app."""
        ...


class StoredRules:
    """Fits `SignInRules`; asks the store each time, so that what happened a moment ago counts."""

    def __init__(self, store: Store, practice: Practice, requires: Callable[[PersonId], bool]) -> None:
        self._store = store
        self._practice = practice
        self._requires = requires

    async def may_sign_in(self, person: PersonId) -> bool:
        """Whether the settings have the person and nobody ended their access."""
        standing = (await self._store.standings()).get(person)
        return person in self._practice.people and (standing is None or standing.terminated_at is None)

    async def requires_second_factor(self, person: PersonId) -> bool:
        """What the settings say."""
        return self._requires(person)

    async def has_totp(self, person: PersonId) -> bool:
        """Whether one of the person's accounts has an authenticator app that counts."""
        return not (await self._store.totp_accounts()).isdisjoint(await self._store.usernames_of(person))


async def username_of(store: Store, person: PersonId) -> str:
    """The user name a session of this person is under; the person's own name in the settings where there is no account."""
    return next(iter(await store.usernames_of(person)), person)
