"""What a child says on standard error, made fit for the log: identifiers only, each place once in a while."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeAlias

import structlog

log = structlog.get_logger(__name__)

KEPT_LINES = 20
MAX_LINE_CHARS = 500
REPEAT_AFTER_S = 30.0  # a flood of bad messages must not become a flood of lines
MAX_PLACES = 200

Describe: TypeAlias = Callable[[str], Mapping[str, str] | None]
"""Turns a line into what of it may be logged (level, module, source line; never its text), or None for nothing."""


class Complaints:
    """One child's lines. The last ones are kept for the message of a failed start; their text is never logged, it may hold bodies."""

    def __init__(self, name: str, describe: Describe | None) -> None:
        self._name = name
        self._describe = describe
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._logged_at: dict[tuple[tuple[str, str], ...], float] = {}

    def take(self, line: str, now: float) -> None:
        """One line. `now` is in seconds, monotonic."""
        self._last.append(line[:MAX_LINE_CHARS])
        facts = self._describe(line) if self._describe is not None else None
        if not facts:
            return
        place = tuple(sorted(facts.items()))
        if now - self._logged_at.get(place, -REPEAT_AFTER_S) < REPEAT_AFTER_S:
            return
        if len(self._logged_at) >= MAX_PLACES:
            self._logged_at.clear()
        self._logged_at[place] = now
        log.warning("service_complained", service=self._name, **facts)

    def forget(self) -> None:
        """A new child begins: what the old one said explains nothing."""
        self._last.clear()

    @property
    def worst(self) -> str:
        """The line that best explains a failed start."""
        for word in ("CRITICAL", "ERR"):
            for line in self._last:
                if word in line:
                    return line
        return next((line for line in reversed(self._last) if line), "it printed nothing")
