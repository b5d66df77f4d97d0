"""Ceremonies: once, by who began them, for five minutes, and never more of them than fit."""

from auricle.access.ceremonies import CEREMONY_S, MAX_PENDING, MAX_PENDING_AN_ADDRESS, Ceremonies


def test_a_value_is_taken_once_by_who_holds_the_binding() -> None:
    ceremonies: Ceremonies[str] = Ceremonies()
    ceremonies.begin("mine", "192.0.2.1", "challenge", 10.0)
    assert ceremonies.take("another", 11.0) is None
    assert ceremonies.take("mine", 11.0) == "challenge"
    assert ceremonies.take("mine", 11.0) is None


def test_it_is_good_for_five_minutes() -> None:
    ceremonies: Ceremonies[str] = Ceremonies()
    ceremonies.begin("in time", "a", "1", 0.0)
    ceremonies.begin("late", "a", "2", 0.0)
    assert ceremonies.take("in time", CEREMONY_S) == "1"
    assert ceremonies.take("late", CEREMONY_S + 0.1) is None


def test_beginning_again_voids_what_was_begun() -> None:
    ceremonies: Ceremonies[str] = Ceremonies()
    ceremonies.begin("mine", "a", "first", 0.0)
    ceremonies.begin("mine", "a", "second", 1.0)
    assert len(ceremonies) == 1
    assert ceremonies.take("mine", 2.0) == "second"


def test_who_floods_pushes_out_their_own() -> None:
    ceremonies: Ceremonies[int] = Ceremonies()
    ceremonies.begin("colleague", "192.0.2.1", -1, 0.0)
    for number in range(MAX_PENDING_AN_ADDRESS + 10):
        ceremonies.begin(f"flood{number}", "192.0.2.66", number, 1.0)
    assert len(ceremonies) == MAX_PENDING_AN_ADDRESS + 1
    assert ceremonies.take("flood0", 2.0) is None
    assert ceremonies.take("colleague", 2.0) == -1


def test_there_are_never_more_than_fit_and_old_ones_go_first() -> None:
    ceremonies: Ceremonies[int] = Ceremonies()
    for number in range(MAX_PENDING + 5):
        ceremonies.begin(str(number), f"address {number}", number, 0.0)
    assert len(ceremonies) == MAX_PENDING
    ceremonies.begin("new", "a", 0, CEREMONY_S + 1)
    assert len(ceremonies) == 1
