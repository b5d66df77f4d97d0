"""Keys as the console shows and makes them."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from auricle.web.names import PersonRef


class ApiKeyView(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    owner: PersonRef
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class ApiKeyList(BaseModel):
    """The newest first; `scopes` is what a new key of one's own may be good for."""

    keys: list[ApiKeyView]
    scopes: list[str]


class ApiKeyForm(BaseModel):
    """A key to be made; it ends within a year."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80)
    scopes: list[str] = Field(min_length=1, max_length=60)
    expires_at: AwareDatetime


class NewApiKeyView(BaseModel):
    """The key itself, shown this once."""

    id: str
    key: str
    expires_at: datetime
