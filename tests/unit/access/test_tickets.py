"""A ticket is good once, for five minutes, at its own address."""

from auricle.access.tickets import MAX_TICKETS, MAX_WRONG, TICKET_S, Ticket, Tickets
from auricle.kernel.ids import PersonId

HOME, AWAY = "192.0.2.1", "198.51.100.1"


def a_ticket(at: float = 0.0, person: str = "dana") -> Ticket:
    return Ticket(person, PersonId(person), "hash", HOME, at)


def test_good_once() -> None:
    tickets = Tickets()
    tickets.add("t", a_ticket())
    assert tickets.find("t", HOME, 1.0) is not None
    assert tickets.use("t")
    assert not tickets.use("t")
    assert tickets.find("t", HOME, 1.0) is None


def test_five_minutes_and_only_at_its_address() -> None:
    tickets = Tickets()
    tickets.add("t", a_ticket())
    assert tickets.find("t", HOME, TICKET_S) is not None
    assert tickets.find("t", HOME, TICKET_S + 0.1) is None
    assert tickets.find("t", AWAY, 1.0) is None
    assert tickets.find("other", HOME, 1.0) is None


def test_wrong_codes_use_it_up() -> None:
    tickets = Tickets()
    tickets.add("t", a_ticket())
    for _ in range(MAX_WRONG - 1):
        tickets.wrong("t")
    assert tickets.find("t", HOME, 1.0) is not None
    tickets.wrong("t")
    assert tickets.find("t", HOME, 1.0) is None
    tickets.wrong("t")


def test_whose_access_ended_has_none() -> None:
    tickets = Tickets()
    tickets.add("a", a_ticket())
    tickets.add("b", a_ticket(person="noor"))
    tickets.drop_of(PersonId("dana"))
    assert tickets.find("a", HOME, 1.0) is None
    assert tickets.find("b", HOME, 1.0) is not None


def test_memory_is_bounded() -> None:
    tickets = Tickets()
    for number in range(MAX_TICKETS + 10):
        tickets.add(str(number), a_ticket())
    assert tickets.find("0", HOME, 1.0) is None
    assert tickets.find(str(MAX_TICKETS + 9), HOME, 1.0) is not None
