"""A box for protected health information (45 CFR 160.103): it prints `<phi>` wherever it might be printed by accident."""

from typing import Generic, TypeVar

T = TypeVar("T")


class Phi(Generic[T]):
    """Holds a private value. Only `reveal` gives it back, and a test lists the callers of `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self, why: str) -> T:
        """Return the value; `why` says for the reader (not for a log) what it is needed for."""
        del why
        return self._value

    def __repr__(self) -> str:
        return "<phi>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<phi>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Phi) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a private value is never pickled; reveal it at the border that must write it")
