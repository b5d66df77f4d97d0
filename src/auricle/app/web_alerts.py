"""Alerts behind `web.alerts.ports`: each look and each acknowledgement passes the gate."""

from collections.abc import Sequence

from auricle.adapters.store import Store
from auricle.adapters.store.alerts import KeptAlert
from auricle.audit.rule_words import ABOUT, text, threshold
from auricle.audit.rules import Rule, Thresholds
from auricle.kernel.actor import Actor
from auricle.vault.gate import Gate, Grant, Ref
from auricle.web.alerts.ports import AlertFound, RuleFound
from auricle.web.ports import NotFound

CONSOLE = "console"


class WebAlerts:
    """Fits `web.alerts.ports.Alerts`."""

    def __init__(self, store: Store, gate: Gate, thresholds: Thresholds) -> None:
        self._store = store
        self._gate = gate
        self._thresholds = thresholds

    async def alerts(self, actor: Actor, before: int | None, limit: int, *, unseen: bool) -> Sequence[AlertFound]:
        """Alerts, newest first."""

        async def read(grant: Grant) -> list[AlertFound]:
            return [_found(kept) for kept in await self._store.alerts_page(grant, before, limit, unseen=unseen)]

        return await self._gate.open(actor, "alerts.read", Ref("alert", "*"), CONSOLE, read)

    async def acknowledge(self, actor: Actor, alert: str, note: str) -> None:
        """It was looked into."""

        async def keep(grant: Grant) -> None:
            if await self._store.alert(alert) is None:
                raise NotFound(f"there is no alert {alert}")
            await self._store.acknowledge_alert(grant, alert, note)

        await self._gate.open(actor, "alerts.acknowledge", Ref("alert", alert), CONSOLE, keep)

    def rules(self) -> Sequence[RuleFound]:
        """As they are set."""
        found = self._thresholds
        return [RuleFound(rule.value, ABOUT[rule], threshold(rule, found), rule not in found.off) for rule in Rule]


def _found(kept: KeptAlert) -> AlertFound:
    alert = kept.alert
    return AlertFound(
        id=alert.id,
        rule=alert.rule.value,
        at=alert.at,
        entry=alert.entry,
        actor=alert.actor,
        subject=alert.subject,
        count=alert.count,
        text=text(alert.rule, alert.count),
        acknowledged_at=kept.acknowledged_at,
        acknowledged_by=kept.acknowledged_by,
        note=kept.note,
    )
