"""People and their standing."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class PersonView(BaseModel):
    """A person; `sessions`, `phones` and `api_keys` are counts."""

    id: str
    name: str
    extension: str
    roles: list[str]
    state: Literal["active", "terminated"]
    terminated_at: datetime | None
    sessions: int
    phones: int
    api_keys: int
    has_account: bool
    second_factor: str


class ReasonForm(BaseModel):
    """Why; it is kept sealed in the audit log."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=3, max_length=500)
