"""Ending all access of a person, and giving it back: one transaction, then everything that runs is told at once."""

from auricle.adapters.store import Store
from auricle.app.identity.watch import PeopleWatch
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice


class AccessEnder:
    """The one way to do it inside a running practice; who may is decided before. The command line writes the same rows and is noticed."""

    def __init__(self, store: Store, practice: Practice, watch: PeopleWatch) -> None:
        self._store = store
        self._practice = practice
        self._watch = watch

    async def end(self, actor: Actor, person: PersonId, reason: str, *, deleted: bool = False) -> None:
        """Sessions, streams, keys, grants, registrations, and running calls but those for help: all over when this returns."""
        phones = [device.username for device in self._practice.devices_of(person)]
        await self._store.terminate_person(person, phones, actor, reason, deleted=deleted)
        await self._watch.refresh()

    async def restore(self, actor: Actor, person: PersonId, reason: str) -> None:
        """Sign-in and phones work again; what was ended stays ended."""
        await self._store.restore_person(person, actor, reason)
        await self._watch.refresh()
