"""[[access.oidc]]: the identity providers a practice signs in with."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

ProviderId = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Issuer = Annotated[str, Meta(pattern=r"^https://[^?#\s]+$")]
"""Discovery 1.0, 2: https, and neither query nor fragment."""


class OidcSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One provider."""

    id: ProviderId
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    issuer: Issuer
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret_file: Annotated[str, Meta(min_length=1)]
    ca_file: str = ""
    """Only for a provider whose certificate the system does not trust."""
    match: Literal["sub", "email"] = "sub"
    allowed_domains: tuple[str, ...] = ()
    second_factor_acr: tuple[str, ...] = ()
    second_factor_amr: tuple[str, ...] = ()
    people: dict[str, str] = field(default_factory=dict)
    """The claim's value and the person it stands for."""
