"""OpenID Connect over HTTPS: discovery, keys, the token endpoint (httpx2), and signatures (joserfc)."""

from auricle.adapters.oidc.provider import Metadata, ProviderClient, ProviderSettings, Tokens

__all__ = ["Metadata", "ProviderClient", "ProviderSettings", "Tokens"]
