"""What state the parts are in; and a probe that tells nothing more than well or not."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from auricle.access.model import Action
from auricle.web.guard import Ports, Requires, public
from auricle.web.ports import SignedIn
from auricle.web.system.schemas import HealthView, ServiceView, SystemView

router = APIRouter(tags=["system"])


@router.get("/system")
async def system(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.SYSTEM_READ))]) -> SystemView:
    """Every part and its state."""
    return SystemView(services=[ServiceView(name=part.name, state=part.state) for part in await ports.system.services(me.actor)])


@router.get("/health", dependencies=[Depends(public)])
async def health(response: Response, ports: Ports) -> HealthView:
    """200 when all parts are up, else 503."""
    well = ports.system.healthy()
    response.status_code = 200 if well else 503
    return HealthView(status="ok" if well else "degraded")
