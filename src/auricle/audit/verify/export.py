"""Verification of an export: every line read, hashed and checked in one pass, whatever its size, and a report of what is wrong."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from auricle.audit.verify import diagnose
from auricle.audit.verify.lines import ROW_KEYS, entry_time, fast_row, slow_leaf, slow_line
from auricle.audit.verify.merkle import Tree, leaf_hash
from auricle.audit.verify.note import Key, read_key, signed_state
from auricle.audit.verify.report import Fault, Report, Wrong

BLOCK = 1024  # leaf hashes gathered before they go into the tree
MAX_KEPT = 4096  # leaves kept since the last checkpoint, to say what was done to them
MAX_NOTES = 20
SET_BACK = timedelta(seconds=2)
_INDEX = re.compile(rb'\A\{"index":(\d{1,18}),')
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", re.ASCII)


class _Check:
    """The state of one verification: hashes so far, and the checkpoints that hold."""

    def __init__(self, known: Sequence[tuple[int, bytes]]) -> None:
        self.entries = 0
        self.notes: list[str] = []
        self.changed: list[diagnose.Changed] = []
        self._block: list[bytes] = []
        self._tree = Tree()
        self._signed_to = 0
        self._before: Tree | None = Tree()  # the tree at the last checkpoint, while what came since is kept
        self._since: list[bytes] = []
        self._wrong: tuple[int, int, Wrong | None] | None = None  # the first entries that do not give a signed root
        self._fits = True  # whether the newest checkpoint does
        self._known = sorted(known, reverse=True)
        self._at = ""
        self._compare_known()

    def add(self, leaf: bytes, hashed: bytes, at: str) -> None:
        """The next entry; `at` empty where it cannot be believed."""
        if at:
            if at < self._at or at[26:] != "+00:00":
                self._clock(leaf, at)
            self._at = at
        self._block.append(hashed)
        if self._before is not None:
            self._since.append(leaf)
            if len(self._since) > MAX_KEPT:
                self._before, self._since = None, []
        self.entries += 1
        if len(self._block) >= BLOCK:
            self._flush()
        if self._known and self._known[-1][0] == self.entries:
            self._compare_known()

    def checkpoint(self, size: int, root: bytes) -> None:
        """A signed state that stands at this place of the export."""
        if size != self.entries:
            self._fits = False
            self.end()
            raise Wrong(Fault.CUT, f"a checkpoint covers {size} entries where the export has {self.entries}: it was cut or added to")
        self._flush()
        self._fits = root == self._tree.root()
        if not self._fits and self._wrong is None:
            told = diagnose.of_range(self._before, self._since, root, self._signed_to) if self._before is not None else None
            self._wrong = self._signed_to, max(self._signed_to, size - 1), told
        self._signed_to = size
        self._before, self._since = self._tree.copy(), []

    def end(self) -> None:
        """What hashes and checkpoints together say: entries that fit the last one but not an earlier one are a second history."""
        if self.changed:
            raise diagnose.of_changed(self.changed)
        if self._wrong is None:
            return
        first, last, told = self._wrong
        where = f"entries {first} to {last}"
        if self._fits:
            raise Wrong(Fault.FORKED, f"the log forked: {where} were another history when an earlier checkpoint was signed")
        if told is not None:
            raise told
        raise Wrong(Fault.TAMPERED, f"{where} do not give the signed root: at least one was changed, dropped, added or moved")

    def end_known(self) -> None:
        """Checkpoints known before that cover more than there is. Raises Wrong."""
        if self._known:
            size = self._known[0][0]
            raise Wrong(Fault.CUT, f"the export ends at {self.entries} entries; the checkpoint you know covers {size}")

    def _compare_known(self) -> None:
        """Compare with the checkpoints known before, where this is their place."""
        while self._known and self._known[-1][0] == self.entries:
            _, root = self._known.pop()
            self._flush()
            if root != self._tree.root():
                raise Wrong(Fault.FORKED, f"the log forked: its first {self.entries} entries are not those of the checkpoint you know")

    def _flush(self) -> None:
        if self._block:
            self._tree.add(self._block)
            self._block = []

    def _clock(self, leaf: bytes, at: str) -> None:
        """An entry that is older than the one before it."""
        if not UTC_TIME.fullmatch(at):
            raise Wrong(Fault.BAD_ENTRY, f"entry {self.entries} has a time that is none: it is UTC with microseconds")
        if not self._at:
            return
        back = datetime.fromisoformat(self._at) - datetime.fromisoformat(at)
        if back > SET_BACK and len(self.notes) < MAX_NOTES:
            said = "an entry of the log says so" if b'"action":"clock.set-back"' in leaf else "no entry of the log says so"
            self.notes.append(f"the clock was set back by {back.total_seconds():.0f} s before entry {self.entries}; {said}")


def verify_export(
    lines: Iterable[str | bytes], trusted_key: str | None = None, known_checkpoint: str | Sequence[str] | None = None
) -> Report:
    """Check an export against a public key (vkey text) and signed checkpoints of earlier days, if you kept some. Never raises."""
    key, check = trusted_key or "", None
    known = [known_checkpoint] if isinstance(known_checkpoint, str) else known_checkpoint or ()
    try:
        rows = _Lines(lines)
        head = rows.head()
        key = trusted_key or str(head.get("key", ""))
        verifier = read_key(key)
        check = _Check([signed_state(note, verifier) for note in known])
        _walk(rows, check, verifier)
        if type(head.get("entries")) is not int or head["entries"] != check.entries:
            raise Wrong(Fault.CUT, f"the export has {check.entries} entries and announces another number: it was cut or added to")
        check.end_known()
    except (Wrong, ValueError) as wrong:
        kind = wrong.kind if isinstance(wrong, Wrong) else Fault.BAD_ENTRY
        notes = tuple(check.notes) if check else ()
        return Report(False, check.entries if check else 0, key, trusted_key is not None, str(wrong), kind, notes)
    return Report(True, check.entries, key, trusted_key is not None, notes=tuple(check.notes))


class _Lines:
    """Lines as bytes, numbered from 1, without their ends."""

    def __init__(self, lines: Iterable[str | bytes]) -> None:
        self.number = 0
        self._lines = iter(lines)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> bytes:
        line = next(self._lines)
        self.number += 1
        return (line if isinstance(line, bytes) else line.encode("utf-8", "surrogatepass")).rstrip(b"\r\n")

    def head(self) -> dict[str, object]:
        """The first line that is not empty. Raises Wrong."""
        for line in self:
            head = slow_line(line, self.number)
            if head is None:
                continue
            if head.get("format") == "auricle-audit-export/1":
                return head
            break
        raise Wrong(Fault.NOT_AN_EXPORT, "this is not an audit export, or its first line is missing")


def _walk(lines: _Lines, check: _Check, key: Key) -> None:
    """Every line after the head; the last one must be a checkpoint."""
    ended = False
    for line in lines:
        fast = fast_row(line, check.entries)
        if fast is not None:
            check.add(*fast)
            ended = False
            continue
        row = slow_line(line, lines.number)
        if row is None:
            continue
        if set(row) not in ROW_KEYS:
            raise Wrong(Fault.BAD_LINE, f"after entry {check.entries - 1} stands a line that is neither an entry nor a checkpoint")
        ended = "checkpoint" in row
        if ended:
            check.checkpoint(*signed_state(row["checkpoint"], key))
        else:
            _slow_entry(row, lines, check)
    if not ended:
        check.end()
        raise Wrong(Fault.CUT, "the export has no checkpoint at its end: it was cut")
    check.end()


def _slow_entry(row: dict[str, object], lines: _Lines, check: _Check) -> None:
    """An entry that is spelt in another way, or that is not what it should be."""
    index, expected = row["index"], check.entries
    if type(index) is not int or index != expected:
        raise _misplaced(index, expected, lines)
    leaf = slow_leaf(row, expected)
    hashed = leaf_hash(leaf)
    if row["hash"] == hashed.hex():
        check.add(leaf, hashed, entry_time(leaf, expected) or "-")
        return
    said = _digest(row["hash"])
    if said is None or len(check.changed) >= diagnose.MAX_CHANGED:
        raise Wrong(Fault.CHANGED, f"entry {expected} was changed: it does not fit its hash")
    check.changed.append(diagnose.Changed(expected, said, leaf))
    check.add(leaf, said, "")  # by the hash that stands there, so that what follows is judged by itself


def _misplaced(index: object, expected: int, lines: _Lines) -> Wrong:
    """An entry that is not the next one: something is missing, stands twice, or stands elsewhere."""
    if type(index) is not int:
        return Wrong(Fault.MISSING, f"entry {expected} is missing or out of order")
    if index < expected:
        return Wrong(Fault.MISSING, f"entry {index} stands a second time where entry {expected} should stand")
    for line in lines:
        found = _INDEX.match(line)
        if found is not None and int(found[1]) == expected:
            return Wrong(Fault.REORDERED, f"the log was reordered: entry {expected} stands after entry {index}")
    if index == expected + 1:
        return Wrong(Fault.MISSING, f"entry {expected} is missing")
    return Wrong(Fault.MISSING, f"entries {expected} to {index - 1} are missing")


def _digest(text: object) -> bytes | None:
    if not isinstance(text, str) or len(text) != 64:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
