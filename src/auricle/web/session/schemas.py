"""What sign-in takes and what the console learns about who it is."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from auricle.web.names import PersonRef

Method = Literal["totp", "recovery-code", "passkey"]


class SignInForm(BaseModel):
    """A user name and a password."""

    model_config = ConfigDict(extra="forbid")

    username: str = Field(min_length=1, max_length=64)
    password: SecretStr = Field(min_length=1, max_length=256)


class SecondFactorView(BaseModel):
    """The password was right; the ticket goes with the second step, within five minutes and from the same address."""

    ticket: str
    methods: list[Method]


class SecondFactorForm(BaseModel):
    """The ticket and one code."""

    model_config = ConfigDict(extra="forbid")

    ticket: str = Field(min_length=1, max_length=100)
    totp: SecretStr | None = Field(None, min_length=1, max_length=16)
    recovery_code: SecretStr | None = Field(None, min_length=1, max_length=64)

    @model_validator(mode="after")
    def _exactly_one(self) -> "SecondFactorForm":
        if (self.totp is None) == (self.recovery_code is None):
            raise ValueError("send either totp or recovery_code")
        return self


class StepUpForm(BaseModel):
    """The password, and the code of whoever has an authenticator."""

    model_config = ConfigDict(extra="forbid")

    password: SecretStr | None = Field(None, min_length=1, max_length=256)
    totp: SecretStr | None = Field(None, min_length=1, max_length=16)


class BreakGlassNow(BaseModel):
    """Break-glass access in force."""

    id: str
    until: datetime


class NewAddressView(BaseModel):
    """Somebody signed in as you from an address you never used before."""

    address: str
    at: datetime


class SessionView(BaseModel):
    """Who is signed in, what they may do, and when that ends."""

    person: PersonRef
    username: str
    roles: list[str]
    permissions: list[str]
    practice: str
    idle_s: int
    expires_at: datetime
    stepped_up_until: datetime | None
    second_factor: Literal["none", "totp", "passkey", "recovery-code", "sso"]
    must_enrol: bool
    break_glass: BreakGlassNow | None
    new_addresses: list[NewAddressView]
