"""API keys behind `web.api_keys.ports.ApiKeys`: made, shown once, checked at each use against what their owner may then."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from auricle.access.api_keys import (
    MAX_KEYS_A_PERSON,
    SCOPES,
    SECRET_BYTES,
    ApiKey,
    BadKeyRequest,
    check_request,
    parsed,
    secret_hash,
    written,
)
from auricle.access.decision import Policies
from auricle.adapters.store import Store
from auricle.app.identity.actors import Actors
from auricle.app.identity.attempts import Attempts
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate, Ref
from auricle.web.api_keys.ports import KeyInfo, NewKey
from auricle.web.ports import NotFound
from auricle.web.signed_in import SignedIn

MANAGE = "api-keys.manage"
USED_EVERY = timedelta(minutes=1)  # when a key was last used is worth no durable write a request
UNKNOWN = "unknown"


class WebApiKeys:
    """Fits `web.api_keys.ports.ApiKeys`."""

    def __init__(
        self,
        store: Store,
        gate: Gate,
        policies: Policies,
        practice: Practice,
        actors: Actors,
        attempts: Attempts,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._gate = gate
        self._policies = policies
        self._practice = practice
        self._actors = actors
        self._attempts = attempts
        self._clock = clock
        self._entropy = entropy

    async def resume(self, key: str, address: str) -> SignedIn | None:
        """Who presents a key. Wrong ones are counted for the address: a key's id is no secret, so its owner is never slowed down."""
        self._attempts.waiting("api-key", "", address)
        now = self._clock.now()
        read = parsed(key)
        found = await self._store.api_key(read[0]) if read else None
        if read is None or found is None or not found.opens_with(read[1], now) or found.owner not in self._practice.people:
            why = "no such key" if found is None else "wrong or expired"
            ref = Ref("api-key", found.id if found else UNKNOWN)
            await self._attempts.wrong("api-key", "", address, "api-key.use", why, ref)
            return None
        if found.last_used_at is None or now - found.last_used_at > USED_EVERY:
            await self._store.api_key_used(found.id, now)
        actor = await self._actors.of_key(found, address, now)
        return SignedIn("", actor, found.owner, found.id, found.expires_at, 0, second_factor="none")

    async def keys(self, me: SignedIn) -> Sequence[KeyInfo]:
        """All keys in force."""
        found = await self._gate.open(me.actor, MANAGE, Ref("api-key", "*"), "console", self._store.api_keys)
        return [_info(key) for key in found if key.owner in self._practice.people]

    async def scopes(self, me: SignedIn) -> Sequence[str]:
        """What a key of one's own may be good for."""
        return sorted(SCOPES & frozenset(self._policies.permissions(me.actor)))

    async def make(self, me: SignedIn, name: str, scopes: Sequence[str], expires_at: datetime) -> NewKey:
        """A key of one's own."""
        await self._gate.check(me.actor, MANAGE, Ref("api-key", "*", owner=me.person), "console")
        now = self._clock.now()
        check_request(frozenset(scopes), frozenset(self._policies.permissions(me.actor)), expires_at, now)
        if (await self._store.api_key_counts()).get(me.person, 0) >= MAX_KEYS_A_PERSON:
            raise BadKeyRequest("You have as many keys as one person may have. Revoke one first.")
        key_id = self._entropy.name("k")
        shown, secret = written(key_id, self._entropy.token(SECRET_BYTES))
        key = ApiKey(key_id, secret_hash(secret), name, me.person, frozenset(scopes), now, expires_at)
        await self._store.add_api_key(key, me.actor)
        return NewKey(_info(key), shown)

    async def revoke(self, me: SignedIn, key: str) -> None:
        """End a key."""
        found = await self._store.api_key(key)
        known = found.id if found else UNKNOWN
        await self._gate.check(me.actor, MANAGE, Ref("api-key", known, owner=found.owner if found else ""), "console")
        if found is None:
            raise NotFound("no such key")
        await self._store.revoke_api_key(key, me.actor)


def _info(key: ApiKey) -> KeyInfo:
    return KeyInfo(key.id, key.name, key.owner, tuple(sorted(key.scopes)), key.created_at, key.expires_at, key.last_used_at)
