"""All of identity for one practice, joined by keyword: what the console, the phones and other ways to sign in share."""

from collections.abc import Callable
from datetime import timedelta

from auricle.access.decision import Policies
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.app.identity.actors import Actors
from auricle.app.identity.attempts import Attempts
from auricle.app.identity.ending import AccessEnder
from auricle.app.identity.factors import FactorRules
from auricle.app.identity.keeper import SessionKeeper
from auricle.app.identity.users import Users
from auricle.app.identity.watch import PeopleWatch
from auricle.app.web_api_keys import WebApiKeys
from auricle.app.web_me import WebMe
from auricle.app.web_people import WebPeople
from auricle.app.web_scim import WebScim
from auricle.app.web_sessions import WebSessions
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate


class IdentityService:
    """Made once a practice. `access_changed` is called when sessions ended or somebody's standing changed: streams then look again."""

    def __init__(  # noqa: PLR0913 - joined by keyword in one place, app/instance.py
        self,
        *,
        store: Store,
        gate: Gate,
        policies: Policies,
        practice: Practice,
        passwords: Passwords,
        clock: Clock,
        entropy: Entropy,
        idle: timedelta,
        second_factor_required: bool,
        access_changed: Callable[[], None],
    ) -> None:
        self.attempts = Attempts(store, clock)
        self.rules = FactorRules(store, gate, practice, clock, required=second_factor_required)
        self.actors = Actors(practice, store.standing)
        self.keeper = SessionKeeper(store, practice, self.actors, self.rules, clock, entropy, idle, access_changed)
        self.watch = PeopleWatch(store)
        self.ender = AccessEnder(store, practice, self.watch)
        self.sessions = WebSessions(store, practice, self.keeper, self.rules, self.attempts, passwords, clock, entropy)
        self.me = WebMe(store, practice, self.keeper, self.rules, self.attempts, passwords, entropy)
        self.people = WebPeople(store, gate, practice, self.keeper, self.ender)
        self.api_keys = WebApiKeys(store, gate, policies, practice, self.actors, self.attempts, clock, entropy)
        self.scim = WebScim(store, gate, practice, self.ender)
        self.users = Users(store, gate, practice, passwords, self.rules, self.ender)
        self.watch.listen(self.sessions.drop_tickets)
        self.watch.listen(lambda person: access_changed() if person is None else None)

    async def restore(self) -> None:
        """Take up what a restart must not forget: wrong tries, and whose access ended."""
        await self.attempts.restore()
        await self.watch.refresh()
