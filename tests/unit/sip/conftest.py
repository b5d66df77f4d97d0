"""Two user agents on virtual time with a network between them that can lose, double and reorder datagrams."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

import pytest

from auricle.sip.agent import NewCall, NewRequest, UserAgent
from auricle.sip.message import parse_message
from auricle.sip.outgoing import Invitation

OFFER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
ANSWER = OFFER.replace(b"6000", b"7000")
EPOCH = 1000.0


class CountingEntropy:
    """Different every time, the same in every run."""

    def __init__(self, seed: int) -> None:
        self._counter = count(seed << 32)

    def token(self, size: int) -> bytes:
        return (next(self._counter) * 2654435761 % (1 << 8 * size)).to_bytes(size, "big")

    def name(self, prefix: str = "") -> str:
        return f"{prefix}{next(self._counter):016x}"


class Side:
    """One user agent, what it said to its listeners, and what it sent and received."""

    def __init__(self, net: "Network", name: str, port: int, seed: int, session_timer_s: int) -> None:
        self.net = net
        self.name = name
        self.agent = UserAgent(f"127.0.0.1:{port}", ("127.0.0.1", 9), CountingEntropy(seed), session_timer_s)
        self.contact_line = f"Contact: <sip:{name}@127.0.0.1:{port}>\r\n"
        self.words: list[Any] = []
        self.sessions: list[Any] = []
        self.requests: list[NewRequest] = []
        self.sent: list[tuple[float, str, bytes]] = []
        self.on_call: Callable[[Any], None] = lambda session: None
        self.on_word: Callable[[Any, Any], None] = lambda session, word: None

    def feed(self, data: bytes) -> None:
        """Take one datagram now."""
        self.agent.receive(parse_message(data), self.net.now)
        self.flush()

    def flush(self) -> None:
        outbox = self.agent.outbox
        while outbox.messages or outbox.words:
            for _, data in outbox.messages:
                self.sent.append((self.net.now - EPOCH, label(data), data))
                self.net.carry(self, data)
            outbox.messages.clear()
            if outbox.words:
                self._deliver(*outbox.words.popleft())

    def _deliver(self, session: Any, word: Any) -> None:
        if isinstance(word, NewCall):
            session.adopt(self.contact_line, ())
            self.sessions.append(session)
            session.listener = lambda said: self._hear(session, said)
            self.on_call(session)
        elif isinstance(word, NewRequest):
            self.requests.append(word)
        else:
            session.listener(word)

    def _hear(self, session: Any, word: Any) -> None:
        self.words.append(word)
        self.on_word(session, word)

    def invite(self, *, offer: bytes = OFFER, routes: tuple[str, ...] = (), lines: str = "", max_forwards: int = 70) -> Any:
        told = Invitation("sip:callee@127.0.0.1:2", routes, f"<sip:{self.name}@example.com>", lines, max_forwards, offer)
        session = self.agent.invite(told, self.contact_line, self.net.now)
        session.listener = lambda said: self._hear(session, said)
        self.sessions.append(session)
        self.flush()
        return session

    def labels(self) -> list[str]:
        """What was sent, in order: `INVITE`, `180 INVITE` …"""
        return [text for _, text, _ in self.sent]

    def times(self, text: str) -> list[float]:
        """When messages with this label were sent, in seconds since the start."""
        return [round(at, 2) for at, said, _ in self.sent if said == text]

    def last(self, text: str) -> Any:
        """The latest message sent with this label, parsed."""
        return parse_message(next(data for _, said, data in reversed(self.sent) if said == text))

    @property
    def idle(self) -> bool:
        """True when nothing at all is left alive."""
        return not self.agent.sessions and not self.agent.transactions.alive and not len(self.agent.wheel)


def label(data: bytes) -> str:
    """`INVITE` for a request, `180 INVITE` for a response."""
    message = parse_message(data)
    return message.method if hasattr(message, "method") else f"{message.status} {message.get('cseq').split()[-1]}"


class Network:
    """`a` and `b`, 10 ms apart. `fate(sender, nth, label)` gives the delays of each copy of a datagram: [] loses it."""

    def __init__(self, session_timer_s: int = 1800) -> None:
        self.now = EPOCH
        self.fate: Callable[[str, int, str], list[float]] = lambda sender, nth, text: [0.01]
        self._under_way: list[tuple[float, int, Side, bytes]] = []
        self._nth = count()
        self._counts = {"a": 0, "b": 0}
        self.a = Side(self, "a", 1, 1, session_timer_s)
        self.b = Side(self, "b", 2, 2, session_timer_s)

    def carry(self, sender: Side, data: bytes) -> None:
        nth = self._counts[sender.name]
        self._counts[sender.name] += 1
        for delay in self.fate(sender.name, nth, label(data)):
            heappush(self._under_way, (self.now + delay, next(self._nth), self.b if sender is self.a else self.a, data))

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        end = self.now + seconds
        while True:
            times = [side.agent.wheel.next_at() for side in (self.a, self.b)]
            upcoming = [at for at in times if at is not None] + ([self._under_way[0][0]] if self._under_way else [])
            if not upcoming or min(upcoming) > end:
                break
            self.now = max(self.now, min(upcoming))
            while self._under_way and self._under_way[0][0] <= self.now:
                _, _, side, data = heappop(self._under_way)
                side.feed(data)
            for side in (self.a, self.b):
                side.agent.on_time(self.now)
                side.flush()
        self.now = end


@pytest.fixture
def network() -> Network:
    """A network that loses nothing."""
    return Network()


@pytest.fixture
def short_network() -> Network:
    """One whose sessions are refreshed every 90 s."""
    return Network(session_timer_s=90)


@pytest.fixture(scope="session")
def offer() -> bytes:
    """An SDP offer."""
    return OFFER


@pytest.fixture(scope="session")
def answer() -> bytes:
    """An SDP answer."""
    return ANSWER


@pytest.fixture(scope="session")
def new_network() -> Callable[..., Network]:
    """Makes networks, for property tests."""
    return Network
