"""Where the console is for browsers and identity providers, and the providers of the settings, ready to be asked."""

from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from auricle.access.passkeys import relying_party
from auricle.access.sso import Match, Provider
from auricle.adapters.oidc import ProviderClient, ProviderSettings
from auricle.adapters.oidc.provider import read_secret
from auricle.adapters.store import Store
from auricle.app.identity.service import IdentityService
from auricle.app.settings import Settings, SettingsWrong
from auricle.app.sign_in_settings import OidcSettings
from auricle.app.web_passkeys import WebPasskeys
from auricle.app.web_sso import Joined, WebSso
from auricle.kernel.ids import PersonId
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice

HTTPS_PORT = 443


def public_origin(settings: Settings) -> str:
    """The console's origin as browsers write it (RFC 6454 6.2): lower case, no path, no port 443. Raises SettingsWrong."""
    network = settings.network
    text = settings.access.public_origin or f"https://{network.host}:{network.console_port}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong_origin() from None
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or not host or parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise _wrong_origin()
    shown = f"[{host}]" if ":" in host else host
    return f"https://{shown}" if port in (None, HTTPS_PORT) else f"https://{shown}:{port}"


def joined_providers(settings: Settings, base: Path, practice: Practice, clock: Clock) -> list[Joined]:
    """The providers of [[access.oidc]]; nothing is asked of them yet. Raises SettingsWrong."""
    chosen = settings.access.oidc
    if len({oidc.id for oidc in chosen}) != len(chosen):
        raise SettingsWrong("[[access.oidc]]: two providers have the same id")
    if len({oidc.issuer for oidc in chosen}) != len(chosen):
        raise SettingsWrong("[[access.oidc]]: two providers have the same issuer")
    return [_joined(oidc, base, practice, clock) for oidc in chosen]


def _joined(oidc: OidcSettings, base: Path, practice: Practice, clock: Clock) -> Joined:
    match, people = Match(oidc.match), {}
    for value, person in oidc.people.items():
        if PersonId(person) not in practice.people:
            raise SettingsWrong(f"[[access.oidc]] {oidc.id}: there is no person '{person}'")
        people[value.strip().lower() if match is Match.EMAIL else value] = PersonId(person)
    try:
        secret = read_secret(base / oidc.client_secret_file)
    except (OSError, UnicodeDecodeError):
        raise SettingsWrong(f"[[access.oidc]] {oidc.id}: client_secret_file cannot be read: write the provider's secret into it") from None
    if not secret:
        raise SettingsWrong(f"[[access.oidc]] {oidc.id}: client_secret_file is empty: write the provider's secret into it")
    ca_file = str(base / oidc.ca_file) if oidc.ca_file else ""
    provider = Provider(
        id=oidc.id,
        name=oidc.name,
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        match=match,
        people=MappingProxyType(people),
        allowed_domains=frozenset(domain.strip().lower() for domain in oidc.allowed_domains),
        second_factor_acr=oidc.second_factor_acr,
        second_factor_amr=oidc.second_factor_amr,
    )
    return Joined(provider, ProviderClient(ProviderSettings(oidc.id, oidc.issuer, oidc.client_id, secret, ca_file), clock))


def _wrong_origin() -> SettingsWrong:
    return SettingsWrong("[access] public_origin: write it as https://phones.example, without a path")


def other_ways_in(
    settings: Settings, base: Path, store: Store, practice: Practice, identity: IdentityService, clock: Clock, entropy: Entropy
) -> tuple[WebPasskeys, WebSso]:
    """Passkeys and single sign-on, which start their sessions where passwords do. Raises SettingsWrong."""
    origin = public_origin(settings)
    party = relying_party(origin, practice.name)
    passkeys = WebPasskeys(store, practice, party, identity.keeper, identity.rules, identity.attempts, clock, entropy)
    providers = joined_providers(settings, base, practice, clock)
    return passkeys, WebSso(store, origin, providers, identity.keeper, identity.rules, identity.attempts, clock, entropy)
