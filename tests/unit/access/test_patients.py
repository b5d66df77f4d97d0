"""Who has a treatment relation."""

from auricle.access.patients import Facts, members, related
from auricle.kernel.ids import PersonId
from auricle.practice.model import Person

STAFF = {
    PersonId(name): Person(PersonId(name), name, str(number), frozenset({"nurse"}), teams=frozenset(teams))
    for number, (name, teams) in enumerate({"noor": {"east"}, "sam": {"east", "west"}, "lee": set[str]()}.items(), 101)
}


def test_those_on_the_call_those_named_and_their_teams() -> None:
    facts = Facts(present=frozenset({"lee"}), people=frozenset({"dana"}), teams=frozenset({"west"}))
    assert related(facts, STAFF) == {"lee", "dana", "sam"}
    assert related(Facts(), STAFF) == frozenset()


def test_members() -> None:
    assert members({"east"}, STAFF.values()) == {"noor", "sam"}
    assert members({"north"}, STAFF.values()) == frozenset()
