"""Passkeys behind `web.passkeys.ports.Passkeys`: every ceremony is throttled, taken once, verified, and audited, refusals too."""

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from auricle.access.ceremonies import Ceremonies
from auricle.access.passkeys import (
    CHALLENGE_BYTES,
    MAX_PASSKEYS,
    USER_HANDLE_BYTES,
    Assertion,
    CeremonyOver,
    LastFactor,
    Passkey,
    PasskeyKnown,
    PasskeyRefused,
    PasskeysUnavailable,
    RelyingParty,
    TooManyPasskeys,
    clean_name,
    counter_went_back,
)
from auricle.adapters.store import Store
from auricle.adapters.webauthn import (
    creation_options,
    credential_id_of,
    request_options,
    user_handle_of,
    verify_assertion,
    verify_registration,
)
from auricle.app.identity.attempts import Attempts
from auricle.app.sign_in_rules import SignInRules, username_of
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.errors import PeerError
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Outcome, Ref
from auricle.web.passkeys.ports import Json, SessionStarter
from auricle.web.ports import NotFound
from auricle.web.signed_in import SignedIn, StepUpNeeded

BINDING_BYTES = 32
UNKNOWN = "unknown"


class WebPasskeys:
    """Fits `web.passkeys.ports.Passkeys`. `party` is None where the console has no name that browsers give passkeys to."""

    def __init__(
        self,
        store: Store,
        practice: Practice,
        party: RelyingParty | None,
        starter: SessionStarter,
        rules: SignInRules,
        attempts: Attempts,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._practice = practice
        self._party = party
        self._starter = starter
        self._rules = rules
        self._attempts = attempts
        self._clock = clock
        self._entropy = entropy
        self._pending: Ceremonies[bytes] = Ceremonies()
        self._changing = asyncio.Lock()  # a counter is compared and saved, the last factor counted and removed, as one step

    def available(self) -> bool:
        """Whether there is a name."""
        return self._party is not None

    # ---- one's own -----------------------------------------------------------------------------------

    async def mine(self, me: SignedIn) -> Sequence[Passkey]:
        """The passkeys of the person."""
        return await self._store.passkeys_of(me.person)

    async def registration_options(self, me: SignedIn) -> Json:
        """Begin a registration."""
        party, mine = self._named(), await self._store.passkeys_of(me.person)
        if len(mine) >= MAX_PASSKEYS:
            raise TooManyPasskeys("remove a passkey first")
        await self._need_step_up(me, "passkey.add", first=not mine and not await self._rules.has_totp(me.person))
        handle = await self._store.passkey_handle(me.person)
        if handle is None:
            handle = await self._store.keep_passkey_handle(me.person, self._entropy.token(USER_HANDLE_BYTES))
        name = self._practice.people[me.person].name
        return creation_options(party, handle, me.username, name, self._challenge("add", me.actor.session_id, me.actor.address), mine)

    async def register(self, me: SignedIn, name: str, credential: Json) -> tuple[Passkey, SignedIn | None]:
        """End it."""
        party = self._named()
        attempt = self._attempts.admit("passkey", f"add {me.person}", me.actor.address)
        try:
            found = verify_registration(party, self._taken("add", me.actor.session_id), credential)
            passkey = Passkey(
                id=self._entropy.name("pk"),
                credential_id=found.credential_id,
                person=me.person,
                name=clean_name(name),
                public_key=found.public_key,
                sign_count=found.sign_count,
                backup_eligible=found.backup_eligible,
                backed_up=found.backed_up,
                transports=found.transports,
                created_at=self._clock.now(),
                last_used_at=None,
                suspect=False,
            )
            async with self._changing:
                if await self._store.passkey(found.credential_id) is not None:
                    raise PasskeyKnown("the passkey is registered already")
                await self._store.add_passkey(passkey, me.actor)
        except (PasskeyRefused, CeremonyOver, PasskeyKnown) as error:
            await self._attempts.refused(attempt, "passkey.add", str(error), me.actor, Ref("passkey", UNKNOWN))
            raise
        await self._attempts.succeeded(attempt)
        return passkey, await self._starter.enrolled(me, "passkey") if me.second_factor == "none" else None

    async def rename(self, me: SignedIn, passkey: str, name: str) -> Passkey:
        """Give it another name."""
        found = await self._own(me, passkey)
        renamed = replace(found, name=clean_name(name))
        await self._store.rename_passkey(found.id, renamed.name, me.actor)
        return renamed

    async def remove(self, me: SignedIn, passkey: str) -> None:
        """Forget it."""
        await self._need_step_up(me, "passkey.remove")
        async with self._changing:
            found = await self._own(me, passkey)
            last = await self._store.passkey_count(me.person) == 1 and not await self._rules.has_totp(me.person)
            if last and await self._rules.requires_second_factor(me.person):
                error = LastFactor("the practice requires a second factor and this is the last one")
                await self._refused(me.actor, "passkey.remove", found.id, error)
                raise error
            await self._store.remove_passkey(found.id, me.actor)

    # ---- signing in ----------------------------------------------------------------------------------

    async def sign_in_options(self, address: str) -> tuple[str, Json]:
        """Begin a sign-in. Not who begins is counted but who fails; beginning takes a place of the address's own."""
        party = self._named()
        self._attempts.waiting("passkey", "", address)
        binding = self._entropy.token(BINDING_BYTES).hex()
        return binding, request_options(party, self._challenge("sign-in", binding, address))

    async def sign_in(self, binding: str, credential: Json, address: str) -> SignedIn:
        """End it."""
        party, actor = self._named(), Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        attempt = self._attempts.admit("passkey", str(credential.get("rawId")), address)
        named = UNKNOWN
        try:
            challenge = self._taken("sign-in", binding)
            passkey = await self._known(credential)
            named = passkey.id
            await self._check_owner(passkey, credential)
            await self._assert(party, challenge, credential, passkey, actor)
        except (PasskeyRefused, CeremonyOver) as error:
            await self._attempts.refused(attempt, "session.start", str(error), actor, Ref("passkey", named))
            raise
        await self._attempts.succeeded(attempt)
        username = await username_of(self._store, passkey.person)
        return await self._starter.start(passkey.person, username, address, "passkey", "passkey")

    # ---- stepping up ---------------------------------------------------------------------------------

    async def step_up_options(self, me: SignedIn) -> Json:
        """Begin a step-up with one of the person's own."""
        party, mine = self._named(), await self._store.passkeys_of(me.person)
        if not mine:
            raise NotFound("no passkey")
        return request_options(party, self._challenge("step-up", me.actor.session_id, me.actor.address), mine)

    async def step_up(self, me: SignedIn, credential: Json) -> SignedIn:
        """End it."""
        party = self._named()
        attempt = self._attempts.admit("passkey", f"step-up {me.person}", me.actor.address)
        named = UNKNOWN
        try:
            challenge = self._taken("step-up", me.actor.session_id)
            passkey = await self._known(credential)
            named = passkey.id
            if passkey.person != me.person:
                raise PasskeyRefused("the passkey is somebody else's")
            await self._assert(party, challenge, credential, passkey, me.actor)
        except (PasskeyRefused, CeremonyOver) as error:
            await self._attempts.refused(attempt, "session.step-up", str(error), me.actor, Ref("passkey", named))
            raise
        await self._attempts.succeeded(attempt)
        return await self._starter.step_up(me)

    # ---- the parts of a ceremony -----------------------------------------------------------------------

    def _named(self) -> RelyingParty:
        if self._party is None:
            raise PasskeysUnavailable("the console has no name")
        return self._party

    def _challenge(self, ceremony: str, binding: str, address: str) -> bytes:
        challenge = self._entropy.token(CHALLENGE_BYTES)
        self._pending.begin(f"{ceremony}:{binding}", address, challenge, self._clock.monotonic())
        return challenge

    def _taken(self, ceremony: str, binding: str) -> bytes:
        challenge = self._pending.take(f"{ceremony}:{binding}", self._clock.monotonic())
        if challenge is None:
            raise CeremonyOver("the challenge is unknown, used or too old")
        return challenge

    async def _known(self, credential: Mapping[str, Any]) -> Passkey:
        passkey = await self._store.passkey(credential_id_of(credential))
        if passkey is None:
            raise PasskeyRefused("no passkey of ours has this id")
        return passkey

    async def _check_owner(self, passkey: Passkey, credential: Mapping[str, Any]) -> None:
        """The handle in the authenticator is the owner's (L3 7.2 step 6), and the owner may sign in."""
        handle = await self._store.passkey_handle(passkey.person)
        if handle is None or not hmac.compare_digest(user_handle_of(credential), handle):
            raise PasskeyRefused("the user handle is not the owner's")
        if not await self._rules.may_sign_in(passkey.person):
            raise PasskeyRefused("the person is not active in this practice")

    async def _assert(self, party: RelyingParty, challenge: bytes, credential: Mapping[str, Any], passkey: Passkey, actor: Actor) -> None:
        """Verify, and hold the counter to the last one, which may have moved since the row was read."""
        async with self._changing:
            now = await self._store.passkey(passkey.credential_id)
            if now is None:
                raise PasskeyRefused("the passkey was removed just now")
            said: Assertion = verify_assertion(party, challenge, credential, now)
            if counter_went_back(now.sign_count, said.sign_count):
                await self._store.mark_passkey_suspect(now.id, actor)
                raise PasskeyRefused("the counter went back: there may be a copy of this passkey")
            await self._store.passkey_used(now.id, said, self._clock.now(), actor)

    async def _own(self, me: SignedIn, passkey: str) -> Passkey:
        for found in await self._store.passkeys_of(me.person):
            if found.id == passkey:
                return found
        raise NotFound("no passkey of this person")

    async def _need_step_up(self, me: SignedIn, action: str, *, first: bool = False) -> None:
        """A stolen session must not become a passkey of the thief's: only the first factor may come without a proof."""
        if not first and not me.actor.stepped_up:
            error = StepUpNeeded("prove again who you are")
            await self._refused(me.actor, action, UNKNOWN, error)
            raise error

    async def _refused(self, actor: Actor, action: str, passkey: str, error: PeerError) -> None:
        await self._store.record(actor, action, Ref("passkey", passkey), Outcome.REFUSED, "passkey", why=str(error))
