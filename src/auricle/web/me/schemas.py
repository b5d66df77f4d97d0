"""What people learn and say about their own sign-in."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from auricle.web.me.ports import SessionInfo

Password = Field(min_length=1, max_length=1024)


class SessionRow(BaseModel):
    """A live session; `current` is the one that asks."""

    id: str
    username: str
    address: str
    started_at: datetime
    last_seen_at: datetime
    second_factor: str
    current: bool


class SessionList(BaseModel):
    """The newest first."""

    sessions: list[SessionRow]


class EndedSessions(BaseModel):
    """How many ended."""

    ended: int


class PasswordForm(BaseModel):
    """The password of now and the one to come."""

    model_config = ConfigDict(extra="forbid")

    old: SecretStr = Password
    new: SecretStr = Password


class StrengthForm(BaseModel):
    """A password that is being thought of."""

    model_config = ConfigDict(extra="forbid")

    password: SecretStr = Password


class StrengthView(BaseModel):
    """`score` 0 (guessed at once) to 4; `refused` is empty when it would be taken."""

    score: int
    warning: str
    suggestions: list[str]
    refused: str


class FactorsView(BaseModel):
    """What an account has besides its password, and whether the practice asks for one."""

    required: bool
    totp: bool
    totp_since: datetime | None
    recovery_codes_left: int
    passkeys: int


class NewTotpView(BaseModel):
    """Shown once: the secret in base 32, and the same as an otpauth address for a QR code."""

    secret: str
    uri: str


class CodeForm(BaseModel):
    """The six digits an authenticator shows."""

    model_config = ConfigDict(extra="forbid")

    code: SecretStr = Field(min_length=1, max_length=16)


class RecoveryCodesView(BaseModel):
    """Shown once; each is good once in place of a one-time code."""

    recovery_codes: list[str]


def session_row(info: SessionInfo) -> SessionRow:
    """A session for a screen."""
    return SessionRow(
        id=info.id,
        username=info.username,
        address=info.address,
        started_at=info.started_at,
        last_seen_at=info.last_seen_at,
        second_factor=info.second_factor,
        current=info.current,
    )
