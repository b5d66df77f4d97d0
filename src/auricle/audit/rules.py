"""Rules over the audit log that raise alerts (45 CFR 164.308(a)(1)(ii)(D), information system activity review).

Pure: entries in, alerts out, in the order of the log. The same entries give the same alerts, so evaluating some again after a crash changes
nothing: an alert's id is its rule and the number of the entry that set it off. Alerts name people of the practice, records and counts.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address, ip_network
from types import MappingProxyType
from zoneinfo import ZoneInfo

from auricle.audit.entry import Entry

HUMAN = frozenset({"person", "device", "api-client"})
RECORDS = frozenset({"call", "voicemail"})
PASSED = frozenset({"allowed", "done"})


class Rule(StrEnum):
    """What raises an alert."""

    MASS_LOOK_UP = "mass-look-up"
    AFTER_HOURS = "after-hours"
    OWN_FAMILY = "own-family"
    RESTRICTED = "restricted-record"
    REFUSALS = "repeated-refusals"
    BREAK_GLASS = "break-glass"
    EXPORT = "export"
    NEW_NETWORK = "new-network"
    DAMAGE = "damage"
    CLOCK = "clock-set-back"
    ANCHOR = "anchor"
    AGREEMENT = "agreement-ends"
    RETENTION = "retention-stopped"


Hours = Mapping[int, tuple[int, int]]
"""For a weekday (Monday is 0) the minutes of the day from which and until which the practice is open; a day that is not there is closed."""
WORKING_WEEK: Hours = MappingProxyType({day: (7 * 60, 19 * 60) for day in range(5)})


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When a rule speaks. Each can be set in `[audit]`."""

    zone: ZoneInfo
    hours: Hours = field(default_factory=lambda: WORKING_WEEK)
    mass_records: int = 300
    """Distinct records by one actor…"""
    mass_window_s: int = 900
    """…within this time."""
    refusals: int = 10
    """Refusals of one actor, or from one address where nobody was signed in…"""
    refusals_window_s: int = 300
    """…within this time."""
    quiet_s: int = 3600
    """The same rule about the same actor and subject is not raised again so soon."""
    off: frozenset[Rule] = frozenset()

    @property
    def memory_s(self) -> int:
        """How far back the rules look."""
        return max(self.mass_window_s, self.refusals_window_s)


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry and what was found out about the records it touched: whose caller shares the actor's surname, which are restricted."""

    number: int
    entry: Entry
    family: frozenset[str] = frozenset()
    restricted: frozenset[str] = frozenset()

    @property
    def records(self) -> frozenset[str]:
        """The single records of patients that were looked at, as entries name them."""
        entry = self.entry
        if entry.actor_kind not in HUMAN or entry.kind not in RECORDS or entry.outcome not in PASSED:
            return frozenset()
        direct = {f"{entry.kind}:{entry.ref}"} if entry.ref != "*" else set()
        return frozenset(direct | set(entry.touched))


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found. `subject` is a record, an address, or `*` for several; `count` how many."""

    rule: Rule
    entry: int
    at: datetime
    actor: str
    subject: str = "*"
    count: int = 1

    @property
    def id(self) -> str:
        """A rule speaks once about an entry."""
        return f"{self.rule}.{self.entry}"


@dataclass(slots=True)
class _Window:
    """What one actor did lately, oldest first."""

    items: deque[tuple[datetime, str]] = field(default_factory=deque)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, at: datetime, names: Iterable[str], window_s: int) -> int:
        """Add names and drop what is too old; how many different names remain."""
        for name in names:
            self.items.append((at, name))
            self.counts[name] += 1
        while self.items and (at - self.items[0][0]).total_seconds() > window_s:
            _, old = self.items.popleft()
            self.counts[old] -= 1
            if not self.counts[old]:
                del self.counts[old]
        return len(self.counts)


_AT_ONCE: Mapping[str, Rule] = MappingProxyType(
    {
        "integrity.damaged": Rule.DAMAGE,
        "clock.set-back": Rule.CLOCK,
        "anchor.lagging": Rule.ANCHOR,
        "anchor.conflict": Rule.ANCHOR,
        "agreement.expiring": Rule.AGREEMENT,
        "retention.stopped": Rule.RETENTION,
    }
)
"""Actions that are an alert by themselves."""


class Rules:
    """The rules and what they remember. Entries are given in the order of the log, each once."""

    def __init__(self, thresholds: Thresholds, networks: Iterable[tuple[str, str]] = (), raised: Iterable[Alert] = ()) -> None:
        """`networks` are the known ones of each person, `raised` the alerts of the last `quiet_s`."""
        self._set = thresholds
        self._looks: dict[str, _Window] = {}
        self._refusals: dict[str, _Window] = {}
        self._networks: dict[str, set[str]] = {}
        self._quiet: dict[tuple[Rule, str, str], datetime] = {}
        for actor, network in networks:
            self._networks.setdefault(actor, set()).add(network)
        for alert in raised:
            self._quiet[alert.rule, alert.actor, alert.subject] = alert.at

    def remember(self, seen: Seen) -> None:
        """An entry that was evaluated before a restart: it counts, and raises nothing."""
        self._count_looks(seen)
        self._count_refusals(seen)

    def see(self, seen: Seen) -> tuple[list[Alert], list[tuple[str, str]]]:
        """The alerts an entry raises, and the networks (actor, network) it teaches."""
        learnt: list[tuple[str, str]] = []
        found = [alert for check in self._checks() for alert in check(seen)]
        found += self._network(seen, learnt)
        return [alert for alert in found if self._speaks(alert)], learnt

    def _checks(self) -> tuple[Callable[[Seen], Iterator[Alert]], ...]:
        return self._mass, self._after_hours, self._family, self._restricted, self._repeated, self._at_once, self._break_glass, self._export

    def _speaks(self, alert: Alert) -> bool:
        if alert.rule in self._set.off:
            return False
        key = alert.rule, alert.actor, alert.subject
        before = self._quiet.get(key)
        if before is not None and timedelta(0) <= alert.at - before < timedelta(seconds=self._set.quiet_s):
            return False
        self._quiet[key] = alert.at
        return True

    def _count_looks(self, seen: Seen) -> int:
        if not seen.records:
            return 0
        window = self._looks.setdefault(seen.entry.actor, _Window())
        return window.add(seen.entry.at, seen.records, self._set.mass_window_s)

    def _count_refusals(self, seen: Seen) -> int:
        entry = seen.entry
        if entry.outcome != "refused":
            return 0
        window = self._refusals.setdefault(_who(entry), _Window())
        return window.add(entry.at, (str(seen.number),), self._set.refusals_window_s)

    def _mass(self, seen: Seen) -> Iterator[Alert]:
        count = self._count_looks(seen)
        if count >= self._set.mass_records:
            yield _alert(Rule.MASS_LOOK_UP, seen, count=count)

    def _after_hours(self, seen: Seen) -> Iterator[Alert]:
        if seen.records and not open_at(seen.entry.at, self._set.hours, self._set.zone):
            yield _alert(Rule.AFTER_HOURS, seen, count=len(seen.records))

    def _family(self, seen: Seen) -> Iterator[Alert]:
        yield from _about(Rule.OWN_FAMILY, seen, seen.family)

    def _restricted(self, seen: Seen) -> Iterator[Alert]:
        yield from _about(Rule.RESTRICTED, seen, seen.restricted)

    def _repeated(self, seen: Seen) -> Iterator[Alert]:
        count = self._count_refusals(seen)
        if count >= self._set.refusals:
            yield _alert(Rule.REFUSALS, seen, _who(seen.entry), count)

    def _at_once(self, seen: Seen) -> Iterator[Alert]:
        rule = _AT_ONCE.get(seen.entry.action)
        if rule is not None:
            yield _alert(rule, seen, f"{seen.entry.kind}:{seen.entry.ref}")

    def _break_glass(self, seen: Seen) -> Iterator[Alert]:
        entry = seen.entry
        if entry.action == "break-glass.use" and entry.outcome in PASSED:
            yield _alert(Rule.BREAK_GLASS, seen)

    def _export(self, seen: Seen) -> Iterator[Alert]:
        entry = seen.entry
        if entry.action.endswith(".export") and entry.outcome in PASSED:
            yield _alert(Rule.EXPORT, seen, entry.kind)

    def _network(self, seen: Seen, learnt: list[tuple[str, str]]) -> Iterator[Alert]:
        """The first network of a person is learnt in silence; each other one is told once."""
        entry = seen.entry
        network = network_of(entry.address)
        if entry.action != "session.start" or entry.outcome not in PASSED or entry.actor_kind != "person" or not network:
            return
        known = self._networks.setdefault(entry.actor, set())
        if network in known:
            return
        if known:
            yield _alert(Rule.NEW_NETWORK, seen, network)
        known.add(network)
        learnt.append((entry.actor, network))


def open_at(at: datetime, hours: Hours, zone: ZoneInfo) -> bool:
    """Whether the practice is open, by its own clock."""
    local = at.astimezone(zone)
    opened = hours.get(local.weekday())
    return opened is not None and opened[0] <= local.hour * 60 + local.minute < opened[1]


def network_of(address: str) -> str:
    """The /24 (IPv4) or /48 (IPv6) an address is in; empty for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network(f"{parsed}/{24 if parsed.version == 4 else 48}", strict=False))


def _who(entry: Entry) -> str:
    return entry.address or entry.actor if entry.actor_kind == "anonymous" else entry.actor


def _alert(rule: Rule, seen: Seen, subject: str = "*", count: int = 1) -> Alert:
    return Alert(rule, seen.number, seen.entry.at, seen.entry.actor, subject, count)


def _about(rule: Rule, seen: Seen, records: frozenset[str]) -> Iterator[Alert]:
    if records:
        yield _alert(rule, seen, next(iter(records)) if len(records) == 1 else "*", len(records))
