"""People as a directory sees them, behind `web.scim.ports.ScimPeople`."""

from collections.abc import Sequence

from auricle.adapters.store import Store
from auricle.app.identity.ending import AccessEnder
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Ref
from auricle.web.ports import NotFound
from auricle.web.scim.ports import ScimPerson

SCIM = "scim"
REASON = "a directory ended the access over SCIM"


class WebScim:
    """Fits `web.scim.ports.ScimPeople`."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, ender: AccessEnder) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._ender = ender

    async def people(self, actor: Actor) -> Sequence[ScimPerson]:
        """Everybody that was not deleted."""
        await self._gate.check(actor, "people.deprovision", Ref("person", "*"), SCIM)
        return await self._people()

    async def person(self, actor: Actor, person: PersonId) -> ScimPerson:
        """One of them. What is no person of ours is not repeated in the log."""
        known = person if person in self._practice.people else "unknown"
        await self._gate.check(actor, "people.deprovision", Ref("person", known), SCIM)
        return await self._person(person)

    async def deactivate(self, actor: Actor, person: PersonId, *, delete: bool = False) -> ScimPerson:
        """End all access, once; deleting somebody whose access ended already only hides them here."""
        found = await self.person(actor, person)
        if found.active or delete:
            await self._ender.end(actor, person, REASON, deleted=delete)
        return found if delete else await self._person(person)

    async def _person(self, person: PersonId) -> ScimPerson:
        for one in await self._people():
            if one.id == person:
                return one
        raise NotFound("no such person")

    async def _people(self) -> list[ScimPerson]:
        standings = await self._store.standings()
        usernames: dict[PersonId, str] = {}
        for account in await self._store.accounts():
            usernames.setdefault(account.person, account.username)
        found = []
        for person in sorted(self._practice.people.values(), key=lambda one: one.id):
            standing = standings.get(person.id)
            if standing is None or not standing.deleted:
                active, changed = standing is None or standing.terminated_at is None, standing.changed_at if standing else None
                found.append(ScimPerson(person.id, usernames.get(person.id, person.id), person.name, active, changed))
        return found
