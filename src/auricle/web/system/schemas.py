"""The state of the system as the console shows it."""

from typing import Literal

from pydantic import BaseModel


class ServiceView(BaseModel):
    """A part of the system: `starting`, `up`, `restarting` or `stopped`."""

    name: str
    state: str


class SystemView(BaseModel):
    """All parts."""

    services: list[ServiceView]


class HealthView(BaseModel):
    """All a probe may know."""

    status: Literal["ok", "degraded"]
