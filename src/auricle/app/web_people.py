"""People's standing behind `web.people.ports.People`: who works here, ending somebody's access, giving it back."""

from collections import Counter
from collections.abc import Sequence

from auricle.adapters.store import Store
from auricle.app.identity.ending import AccessEnder
from auricle.app.identity.keeper import SessionKeeper
from auricle.app.web_me import info_of
from auricle.kernel.actor import Actor
from auricle.kernel.ids import PersonId
from auricle.practice.model import Person, Practice
from auricle.vault.gate import Gate, Outcome, Ref
from auricle.web.me.ports import SessionInfo
from auricle.web.people.ports import OwnAccess, PersonStanding
from auricle.web.ports import NotFound

CONSOLE = "console"


class WebPeople:
    """Fits `web.people.ports.People`."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, keeper: SessionKeeper, ender: AccessEnder) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._keeper = keeper
        self._ender = ender

    async def people(self, actor: Actor) -> Sequence[PersonStanding]:
        """Everybody, by name."""
        await self._gate.check(actor, "people.read", Ref("person", "*"), CONSOLE)
        standings = await self._store.standings()
        sessions = Counter(session.person for session in await self._store.live_sessions(self._keeper.idle))
        keys = await self._store.api_key_counts()
        accounts: dict[PersonId, set[str]] = {}
        for account in await self._store.accounts():
            accounts.setdefault(account.person, set()).add(account.username)
        totp = await self._store.totp_accounts()
        found = []
        for person in sorted(self._practice.people.values(), key=lambda one: (one.name.casefold(), one.id)):
            standing = standings.get(person.id)
            factors = ["totp"] if totp & accounts.get(person.id, set()) else []
            factors += ["passkey"] if await self._store.passkey_count(person.id) else []
            found.append(
                PersonStanding(
                    id=person.id,
                    name=person.name,
                    extension=person.extension,
                    roles=tuple(sorted(person.roles)),
                    terminated_at=standing.terminated_at if standing else None,
                    sessions=sessions[person.id],
                    phones=len(self._practice.devices_of(person.id)),
                    api_keys=keys.get(person.id, 0),
                    has_account=person.id in accounts,
                    second_factor="+".join(factors) or "none",
                )
            )
        return found

    async def terminate(self, actor: Actor, person: PersonId, reason: str) -> None:
        """End all access of a person; one's own is for somebody else to end."""
        await self._gate.check(actor, "people.terminate", self._ref(person), CONSOLE)
        if person == actor.id:
            await self._store.record(actor, "people.terminate", self._ref(person), Outcome.REFUSED, CONSOLE, why="one's own access")
            raise OwnAccess
        await self._ender.end(actor, person, reason)

    async def restore(self, actor: Actor, person: PersonId, reason: str) -> None:
        """Let a person in again."""
        await self._gate.check(actor, "people.terminate", self._ref(person), CONSOLE)
        await self._ender.restore(actor, person, reason)

    async def sessions(self, actor: Actor, person: PersonId) -> Sequence[SessionInfo]:
        """The live sessions of a person."""
        await self._gate.check(actor, "sessions.revoke", self._ref(person), CONSOLE)
        found = await self._store.sessions_of(person, self._keeper.idle)
        return [info_of(session, current=session.id == actor.session_id) for session in found]

    async def end_session(self, actor: Actor, person: PersonId, session: str) -> None:
        """End one of them."""
        if session not in {one.id for one in await self.sessions(actor, person)}:
            raise NotFound("no session of this person")
        await self._keeper.end([session], actor, "ended by somebody else")

    async def end_sessions(self, actor: Actor, person: PersonId) -> int:
        """End all of them."""
        ids = [one.id for one in await self.sessions(actor, person)]
        await self._keeper.end(ids, actor, "ended by somebody else")
        return len(ids)

    def _ref(self, person: PersonId) -> Ref:
        found: Person | None = self._practice.people.get(person)
        if found is None:
            raise NotFound("no such person")
        return Ref("person", found.id, owner=found.id)
