"""One identity provider: what it says about itself (Discovery 1.0), its keys, and the exchange of a code for tokens.

Nothing is fetched before somebody signs in. Redirects are not followed, answers are short, and every failure is one of access.sso.
"""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx2
import structlog
from joserfc import jwk

from auricle.access.sso import Problem, SsoRefused
from auricle.adapters.oidc.tokens import ALGORITHMS, Header, claims_of, fitting, header_of, keys_of
from auricle.kernel.time import Clock

log = structlog.get_logger(__name__)

TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 512 * 1024  # the largest JWK Set seen is under 20 kB
KEEP_S = 3600.0  # how long discovery and keys are believed without asking again
REFETCH_S = 10.0  # a token with an unknown `kid` makes us ask for keys, but not more often than this


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How to reach a provider."""

    id: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_file: str = ""
    """A PEM file with the authority of a provider of one's own; empty trusts what the system trusts."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What discovery says, as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    sends_iss: bool
    """RFC 9207: the authorization response names its issuer."""
    algorithms: frozenset[str]
    secret_in_body: bool
    """The provider takes `client_secret_post` and not `client_secret_basic`."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What the token endpoint gave."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


class ProviderClient:
    """Asks one provider. Methods raise SsoRefused: `provider-down` for what may pass, `wrong-answer` for what does not hold."""

    def __init__(self, settings: ProviderSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = asyncio.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, list[jwk.Key]] | None = None
        self._http: httpx2.AsyncClient | None = None

    async def metadata(self) -> Metadata:
        """What the provider says about itself, asked for once an hour."""
        async with self._lock:
            now = self._clock.monotonic()
            if self._metadata is None or now - self._metadata[0] > KEEP_S:
                url = self._settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
                self._metadata = (now, _metadata(await self._json("GET", url), self._settings.issuer))
            return self._metadata[1]

    async def exchange(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """The tokens of a code (Core 3.1.3.1, RFC 7636 4.5)."""
        metadata = await self.metadata()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
        headers = {}
        if metadata.secret_in_body:
            form |= {"client_id": self._settings.client_id, "client_secret": self._settings.client_secret}
        else:  # RFC 6749 2.3.1: both are form-encoded before they are joined
            pair = f"{quote_plus(self._settings.client_id)}:{quote_plus(self._settings.client_secret)}"
            headers["authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        answer = await self._json("POST", metadata.token_endpoint, form=form, headers=headers)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise SsoRefused(Problem.WRONG_ANSWER, "the token endpoint gave no ID token")
        return Tokens(id_token, access_token)

    async def claims(self, token: str, kinds: tuple[str, ...]) -> Mapping[str, Any]:
        """The claims of a token this provider signed; `kinds` are the `typ` headers it may have."""
        header = header_of(token, (await self.metadata()).algorithms)
        if header.kind not in kinds:
            raise SsoRefused(Problem.WRONG_ANSWER, "the token is of another kind")
        return claims_of(token, await self._keys_for(header), header)

    async def userinfo(self, access_token: str) -> Mapping[str, Any]:
        """What the UserInfo endpoint says (Core 5.3)."""
        endpoint = (await self.metadata()).userinfo_endpoint
        if not endpoint:
            raise SsoRefused(Problem.WRONG_ANSWER, "the provider tells no e-mail address")
        return await self._json("GET", endpoint, headers={"authorization": f"Bearer {access_token}"})

    async def stop(self) -> None:
        """Close connections. Idempotent."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def _keys_for(self, header: Header) -> list[jwk.Key]:
        """Fitting keys; a `kid` we do not know means that the provider has new ones (Core 10.1.1)."""
        metadata = await self.metadata()
        async with self._lock:
            now = self._clock.monotonic()
            kept = self._keys
            found = fitting(kept[1], header) if kept is not None and now - kept[0] <= KEEP_S else []
            if not found and (kept is None or now - kept[0] >= REFETCH_S):
                keys = keys_of(await self._json("GET", metadata.jwks_uri))
                self._keys = (now, keys)
                found = fitting(keys, header)
        if not found:
            raise SsoRefused(Problem.WRONG_ANSWER, "the provider has no key that the token names")
        return found

    async def _json(
        self, method: str, url: str, *, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, body = await self._fetch(method, url, form, headers)
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL, OSError, TimeoutError) as error:
            log.warning("sso_provider_unreachable", name=self._settings.id, error=type(error).__name__)
            raise SsoRefused(Problem.PROVIDER_DOWN, "the provider cannot be reached") from None
        if status != 200:
            log.warning("sso_provider_refused", name=self._settings.id, status=status)
            if form is not None and status == 400:
                raise SsoRefused(Problem.WRONG_ANSWER, "the provider does not take the code")
            raise SsoRefused(Problem.PROVIDER_DOWN, "the provider answers with an error")
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise SsoRefused(Problem.PROVIDER_DOWN, "the provider's answer is no JSON object")
        return document

    async def _fetch(self, method: str, url: str, form: Mapping[str, str] | None, headers: Mapping[str, str] | None) -> tuple[int, bytes]:
        asked = {"accept": "application/json", **(headers or {})}
        body = bytearray()
        async with self._client().stream(method, url, data=dict(form) if form else None, headers=asked) as response:
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_ANSWER_BYTES:
                    raise httpx2.StreamError("the answer is too long")
        return response.status_code, bytes(body)

    def _client(self) -> httpx2.AsyncClient:
        if self._http is None:
            context = ssl.create_default_context(cafile=self._settings.ca_file or None)
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            self._http = httpx2.AsyncClient(verify=context, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        return self._http


def read_secret(path: Path) -> str:
    """The client secret out of its file, without the line's end. Raises OSError, UnicodeDecodeError."""
    return path.read_text("utf-8").strip()


def _metadata(document: Mapping[str, Any], issuer: str) -> Metadata:
    if document.get("issuer") != issuer:  # Discovery 4.3: MUST be identical, or somebody else's provider answers for this one
        raise SsoRefused(Problem.PROVIDER_DOWN, "discovery is about another issuer")
    methods = _texts(document, "token_endpoint_auth_methods_supported") or {"client_secret_basic"}
    algorithms = (_texts(document, "id_token_signing_alg_values_supported") or {"RS256"}) & set(ALGORITHMS)
    return Metadata(
        authorization_endpoint=_url(document, "authorization_endpoint"),
        token_endpoint=_url(document, "token_endpoint"),
        jwks_uri=_url(document, "jwks_uri"),
        userinfo_endpoint=_url(document, "userinfo_endpoint") if "userinfo_endpoint" in document else "",
        sends_iss=document.get("authorization_response_iss_parameter_supported") is True,
        algorithms=frozenset(algorithms),
        secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
    )


def _texts(document: Mapping[str, Any], name: str) -> set[str]:
    value = document.get(name)
    return {text for text in value if isinstance(text, str)} if isinstance(value, list) else set()


def _url(document: Mapping[str, Any], name: str) -> str:
    """An endpoint; codes, secrets and tokens go there, so it must be TLS."""
    value = document.get(name)
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
    except ValueError:
        parts = None
    if not isinstance(value, str) or parts is None or parts.scheme != "https" or not parts.hostname:
        raise SsoRefused(Problem.PROVIDER_DOWN, "discovery names an endpoint that is not https")
    return value
