"""Where a practice could have left something: files, files without a name, command lines, environments, core dumps."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SKIPPED = ("/proc", "/sys", "/dev/pts", "/dev/mqueue")
MAX_FILE_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes and where they are."""

    where: str
    data: bytes


def files_since(roots: Iterable[Path], since_ns: int, outside: Sequence[Path]) -> Iterator[Piece]:
    """Every file under `roots` that was written since then, but for what belongs to somebody outside the practice."""
    seen: set[tuple[int, int]] = set()
    for root in roots:
        for folder, names, files in os.walk(root, onerror=None):
            here = Path(folder)
            if any(here == place or place in here.parents for place in outside) or folder.startswith(SKIPPED):
                names.clear()
                continue
            for name in files:
                piece = _written(here / name, since_ns, seen)
                if piece is not None:
                    yield piece


def nameless_files(pids: Iterable[int]) -> Iterator[Piece]:
    """Files that were deleted and are still open (Linux `/proc/PID/fd`)."""
    for pid in pids:
        for link in _listed(Path(f"/proc/{pid}/fd")):
            try:
                target = os.readlink(link)
                if target.endswith("(deleted)") and link.is_file():
                    yield Piece(f"deleted file of process {pid}: {target}", link.read_bytes())
            except OSError:
                continue  # closed meanwhile


def process_texts(pids: Iterable[int]) -> Iterator[Piece]:
    """Command lines and environments."""
    for pid in pids:
        for part in ("cmdline", "environ"):
            try:
                yield Piece(f"{part} of process {pid} ({_name(pid)})", Path(f"/proc/{pid}/{part}").read_bytes())
            except OSError:
                continue  # ended meanwhile


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in _listed(Path("/proc")):
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += children.get(one, [])
    return found


def may_dump_core(pids: Iterable[int]) -> list[int]:
    """Processes whose memory would be written to disk if they crashed."""
    found = []
    for pid in pids:
        try:
            limits = Path(f"/proc/{pid}/limits").read_text()
        except OSError:
            continue
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        if line.split()[4] != "0":
            found.append(pid)
    return found


def _written(path: Path, since_ns: int, seen: set[tuple[int, int]]) -> Piece | None:
    try:
        facts = path.lstat()
        if not os.path.isfile(path) or path.is_symlink() or max(facts.st_mtime_ns, facts.st_ctime_ns) < since_ns:
            return None
        if (facts.st_dev, facts.st_ino) in seen or facts.st_size > MAX_FILE_BYTES:
            return None
        seen.add((facts.st_dev, facts.st_ino))
        return Piece(str(path), path.read_bytes())
    except OSError:
        return None  # gone meanwhile


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "ended"
