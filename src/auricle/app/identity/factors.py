"""What the practice asks for and what people have: password lengths, second factors, and checking codes. Fits `SignInRules` of passkeys."""

from auricle.access.recovery import code_hash
from auricle.access.totp import MAX_WRONG, step_of
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Grant, Ref

SIGN_IN = Actor(ActorKind.SERVICE, "sign-in", frozenset({"sign-in"}))


class FactorRules:
    """Asks the settings and the store."""

    def __init__(self, store: Store, gate: Gate, practice: Practice, clock: Clock, *, required: bool) -> None:
        self._store = store
        self._gate = gate
        self._practice = practice
        self._clock = clock
        self.required = required

    async def may_sign_in(self, person: PersonId) -> bool:
        """Whether the person is of the practice and not terminated."""
        standing = (await self._store.standings()).get(person)
        return person in self._practice.people and (standing is None or standing.terminated_at is None)

    async def requires_second_factor(self, person: PersonId) -> bool:
        """Whether the practice wants one of this person: of everybody or of nobody."""
        return self.required and person in self._practice.people

    async def has_totp(self, person: PersonId) -> bool:
        """Whether any account of the person has an authenticator."""
        with_one = await self._store.totp_accounts()
        return any(account.person == person and account.username in with_one for account in await self._store.accounts())

    async def methods(self, username: str, person: PersonId) -> tuple[str, ...]:
        """The second steps that are possible after the password; empty where there is no second factor."""
        found: list[str] = []
        if (await self._store.totp_state(username)).since is not None:
            found.append("totp")
            if await self._store.recovery_codes_left(username):
                found.append("recovery-code")
        if await self._store.passkey_count(person):
            found.append("passkey")
        return tuple(found)

    async def totp_right(self, username: str, code: str, address: str) -> bool:
        """Whether it is the code of now, not used before, of an authenticator not switched off by wrong ones; True uses it up."""
        state = await self._store.totp_state(username)
        if state.since is None or state.wrong >= MAX_WRONG:
            return False
        step = await self._step(username, code, address, state.last_step)
        right = step is not None and await self._store.use_totp_step(username, step)
        if not right:
            await self._store.totp_wrong(username)
        return right

    async def pending_step(self, username: str, code: str, address: str) -> tuple[str, int] | None:
        """The secret that waits and the step of a right first code."""

        async def look(grant: Grant) -> tuple[str, int] | None:
            secret = await self._store.totp_secret(grant, username, pending=True)
            step = step_of(secret, code, self._clock.now(), 0) if secret else None
            return (secret, step) if secret and step is not None else None

        return await self._gate.open(self._actor(address), "second-factor.check", Ref("account", username), "enrolment", look)

    async def recovery_code_right(self, username: str, code: str) -> bool:
        """Whether it is one of the codes left; it is used up when this returns True."""
        return await self._store.use_recovery_code(username, code_hash(username, code))

    async def _step(self, username: str, code: str, address: str, last_step: int) -> int | None:
        async def look(grant: Grant) -> int | None:
            secret = await self._store.totp_secret(grant, username)
            return step_of(secret, code, self._clock.now(), last_step) if secret else None

        return await self._gate.open(self._actor(address), "second-factor.check", Ref("account", username), "sign-in", look)

    def _actor(self, address: str) -> Actor:
        return Actor(SIGN_IN.kind, SIGN_IN.id, SIGN_IN.roles, address=address)
