"""Signing in with a password and, where there is one, a second factor, behind `web.ports.Sessions`: every try is throttled and audited."""

from base64 import urlsafe_b64encode

from auricle.access.model import Action
from auricle.access.password import normalized
from auricle.access.tickets import Ticket, Tickets
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.app.identity.attempts import Attempts
from auricle.app.identity.factors import FactorRules
from auricle.app.identity.keeper import SessionKeeper
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Outcome, Ref
from auricle.web.signed_in import BadCode, BadCredentials, EnrolmentNeeded, SecondFactorNeeded, SignedIn, TicketOver

TICKET_BYTES = 32
WRONG = "wrong user name or password"


class WebSessions:
    """Fits `web.ports.Sessions`."""

    def __init__(
        self,
        store: Store,
        practice: Practice,
        keeper: SessionKeeper,
        rules: FactorRules,
        attempts: Attempts,
        passwords: Passwords,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._practice = practice
        self._keeper = keeper
        self._rules = rules
        self._attempts = attempts
        self._passwords = passwords
        self._clock = clock
        self._entropy = entropy
        self._tickets = Tickets()

    async def sign_in(self, username: str, password: str, address: str) -> SignedIn | SecondFactorNeeded:
        """A new session, or a ticket. An unknown user costs the same time, and is told the same."""
        attempt = self._attempts.admit("password", username, address)
        account = await self._store.account(username)
        right = await self._passwords.right(normalized(password), account.password_hash if account else None)
        if account is None or not right or account.terminated or account.person not in self._practice.people:
            ended = account is not None and right and account.terminated
            await self._attempts.refused(attempt, "session.start", "the person's access was ended" if ended else WRONG)
            raise BadCredentials
        methods = await self._rules.methods(account.username, account.person)
        if not methods:
            await self._attempts.succeeded(attempt)
            return await self._keeper.start(account.person, account.username, address, "password", "none")
        await self._attempts.succeeded(attempt)
        token = urlsafe_b64encode(self._entropy.token(TICKET_BYTES)).decode().rstrip("=")
        ticket = Ticket(account.username, account.person, account.password_hash, address, self._clock.monotonic())
        self._tickets.add(token, ticket)
        return SecondFactorNeeded(token, methods)

    async def second_factor(self, ticket: str, address: str, *, totp: str = "", recovery_code: str = "") -> SignedIn:
        """The second step."""
        found = self._tickets.find(ticket, address, self._clock.monotonic())
        if found is None:
            await self._attempts.wrong("ticket", "", address, "session.start", "no such ticket, too late, or from another address")
            raise TicketOver
        kind = "totp" if totp else "recovery-code"
        attempt = self._attempts.admit(kind, found.username, address, everywhere=True)
        if totp:
            right = await self._rules.totp_right(found.username, totp, address)
        else:
            right = await self._rules.recovery_code_right(found.username, recovery_code)
        if not right:
            self._tickets.wrong(ticket)
            why = f"wrong {kind} after the right password"
            await self._attempts.refused(attempt, "session.start", why, ref=Ref("account", found.username))
            raise BadCode
        await self._attempts.succeeded(attempt)
        account = await self._store.account(found.username)
        if not self._tickets.use(ticket) or account is None or account.password_hash != found.password_hash:
            raise TicketOver  # used by another request meanwhile, or the password changed
        return await self._keeper.start(found.person, found.username, address, "password", kind)

    async def step_up(self, session: SignedIn, *, password: str = "", totp: str = "") -> SignedIn:
        """The password, and the code of whoever has an authenticator; who has no password here (single sign-on) gives the code alone.

        Who has only passkeys must use one.
        """
        methods = await self._rules.methods(session.username, session.person)
        account = await self._store.account(session.username)
        if account is not None or not methods:
            await self._step_up_password(session, password, account.password_hash if account else None)
        if methods:
            await self._step_up_code(session, totp, "totp" in methods)
        return await self._keeper.renewed(session, "step-up", stepped_up=True, second_factor="totp" if methods else None)

    async def _step_up_password(self, session: SignedIn, password: str, kept: str | None) -> None:
        attempt = self._attempts.admit("step-up", session.username, session.actor.address)
        right = await self._passwords.right(normalized(password), kept)
        if not right:
            await self._attempts.refused(attempt, "session.step-up", "wrong password", session.actor, self._ref(session))
            raise BadCredentials
        await self._attempts.succeeded(attempt)

    async def _step_up_code(self, session: SignedIn, totp: str, has_totp: bool) -> None:
        attempt = self._attempts.admit("totp", session.username, session.actor.address, everywhere=True)
        if not has_totp or not await self._rules.totp_right(session.username, totp, session.actor.address):
            await self._attempts.refused(attempt, "session.step-up", "wrong totp", session.actor, self._ref(session))
            raise BadCode
        await self._attempts.succeeded(attempt)

    async def resume(self, token: str, address: str, *, active: bool) -> SignedIn | None:
        """The live session of a token."""
        return await self._keeper.resume(token, address, active=active)

    async def still(self, session: SignedIn) -> SignedIn | None:
        """The session as it is now."""
        return await self._keeper.still(session)

    async def must_enrol(self, session: SignedIn, action: Action) -> None:
        """Audit and refuse."""
        why = "a second factor must be set up first"
        await self._store.record(session.actor, action.value, Ref("route", "*"), Outcome.REFUSED, "console", why=why)
        raise EnrolmentNeeded

    async def sign_out(self, session: SignedIn) -> None:
        """End it."""
        await self._keeper.end([session.actor.session_id], session.actor, "signed out")

    def drop_tickets(self, person: PersonId | None) -> None:
        """Somebody's access ended between the two steps."""
        if person is not None:
            self._tickets.drop_of(person)

    def _ref(self, session: SignedIn) -> Ref:
        return Ref("session", session.actor.session_id)
