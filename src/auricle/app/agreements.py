"""Agreements in memory for those who ask in the course of a call, and the policies that keep patient data from people without one."""

from collections.abc import Sequence
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from auricle.access.decision import Policies, packaged_texts
from auricle.access.model import CARE, Role
from auricle.adapters.store import Store
from auricle.app.settings import ComplianceSettings
from auricle.compliance.agreements import Agreement, check
from auricle.compliance.baa import AgreementGate
from auricle.compliance.features import Feature
from auricle.compliance.parties import Party, PartyKind, Standing
from auricle.kernel.actor import Actor, ActorKind
from auricle.kernel.time import Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Decision, Ref

SHOWS_PATIENTS = CARE | {"audit.private", "audit.report", "access.patients"}
"""Actions by which people see patient data."""


class AgreementBook:
    """Fits `compliance.baa.Book`. Loaded at start, after every change, and every few seconds: the command line may have changed it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: tuple[Agreement, ...] = ()

    def agreements(self) -> Sequence[Agreement]:
        """As they were last loaded."""
        return self._known

    async def load(self) -> None:
        """Read them anew."""
        self._known = tuple(await self._store.agreements())

    async def take_settings(self, actor: Actor, noted: Sequence[Agreement]) -> None:
        """At start: note what the settings name and nobody has noted yet; what was ended since stays ended."""
        await self.load()
        known = {(agreement.party, agreement.reference, agreement.signed_on) for agreement in self._known}
        for agreement in noted:
            if (agreement.party, agreement.reference, agreement.signed_on) not in known:
                await self._store.add_agreement(actor, agreement)
        await self.load()


class AgreedPolicies(Policies):
    """The policies, and above them: nobody sees patient data without the agreements it needs, whatever was allowed or granted."""

    def __init__(self, agreements: AgreementGate) -> None:
        super().__init__(*packaged_texts())
        self._agreements = agreements

    def decide(self, actor: Actor, action: str, ref: Ref) -> Decision:
        """The parts of the system that work on patient data ask for their own features, where they do it."""
        decision = super().decide(actor, action, ref)
        if not decision.allowed or action not in SHOWS_PATIENTS or actor.kind is ActorKind.SERVICE:
            return decision
        why = self._agreements.reason(Feature.CONSOLE)
        if not why and Role.SUPPORT in actor.roles:
            why = self._agreements.reason(Feature.SUPPORT_ACCESS)
        return Decision(False, why, (why,)) if why else decision


def standing_of(settings: ComplianceSettings, practice: Practice) -> Standing:
    """Who there is, by the settings."""
    support = any(Role.SUPPORT in person.roles for person in practice.people.values())
    return Standing(settings.operated_by, tuple(practice.trunks), support)


def agreements_of(settings: ComplianceSettings, entropy: Entropy, zone: ZoneInfo, now: datetime) -> list[Agreement]:
    """The agreements that the settings name. Raises AgreementWrong."""
    found = []
    for noted in settings.agreements:
        starts_on = noted.in_force_from or noted.signed_on
        party = Party.parse(noted.party)
        # what the settings say is older than what anybody changed in the console since
        noted_at = min(now, datetime.combine(noted.signed_on, time(12), zone).astimezone(UTC))
        agreement = Agreement(entropy.name("g"), party, noted.reference, noted.signed_on, starts_on, noted.expires_on, noted_at)
        check(agreement)
        found.append(agreement)
    return found


def known_party(party: Party, practice: Practice) -> bool:
    """Whether the practice has such a party: a trunk must be one of the settings'."""
    return party.kind is not PartyKind.TRUNK or party.name in practice.trunks
