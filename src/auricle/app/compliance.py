"""The compliance parts of a practice, joined: the book of agreements, the gate that asks it, the keeper, the console's service."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from auricle.access.subject import KEEPER
from auricle.adapters.blobs import FileBlobs
from auricle.adapters.store import Store
from auricle.app.agreements import AgreedPolicies, AgreementBook, agreements_of, standing_of
from auricle.app.retention import Keeper
from auricle.app.settings import Settings, schedule_of
from auricle.app.web_compliance import WebCompliance
from auricle.compliance.baa import AgreementGate
from auricle.kernel.time import Clock, Entropy
from auricle.practice.model import Practice
from auricle.vault.gate import Gate


@dataclass(frozen=True, slots=True)
class World:
    """What the compliance parts stand on."""

    settings: Settings
    practice: Practice
    store: Store
    clock: Clock
    entropy: Entropy


class ComplianceParts:
    """Made with the store; `gate` is the one gate of the practice, and asks agreements too. `complete` when the blobs are open."""

    keeper: Keeper
    web: WebCompliance

    def __init__(self, world: World) -> None:
        settings = world.settings.compliance
        self._world = world
        self.book = AgreementBook(world.store)
        self.agreements = AgreementGate(standing_of(settings, world.practice), self.book, world.clock, world.practice.zone)
        self.policies = AgreedPolicies(self.agreements)
        self.gate = Gate(self.policies, world.store)

    @property
    def zone(self) -> ZoneInfo:
        """The practice's zone."""
        return self._world.practice.zone

    def complete(self, blobs: FileBlobs) -> None:
        """Make the keeper and the service behind the routes."""
        world, retention = self._world, self._world.settings.retention
        self.keeper = Keeper(
            store=world.store,
            blobs=blobs,
            gate=self.gate,
            book=self.book,
            agreements=self.agreements,
            clock=world.clock,
            zone=world.practice.zone,
            first=schedule_of(retention),
            quiet_hour=retention.quiet_hour,
        )
        self.web = self.service("console")

    def service(self, purpose: str) -> WebCompliance:
        """What the routes and the command line do; `purpose` stands in the audit entries."""
        world = self._world
        return WebCompliance(
            store=world.store,
            gate=self.gate,
            keeper=self.keeper,
            book=self.book,
            agreements=self.agreements,
            practice=world.practice,
            clock=world.clock,
            entropy=world.entropy,
            purpose=purpose,
        )

    async def start(self) -> None:
        """Before anything else is written: look at the clock, finish shreddings, take the settings' first values."""
        await self.keeper.start()
        now: datetime = self._world.clock.now()
        noted = agreements_of(self._world.settings.compliance, self._world.entropy, self._world.practice.zone, now)
        await self.book.take_settings(KEEPER, noted)
