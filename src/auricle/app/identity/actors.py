"""The Actor of a session or an API key, made anew for each request from the settings and the grants of now."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from auricle.access.api_keys import ApiKey
from auricle.access.session import Session
from auricle.access.subject import SessionFacts, Standing, actor_of
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.web.signed_in import OpenGlass

StandingOf = Callable[[PersonId, datetime], Awaitable[Standing]]
"""A person's grants and broken glass at a moment, from the store."""


class Actors:
    """Makes them."""

    def __init__(self, practice: Practice, standing_of: StandingOf) -> None:
        self._practice = practice
        self._standing_of = standing_of

    async def of_session(
        self, session: Session, address: str, now: datetime, *, stepped_up: bool, bare: bool
    ) -> tuple[Actor, OpenGlass | None]:
        """The person's actor, and the broken glass in force. `bare`: without any role, for who must enrol a second factor first."""
        standing = await self._standing_of(session.person, now)
        facts = SessionFacts(session.id, address, stepped_up)
        actor = actor_of(self._practice, self._practice.people[session.person], facts, standing, now)
        if bare:
            return replace(actor, roles=frozenset(), teams=frozenset(), mailboxes=frozenset(), allowed=frozenset()), None
        glass = standing.glass
        return actor, OpenGlass(glass.id, glass.until) if glass is not None and glass.in_force(now) else None

    async def of_key(self, key: ApiKey, address: str, now: datetime) -> Actor:
        """The API client's actor: its scopes, within what its owner may at this moment."""
        facts = SessionFacts(key.id, address, scopes=key.scopes, client=key.id)
        return actor_of(self._practice, self._practice.people[key.owner], facts, await self._standing_of(key.owner, now), now)
