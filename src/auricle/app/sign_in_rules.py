"""Who may sign in at all, and what else they would need: asked by passkeys and single sign-on, which know no passwords."""

from typing import Protocol

from auricle.adapters.store import Store
from auricle.kernel.ids import PersonId


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


async def username_of(store: Store, person: PersonId) -> str:
    """The user name a session of this person is under; the person's own name in the settings where there is no account."""
    return next(iter(await store.usernames_of(person)), person)
