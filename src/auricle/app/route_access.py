"""The policy as web routes ask for it: before anything is looked at, and refusals are entries that say which record was asked for."""

from collections.abc import Sequence

from auricle.access.decision import Policies
from auricle.access.model import Action
from auricle.adapters.store import Store
from auricle.kernel.actor import Actor
from auricle.vault.gate import Outcome, Ref

ANY = Ref("route", "*")


class WebAccess:
    """Fits `web.ports.Access`."""

    def __init__(self, policies: Policies, store: Store) -> None:
        self._policies = policies
        self._store = store

    async def require(self, actor: Actor, action: Action, record: str = "") -> None:
        """Raise NotPermitted, or StepUpNeeded where that is all that is missing, with a durable entry."""
        decision = self._policies.decide(actor, action.value, ANY)
        if not decision.allowed:
            ref = Ref(action.value.partition(".")[0], record) if record else ANY
            await self._store.record(actor, action.value, ref, Outcome.REFUSED, "console", why=decision.reason)
            raise decision.refusal(action.value)

    def permissions(self, actor: Actor) -> Sequence[str]:
        """Every action the actor may do."""
        return self._policies.permissions(actor)
