"""Single sign-on behind `web.sso.ports.SingleSignOn`: every ending is audited, the good one by the session it starts."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from auricle.access.ceremonies import Ceremonies
from auricle.access.sso import (
    Flow,
    Identity,
    Match,
    Problem,
    Provider,
    SsoRefused,
    code_of,
    identity_of,
    logout_of,
    person_of,
    request_parameters,
    with_userinfo,
)
from auricle.adapters.oidc import ProviderClient
from auricle.adapters.store import Store
from auricle.app.identity.attempts import Attempt, Attempts
from auricle.app.sign_in_rules import SignInRules, username_of
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock, Entropy
from auricle.vault.gate import Outcome, Ref
from auricle.web.passkeys.ports import SessionStarter
from auricle.web.ports import NotFound
from auricle.web.signed_in import BadCredentials, SignedIn, Throttled
from auricle.web.sso.ports import Departure, ProviderName

SECRET_BYTES = 32  # state, nonce, binding; RFC 7636 4.1 wants a verifier of 43 characters or more, which is 32 bytes
ID_TOKEN_KINDS = ("", "jwt")
LOGOUT_TOKEN_KINDS = ("", "jwt", "logout+jwt")  # Back-Channel Logout 2.4 recommends the last and allows the others
MAX_LOGOUTS_KEPT = 1024
NOT_THE_PERSONS_FAULT = frozenset({Problem.PROVIDER_DOWN, Problem.CANCELLED})
"""What does not count against an address."""


@dataclass(frozen=True, slots=True)
class Joined:
    """A provider and the way to it."""

    provider: Provider
    client: ProviderClient


class WebSso:
    """Fits `web.sso.ports.SingleSignOn`."""

    def __init__(
        self,
        store: Store,
        origin: str,
        providers: Iterable[Joined],
        starter: SessionStarter,
        rules: SignInRules,
        attempts: Attempts,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._store = store
        self._origin = origin
        self._providers = {joined.provider.id: joined for joined in providers}
        self._starter = starter
        self._rules = rules
        self._attempts = attempts
        self._clock = clock
        self._entropy = entropy
        self._pending: Ceremonies[Flow] = Ceremonies()
        self._logouts: OrderedDict[tuple[str, str], None] = OrderedDict()

    def providers(self) -> Sequence[ProviderName]:
        """Those of the settings."""
        return [ProviderName(joined.provider.id, joined.provider.name) for joined in self._providers.values()]

    async def depart(self, provider: str, address: str) -> Departure:
        """Begin a sign-on: state, nonce and verifier are kept for the browser that gets the cookie."""
        joined = self._joined(provider)
        try:
            self._attempts.waiting("sso", "", address)
            metadata = await joined.client.metadata()
        except Throttled:
            raise SsoRefused(Problem.THROTTLED, "too many tries from this address") from None
        except SsoRefused as refused:
            await self._record(joined, Actor(ActorKind.ANONYMOUS, "anonymous", address=address), refused)
            raise
        flow = Flow(provider, self._secret(), self._secret(), self._secret())
        binding = self._secret()
        self._pending.begin(binding, address, flow, self._clock.monotonic())
        query = urlencode(request_parameters(joined.provider, flow, self._callback(provider)))
        joint = "&" if "?" in metadata.authorization_endpoint else "?"
        return Departure(f"{metadata.authorization_endpoint}{joint}{query}", binding)

    async def arrive(self, provider: str, answer: Mapping[str, str], binding: str, address: str) -> SignedIn:
        """End it."""
        joined = self._joined(provider)
        actor = Actor(ActorKind.ANONYMOUS, "anonymous", address=address)
        flow = self._pending.take(binding, self._clock.monotonic()) if binding else None
        attempt = self._admit(binding if flow else "", address)
        try:
            identity = await self._identify(joined, flow, answer)
            person = await self._person(joined.provider, identity)
        except SsoRefused as refused:
            if refused.problem in NOT_THE_PERSONS_FAULT:
                await self._attempts.succeeded(attempt)
            await self._record(joined, actor, refused)
            raise
        await self._attempts.succeeded(attempt)
        username = await username_of(self._store, person)
        try:
            session = await self._starter.start(person, username, address, "sso", "sso" if identity.second_factor else "none")
        except BadCredentials:
            raise SsoRefused(Problem.NOBODY, "the person's access ended at this moment") from None
        await self._store.add_sso_session(session.actor.session_id, provider, identity)
        return session

    async def logout(self, provider: str, token: str, address: str) -> None:
        """Somebody signed out at the provider."""
        joined = self._joined(provider)
        actor = Actor(ActorKind.SERVICE, "identity-provider", address=address)
        attempt = self._admit(f"logout {provider}", address)
        try:
            claims = await joined.client.claims(token, LOGOUT_TOKEN_KINDS)
            logout = logout_of(claims, joined.provider, self._clock.now().timestamp())
            self._once(provider, logout.token_id)
        except SsoRefused as refused:
            await self._record(joined, actor, refused, "sso.logout")
            raise
        await self._attempts.succeeded(attempt)
        ended = await self._store.sso_sessions(provider, logout)
        await self._starter.end(ended, actor, "signed out at the provider")
        touched = [f"session:{name}" for name in ended]
        await self._store.record(actor, "sso.logout", Ref("sso", provider), Outcome.DONE, "sso", touched=touched)

    async def stop(self) -> None:
        """Close the connections to providers. Idempotent."""
        for joined in self._providers.values():
            await joined.client.stop()

    # ---- the parts -----------------------------------------------------------------------------------

    async def _identify(self, joined: Joined, flow: Flow | None, answer: Mapping[str, str]) -> Identity:
        """From the answer in the browser's address to a verified identity."""
        if flow is None:
            raise SsoRefused(Problem.OVER, "the state is unknown, used, too old, or of another browser")
        metadata = await joined.client.metadata()
        code = code_of(answer, flow, joined.provider, sends_iss=metadata.sends_iss)
        tokens = await joined.client.exchange(code, flow.verifier, self._callback(joined.provider.id))
        claims = await joined.client.claims(tokens.id_token, ID_TOKEN_KINDS)
        identity = identity_of(claims, joined.provider, flow.nonce, self._clock.now().timestamp())
        wants_email = joined.provider.match is Match.EMAIL or joined.provider.allowed_domains
        if wants_email and not identity.email:
            identity = with_userinfo(identity, await joined.client.userinfo(tokens.access_token))
        return identity

    async def _person(self, provider: Provider, identity: Identity) -> PersonId:
        """The active person whom the settings name; who has a second factor of their own must show one at the provider."""
        person = person_of(identity, provider)
        if not await self._rules.may_sign_in(person):
            raise SsoRefused(Problem.NOBODY, "the person is not active in this practice", f"person: {person}")
        if not identity.second_factor and await self._has_factor(person):
            raise SsoRefused(Problem.NO_SECOND_FACTOR, "the provider confirmed no second factor", f"person: {person}")
        return person

    async def _has_factor(self, person: PersonId) -> bool:
        """Whoever has none gets a session that can only set one up, where the practice requires it (as after a password)."""
        return await self._rules.has_totp(person) or await self._store.passkey_count(person) > 0

    def _admit(self, name: str, address: str) -> Attempt:
        """Counts the try as failed until it has succeeded."""
        try:
            return self._attempts.admit("sso", name, address)
        except Throttled:
            raise SsoRefused(Problem.THROTTLED, "too many tries from this address") from None

    def _once(self, provider: str, token_id: str) -> None:
        if (provider, token_id) in self._logouts:
            raise SsoRefused(Problem.WRONG_ANSWER, "the logout token was used before")
        self._logouts[provider, token_id] = None
        if len(self._logouts) > MAX_LOGOUTS_KEPT:
            self._logouts.popitem(last=False)

    def _joined(self, provider: str) -> Joined:
        joined = self._providers.get(provider)
        if joined is None:
            raise NotFound("no such provider")
        return joined

    def _callback(self, provider: str) -> str:
        """An address of its own for each provider, so that an answer cannot be taken for another's (RFC 9700 4.4.2)."""
        return f"{self._origin}/api/v1/session/sso/{provider}/callback"

    def _secret(self) -> str:
        return self._entropy.token(SECRET_BYTES).hex()

    async def _record(self, joined: Joined, actor: Actor, refused: SsoRefused, action: str = "session.start") -> None:
        ref = Ref("sso", joined.provider.id)
        await self._store.record(actor, action, ref, Outcome.REFUSED, "sso", why=refused.why, private=refused.private)
