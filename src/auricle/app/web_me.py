"""One's own password, second factors and sessions, behind `web.me.ports.Me`."""

import asyncio
from collections.abc import Sequence

from auricle.access.passkeys import LastFactor
from auricle.access.password import BadPassword, check_password, normalized, strength
from auricle.access.recovery import CODE_BYTES, CODES, hashes, new_code
from auricle.access.session import Session
from auricle.access.totp import SECRET_BYTES, new_secret, uri
from auricle.adapters.passwords import Passwords
from auricle.adapters.store import Store
from auricle.app.identity.attempts import Attempts
from auricle.app.identity.factors import FactorRules
from auricle.app.identity.keeper import SessionKeeper
from auricle.kernel.time import Entropy
from auricle.practice.model import Person, Practice
from auricle.vault.gate import Outcome, Ref
from auricle.web.me.ports import Enrolled, Factors, NewTotp, SessionInfo, Strength
from auricle.web.ports import NotFound
from auricle.web.signed_in import BadCode, SignedIn, StepUpNeeded, WrongPassword


class WebMe:
    """Fits `web.me.ports.Me`."""

    def __init__(
        self,
        store: Store,
        practice: Practice,
        keeper: SessionKeeper,
        rules: FactorRules,
        attempts: Attempts,
        passwords: Passwords,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._practice = practice
        self._keeper = keeper
        self._rules = rules
        self._attempts = attempts
        self._passwords = passwords
        self._entropy = entropy

    # ---- sessions ------------------------------------------------------------------------------------

    async def sessions(self, me: SignedIn) -> Sequence[SessionInfo]:
        """All one's live sessions."""
        found = await self._store.sessions_of(me.person, self._keeper.idle)
        return [info_of(session, current=session.id == me.actor.session_id) for session in found]

    async def end_session(self, me: SignedIn, session: str) -> None:
        """End one of one's own."""
        mine = {one.id for one in await self._store.sessions_of(me.person, self._keeper.idle)}
        if session not in mine:
            raise NotFound("no session of this person")
        await self._keeper.end([session], me.actor, "ended by its owner")

    async def end_other_sessions(self, me: SignedIn) -> int:
        """End all but this one, those of other accounts of the same person too."""
        mine = await self._store.sessions_of(me.person, self._keeper.idle)
        others = [one.id for one in mine if one.id != me.actor.session_id]
        await self._keeper.end(others, me.actor, "ended by their owner")
        return len(others)

    async def know_addresses(self, me: SignedIn) -> None:
        """The new addresses are one's own."""
        await self._store.know_addresses(me.username, me.actor)

    # ---- password ------------------------------------------------------------------------------------

    async def change_password(self, me: SignedIn, old: str, new: str) -> SignedIn:
        """Take a new password; the old one must be given, whatever was proved before."""
        attempt = self._attempts.admit("step-up", me.username, me.actor.address)
        account = await self._store.account(me.username)
        if not await self._passwords.right(normalized(old), account.password_hash if account else None) or account is None:
            await self._attempts.refused(attempt, "account.put", "wrong password", me.actor, self._ref(me))
            raise WrongPassword
        await self._attempts.succeeded(attempt)
        await self._check(me, new)
        if normalized(new) == normalized(old):
            raise BadPassword("Choose a password other than the one you have.")
        hashed = await self._passwords.hashed(normalized(new))
        await self._keeper.end_others(me, "the password was changed")
        await self._store.change_password(me.username, hashed, me.actor)
        return await self._keeper.renewed(me, "password changed", stepped_up=False)

    async def strength(self, me: SignedIn, password: str) -> Strength:
        """How good it would be."""
        found = await asyncio.to_thread(strength, password, self._context(me))
        try:
            await self._check(me, password)
        except BadPassword as error:
            return Strength(found.score, found.warning, found.suggestions, str(error))
        return Strength(found.score, found.warning, found.suggestions, "")

    async def _check(self, me: SignedIn, password: str) -> None:
        await asyncio.to_thread(check_password, password, self._context(me), second_factor=self._rules.required)

    def _context(self, me: SignedIn) -> list[str]:
        return context_of(self._practice, me.username, self._practice.people[me.person])

    # ---- second factors ------------------------------------------------------------------------------

    async def factors(self, me: SignedIn) -> Factors:
        """What there is."""
        state = await self._store.totp_state(me.username)
        codes = await self._store.recovery_codes_left(me.username)
        return Factors(self._rules.required, state.since, codes, await self._store.passkey_count(me.person))

    async def begin_totp(self, me: SignedIn) -> NewTotp:
        """A new secret; where a second factor exists, only after a step-up: a stolen session must not become a thief's factor."""
        if await self._rules.methods(me.username, me.person):
            await self._need_step_up(me, "totp.begin")
        secret = new_secret(self._entropy.token(SECRET_BYTES))
        await self._store.begin_totp(me.username, secret, me.actor)
        return NewTotp(secret, uri(secret, me.username, self._practice.name))

    async def confirm_totp(self, me: SignedIn, code: str) -> Enrolled:
        """The first code; the session has the factor from now, all others of the account end."""
        if not (await self._store.totp_state(me.username)).pending:
            raise NotFound("no secret waits")
        attempt = self._attempts.admit("totp", me.username, me.actor.address)
        found = await self._rules.pending_step(me.username, code, me.actor.address)
        if found is None:
            await self._attempts.refused(attempt, "totp.confirm", "wrong code", me.actor, self._ref(me))
            raise BadCode
        await self._attempts.succeeded(attempt)
        codes = self._new_codes()
        await self._store.confirm_totp(me.username, *found, hashes(me.username, codes), me.actor)
        return Enrolled(await self._keeper.enrolled(me, "totp"), codes)

    async def remove_totp(self, me: SignedIn) -> None:
        """Remove it. Who changes to another app begins anew instead: the old one counts until the new one is confirmed."""
        await self._need_step_up(me, "totp.remove")
        if (await self._store.totp_state(me.username)).since is None:
            raise NotFound("no authenticator")
        if self._rules.required and not await self._store.passkey_count(me.person):
            await self._store.record(me.actor, "totp.remove", self._ref(me), Outcome.REFUSED, "console", why="the last second factor")
            raise LastFactor("the practice requires a second factor and this is the last one")
        await self._store.remove_totp(me.username, me.actor, "by its owner")

    async def new_recovery_codes(self, me: SignedIn) -> tuple[str, ...]:
        """Replace them all."""
        await self._need_step_up(me, "recovery-codes.make")
        if (await self._store.totp_state(me.username)).since is None:
            raise NotFound("no authenticator")
        codes = self._new_codes()
        await self._store.put_recovery_codes(me.username, hashes(me.username, codes), me.actor)
        return codes

    def _new_codes(self) -> tuple[str, ...]:
        return tuple(new_code(self._entropy.token(CODE_BYTES)) for _ in range(CODES))

    def _ref(self, me: SignedIn) -> Ref:
        return Ref("account", me.username)

    async def _need_step_up(self, me: SignedIn, action: str) -> None:
        if not me.actor.stepped_up:
            await self._store.record(me.actor, action, self._ref(me), Outcome.REFUSED, "console", why="needs a step-up")
            raise StepUpNeeded


def info_of(session: Session, *, current: bool = False) -> SessionInfo:
    """A session for a list."""
    return SessionInfo(
        session.id, session.username, session.address, session.started_at, session.last_seen_at, session.second_factor, current
    )


def context_of(practice: Practice, username: str, person: Person) -> list[str]:
    """Words a password of this account must be more than."""
    return [username, person.name, person.id, practice.name, practice.realm]
