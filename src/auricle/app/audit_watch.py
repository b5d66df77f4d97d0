"""Follows the audit log and raises alerts. Off the path of those who write: it reads what was committed and keeps its place durably.

An alert, its entry and the place are one transaction, and an alert's id comes from its entry: a crash neither loses nor doubles one.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from auricle.adapters.store import Store
from auricle.adapters.store.errors import StoreFailed
from auricle.app.board import AlertRaised, Board
from auricle.audit.entry import Entry
from auricle.audit.leaf import entry_of
from auricle.audit.rules import Alert, Rules, Seen, Thresholds
from auricle.kernel.ids import PersonId
from auricle.practice.model import Practice

log = structlog.get_logger(__name__)
POLL_S, RETRY_S = 0.5, 10.0
BATCH = 500
PLACE_EVERY = 2000  # entries read without an alert before the place is kept: reading some twice changes nothing


class RecordFacts(Protocol):
    """What the rules ask about records; nothing is opened for it."""

    async def of_surname(self, surname: str, records: frozenset[str]) -> frozenset[str]:
        """Those records (`call:ID`, `voicemail:ID`) whose caller's name has this word, by blind index."""
        ...

    async def of_restricted(self, records: frozenset[str]) -> frozenset[str]:
        """Those records that are of restricted patients."""
        ...


class StoreFacts:
    """Fits `RecordFacts`, by the blind indexes of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def of_surname(self, surname: str, records: frozenset[str]) -> frozenset[str]:
        """By the words of callers' names."""
        return await self._store.of_surname(surname, records)

    async def of_restricted(self, records: frozenset[str]) -> frozenset[str]:
        """By the marks on patients' numbers."""
        care = await self._store.care()
        if not any(one.restricted for one in care.values()):
            return frozenset()
        split = [record.partition(":") for record in records]
        calls = await self._store.call_facts([ident for kind, _, ident in split if kind == "call"], care)
        messages = await self._store.voicemail_facts([ident for kind, _, ident in split if kind == "voicemail"], care)
        found = [f"call:{ident}" for ident, facts in calls.items() if facts.restricted]
        return frozenset(found + [f"voicemail:{ident}" for ident, facts in messages.items() if facts.restricted])


class AlertWatch:
    """Runs until cancelled."""

    def __init__(self, store: Store, facts: RecordFacts, practice: Practice, board: Board, thresholds: Thresholds) -> None:
        self._store = store
        self._facts = facts
        self._practice = practice
        self._board = board
        self._thresholds = thresholds
        self._rules: Rules | None = None
        self._place = 0
        self._kept = 0

    async def run(self) -> None:
        """Read what comes, again and again."""
        while True:
            try:
                more = await self.step()
            except StoreFailed as error:  # a full disk: nothing was kept, so everything is read again
                log.error("alerts_not_kept", error=type(error).__name__)  # noqa: TRY400
                self._rules = None
                await asyncio.sleep(RETRY_S)
                continue
            if not more:
                await asyncio.sleep(POLL_S)

    async def step(self) -> bool:
        """Evaluate the next stretch of the log; whether there may be more."""
        rules = self._rules if self._rules is not None else await self._resume()
        rows = await self._store.audit_after(self._place, BATCH)
        found: list[Alert] = []
        learnt: list[tuple[str, str, int]] = []
        for number, leaf in rows:
            seen = await self._seen(number, leaf)
            if seen is not None:
                alerts, networks = rules.see(seen)
                found += alerts
                learnt += [(actor, network, number) for actor, network in networks]
        read_to = rows[-1][0] + 1 if rows else self._place
        if found or learnt or read_to - self._kept >= PLACE_EVERY:
            await self._store.keep_alerts(found, learnt, read_to)
            self._kept = read_to
        self._place = read_to
        for alert in found:
            log.warning("alert_raised", kind=alert.rule.value, index=alert.entry)
            self._board.publish(AlertRaised(alert.id))
        return len(rows) == BATCH

    async def _resume(self) -> Rules:
        """The rules as they stood at the kept place: what they count comes from the entries before it, what is quiet from the alerts."""
        self._place = self._kept = await self._store.alerts_read_to()
        at = await self._store.audit_time(self._place - 1)
        raised: Sequence[Alert] = []
        before: Sequence[tuple[int, bytes]] = []
        if at is not None:
            raised = await self._store.alerts_since(at - timedelta(seconds=self._thresholds.quiet_s))
            before = await self._store.audit_between(at - timedelta(seconds=self._thresholds.memory_s), self._place)
        rules = Rules(self._thresholds, await self._store.known_networks(), raised)
        for number, leaf in before:
            entry = _entry(leaf)
            if entry is not None:
                rules.remember(Seen(number, entry))
        self._rules = rules
        return rules

    async def _seen(self, number: int, leaf: bytes) -> Seen | None:
        entry = _entry(leaf)
        if entry is None:
            return None
        records = Seen(number, entry).records
        if not records:
            return Seen(number, entry)
        surname = self._surname(entry.actor)
        family = await self._facts.of_surname(surname, records) if surname else frozenset()
        return Seen(number, entry, family, await self._facts.of_restricted(records))

    def _surname(self, actor: str) -> str:
        """The last word of a person's name that is no title: `Noor Haddad, RN` is Haddad."""
        person = self._practice.people.get(PersonId(actor))
        words = person.name.partition(",")[0].split() if person else []
        return words[-1] if len(words) > 1 else ""


def _entry(leaf: bytes) -> Entry | None:
    """None for what is no entry: verification names it, and it must not stop the rules."""
    try:
        return entry_of(leaf)
    except ValueError:
        return None
