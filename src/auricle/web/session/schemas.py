"""What sign-in takes and what the console learns about who it is."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from auricle.web.names import PersonRef


class SignInForm(BaseModel):
    """A user name and a password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(min_length=1, max_length=256)


class SessionView(BaseModel):
    """Who is signed in, what they may do, and when that ends."""

    person: PersonRef
    username: str
    roles: list[str]
    permissions: list[str]
    practice: str
    idle_s: int
    expires_at: datetime
