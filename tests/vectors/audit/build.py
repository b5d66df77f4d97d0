"""Builds exports of an audit log, good and tampered with; each file is named by what was done to it.

`python tests/vectors/audit/build.py` writes them; a test checks that the committed files are what this script gives. The forger here
knows the format and recomputes every hash, but has no signing key. `wanted.json` holds the fault to be found in each, or null.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auricle.audit.checkpoint import Checkpoint, sign, vkey
from auricle.audit.clock import set_back
from auricle.audit.entry import Entry
from auricle.audit.export import export_lines
from auricle.audit.tree import Frontier, leaf_hash

HERE = Path(__file__).parent
ORIGIN = "harborstreet.example/audit"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
ENTRIES, EVERY = 11, 4
VERIFIER = vkey(ORIGIN, KEY.public_key())


def entry(number: int, *, outcome: str = "allowed") -> Entry:
    """Entry number so-and-so of the log."""
    at = datetime(2026, 11, 25, 8, 0, tzinfo=UTC) + timedelta(seconds=number)
    detail = {"before": "front desk", "after": "nurse"} if number == 3 else None
    return Entry(
        at, "person", "p-nurse", "s1", "192.0.2.9", "voicemail.play", "voicemail", f"v{number}", outcome, "care \u2013 callback",
        sealed=b"\x00\x01sealed" if number == 5 else b"", detail=detail,
    )  # fmt: skip


def leaves(count: int = ENTRIES) -> list[bytes]:
    return [entry(number).leaf() for number in range(count)]


def note(over: list[bytes], key: Ed25519PrivateKey = KEY, origin: str = ORIGIN) -> str:
    """The signed checkpoint of a log of these leaves."""
    frontier = Frontier()
    for leaf in over:
        frontier.append(leaf_hash(leaf))
    return sign(Checkpoint(origin, frontier.size, frontier.root()), key)


def export(over: list[bytes], final: str | None = None, earlier: dict[int, str] | None = None, verifier: str = VERIFIER) -> list[str]:
    """An export with a checkpoint every few entries, as the product writes it."""
    marks = {size: note(over[:size]) for size in range(EVERY, len(over), EVERY)} if earlier is None else earlier
    rows = ((number, None, leaf) for number, leaf in enumerate(over))
    return list(export_lines(rows, final or note(over), verifier, sorted(marks.items())))


def forged(change: Callable[[list[bytes]], object]) -> list[str]:
    """Entries changed by somebody who recomputes hashes and numbers, and keeps the true checkpoints."""
    true = leaves()
    changed = list(true)
    change(changed)
    return export(changed, note(true), {size: note(true[:size]) for size in range(EVERY, ENTRIES, EVERY)})


def good_notes() -> dict[int, str]:
    return {size: note(leaves()[:size]) for size in range(EVERY, ENTRIES, EVERY)}


def replaced(lines: list[str], old: str, new: str) -> list[str]:
    changed = [line.replace(old, new, 1) for line in lines]
    assert changed != lines
    return changed


def refused() -> bytes:
    return entry(6, outcome="refused").leaf()


def exports() -> dict[str, tuple[str | None, list[str]]]:
    """Every export with the fault that must be found in it."""
    good = export(leaves())
    other = export(leaves(), note(leaves(), OTHER_KEY), {}, vkey(ORIGIN, OTHER_KEY.public_key()))
    swapped = good.copy()
    swapped[2], swapped[3] = swapped[3], swapped[2]
    b64_spare = b64encode(b"\x00" * 32).decode()
    twice = '{\\"outcome\\":\\"allowed\\",\\"action\\"'
    return {
        "ok": (None, good),
        "ok-of-nothing": (None, export([])),
        "ok-of-one": (None, export(leaves(1))),
        "ok-without-earlier-checkpoints": (None, export(leaves(), earlier={})),
        "flipped-in-place": ("entry-changed", replaced(good, "v6", "v7")),
        "hash-flipped": ("entry-changed", replaced(good, '"hash":"', '"hash":"0')),
        "flipped-and-rehashed": ("tampered", forged(lambda log: log.__setitem__(6, refused()))),
        "first-flipped-and-rehashed": ("tampered", forged(lambda log: log.__setitem__(0, refused()))),
        "last-flipped-and-rehashed": ("tampered", forged(lambda log: log.__setitem__(-1, refused()))),
        "dropped": ("entry-missing", good[:2] + good[3:]),
        "dropped-before-a-checkpoint": ("cut", good[:4] + good[5:]),
        "dropped-and-renumbered": ("tampered", forged(lambda log: log.pop(2))),
        "last-dropped": ("cut", good[:-2] + good[-1:]),
        "added-and-renumbered": ("tampered", forged(lambda log: log.insert(2, refused()))),
        "added-at-the-end": ("cut", export([*leaves(), refused()], note(leaves()), good_notes())),
        "swapped": ("entries-reordered", swapped),
        "swapped-and-renumbered": ("entries-reordered", forged(lambda log: log.insert(2, log.pop(3)))),
        "leaves-exchanged": ("entries-reordered", _leaves_exchanged(good, 3, 4)),
        "moved-and-renumbered": ("tampered", forged(lambda log: log.insert(1, log.pop(3)))),
        "two-flipped-in-place": ("entry-changed", replaced(replaced(good, '"v6\\"', '"v7\\"'), '"v9\\"', '"v8\\"')),
        "sealed-details-swapped": ("sealed-details-swapped", _details_swapped(rehashed=False)),
        "sealed-details-swapped-and-rehashed": ("sealed-details-swapped", _details_swapped(rehashed=True)),
        "sealed-details-swapped-without-their-places": ("sealed-details-swapped", _details_swapped(rehashed=True, places=False)),
        "ok-with-records-and-details": (None, export(detailed())),
        "ok-with-the-clock-set-back": (None, export(_clock_back(said=True))),
        "ok-with-the-clock-set-back-unsaid": (None, export(_clock_back(said=False))),
        "ok-with-a-witness": (None, export(leaves(), _cosigned(note(leaves())), {})),
        "entry-without-a-zone": ("bad-entry", _resigned([leaves(1)[0].replace(b"+00:00", b"")])),
        "repeated": ("entry-missing", good[:3] + good[2:]),
        "cut-before-the-checkpoint": ("cut", good[:-1]),
        "cut-in-a-line": ("bad-line", [*good[:6], good[6][:20]]),
        "cut-at-an-earlier-checkpoint": ("cut", good[: good.index(json.dumps({"checkpoint": good_notes()[8]}, separators=(",", ":"))) + 1]),
        "only-a-head": ("cut", good[:1]),
        "nothing": ("not-an-export", []),
        "without-its-head": ("not-an-export", good[1:]),
        "of-another-format": ("not-an-export", replaced(good, "export/1", "export/2")),
        "signed-by-another-key": ("not-signed-by-this-key", export(leaves(), note(leaves(), OTHER_KEY), {})),
        "signed-by-another-log": ("not-signed-by-this-key", export(leaves(), note(leaves(), origin="elsewhere.example/audit"), {})),
        "signature-flipped": ("bad-signature", export(leaves(), _flip_signature(note(leaves())), {})),
        "size-changed-after-signing": ("bad-signature", export(leaves(), note(leaves()).replace("\n11\n", "\n12\n"), {})),
        "root-changed-after-signing": ("bad-signature", export(leaves(), _with_root(note(leaves()), b64_spare), {})),
        "earlier-checkpoint-of-a-fork": ("forked", export(leaves(), earlier={4: note([*leaves(3), refused()])})),
        "not-a-note": ("not-signed-by-this-key", export(leaves(), "11\n11\n11\n", {})),
        "key-unreadable": ("bad-key", replaced(good, "+", "-")),
        "key-of-another-hash": ("bad-key", replaced(good, VERIFIER[27:31], "0000")),
        "key-swapped-in-head-only": ("not-signed-by-this-key", [other[0], *good[1:]]),
        "entry-not-an-entry": ("bad-entry", _resigned([b'{"v":1}'])),
        "entry-not-json": ("bad-entry", _resigned([b"hello"])),
        "entry-of-version-two": ("bad-entry", _resigned([leaves(1)[0].replace(b'"v":1', b'"v":2')])),
        "entry-with-an-unknown-outcome": ("bad-entry", _resigned([entry(0, outcome="maybe").leaf()])),
        "entry-with-a-key-twice": ("bad-entry", _resigned([leaves(1)[0].replace(b'{"action"', twice.replace("\\", "").encode(), 1)])),
        "entry-with-a-number-for-text": ("bad-entry", _resigned([leaves(1)[0].replace(b'"s1"', b"7")])),
        "entry-beyond-ascii": ("bad-entry", _resigned([leaves(1)[0].replace(b"v0", "v\u00e9".encode())])),
        "line-with-more-in-it": ("bad-line", replaced(good, '{"index":3,', '{"index":3,"note":"x",')),
        "line-that-is-a-list": ("bad-line", [*good[:3], "[1]", *good[3:]]),
        "line-nested-too-deep": ("bad-line", [*good[:3], "[" * 100000, *good[3:]]),
        "index-true-for-one": ("entry-missing", replaced(good, '"index":1,', '"index":true,')),
        "announces-more": ("cut", replaced(good, '"entries":11', '"entries":12')),
        "announces-nothing": ("cut", replaced(good, ',"entries":11', "")),
    }


def detailed() -> list[bytes]:
    """Entries that name records, and two with sealed details."""
    marks = {2: (b"\x00\x01one", "e1"), 3: (b"\x00\x01other", "e2")}
    return [
        replace(entry(number), sealed=marks[number][0], place=marks[number][1], touched=("call:c1", "call:c2")).leaf()
        if number in marks
        else entry(number).leaf()
        for number in range(6)
    ]


def _details_swapped(*, rehashed: bool, places: bool = True) -> list[str]:
    true = detailed()
    two, three = json.loads(true[2]), json.loads(true[3])
    names = ("sealed", "place") if places else ("sealed",)
    changed = [two | {name: three[name] for name in names}, three | {name: two[name] for name in names}]
    texts = [json.dumps(one, sort_keys=True, separators=(",", ":")) for one in changed]
    if rehashed:
        return export([*true[:2], *(text.encode() for text in texts), *true[4:]], note(true), {4: note(true[:4])})
    lines = export(true)
    for at, text in zip((3, 4), texts, strict=True):
        lines[at] = json.dumps(json.loads(lines[at]) | {"leaf": text}, separators=(",", ":"))
    return lines


def _leaves_exchanged(lines: list[str], one: int, other: int) -> list[str]:
    """By somebody who changes two rows of the database and leaves the hashes beside them alone."""
    read = {at: json.loads(lines[at]) for at in (one, other)}
    changed = list(lines)
    for at, source in ((one, other), (other, one)):
        changed[at] = json.dumps(read[at] | {"leaf": read[source]["leaf"]}, separators=(",", ":"))
    return changed


def _clock_back(*, said: bool) -> list[bytes]:
    late = [replace(entry(number), at=entry(number).at - timedelta(hours=1)) for number in range(4, 7)]
    mark = set_back(entry(3).at, late[0].at)
    assert mark is not None
    return [entry(number).leaf() for number in range(4)] + ([mark.leaf()] if said else []) + [one.leaf() for one in late]


def _cosigned(signed: str) -> str:
    """With a signature line of a key the reader does not know."""
    return f"{signed}\u2014 witness.example/w1 {b64encode(bytes(76)).decode()}\n"


def _flip_signature(signed: str) -> str:
    at = signed.rindex(" ") + 20
    return signed[:at] + ("A" if signed[at] != "A" else "B") + signed[at + 1 :]


def _with_root(signed: str, root: str) -> str:
    lines = signed.split("\n")
    return "\n".join([*lines[:2], root, *lines[3:]])


def _resigned(over: list[bytes]) -> list[str]:
    """An export by somebody who has the key and writes nonsense."""
    return export(over, earlier={})


def vectors() -> dict[str, bytes]:
    """Every file of this folder by name."""
    files = {f"{name}.jsonl": "".join(f"{line}\n" for line in lines).encode() for name, (_, lines) in exports().items()}
    files["wanted.json"] = json.dumps({name: wanted for name, (wanted, _) in exports().items()}, indent=1).encode() + b"\n"
    files["key.txt"] = f"{VERIFIER}\n".encode()
    return files


def main() -> None:
    for name, data in vectors().items():
        (HERE / name).write_bytes(data)


if __name__ == "__main__":
    main()
