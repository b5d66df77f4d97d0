"""The providers a person can choose from."""

from pydantic import BaseModel


class ProviderView(BaseModel):
    """One provider: link to `/api/v1/session/sso/{id}/start` with an ordinary navigation, not a fetch."""

    id: str
    name: str


class ProviderList(BaseModel):
    """Those the practice's settings name; empty where there is no single sign-on."""

    providers: list[ProviderView]
