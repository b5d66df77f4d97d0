"""Alerts: the list, the rules behind them, and the acknowledgement."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from auricle.access.model import Action
from auricle.web.alerts.schemas import Acknowledgement, AlertPage, Rules, alert_view, rule_view
from auricle.web.guard import Ports, Requires
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/alerts", tags=["alerts"])
AlertId = Annotated[str, Path(pattern=r"^[a-z0-9.-]{1,80}$")]


@router.get("")
async def alerts(
    ports: Ports,
    me: Annotated[SignedIn, Depends(Requires(Action.ALERTS_READ))],
    before: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    unseen: bool = False,
) -> AlertPage:
    """Alerts, newest first; `unseen` leaves out those that were acknowledged."""
    found = await ports.alerts.alerts(me.actor, before, limit, unseen=unseen)
    more = found[-1].entry if len(found) >= limit else None
    return AlertPage(alerts=[alert_view(ports.practice, alert) for alert in found], next=more)


@router.get("/rules")
async def alert_rules(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.ALERTS_READ))]) -> Rules:
    """What raises alerts here, with its thresholds; they are set in the settings file."""
    del me
    return Rules(rules=[rule_view(rule) for rule in ports.alerts.rules()])


@router.post("/{alert}/acknowledge", status_code=204)
async def acknowledge_alert(
    alert: AlertId, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.ALERTS_ACKNOWLEDGE))], said: Acknowledgement
) -> None:
    """Note what was found out; the first acknowledgement counts."""
    await ports.alerts.acknowledge(me.actor, alert, said.note)
