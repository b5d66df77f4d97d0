"""`auricle sweep`: a day of canaries, then the search; first it must find what was leaked on purpose."""

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from auricle.adapters.clock import SystemEntropy
from auricle.app.sweep.canaries import Canaries, audio_needles, secret_needles, transcript_needles
from auricle.app.sweep.day import Day
from auricle.app.sweep.leaks import Planted, plant_database, plant_files, plant_process, send_in_clear
from auricle.app.sweep.places import Piece, family, files_since, may_dump_core, nameless_files, process_texts
from auricle.app.sweep.search import Hit, Search, is_audio_file
from auricle.app.sweep.wire import Wire

ROOTS = ("/tmp", "/var", "/run", "/dev/shm", "/root", "/home", "/etc", "/opt", "/srv", "/usr/local")  # noqa: S108 - to be searched


@dataclass(slots=True)
class Findings:
    """What was looked at and what was found."""

    needles: int = 0
    planted: int = 0
    planted_missed: list[str] = field(default_factory=list)
    files: int = 0
    bytes: int = 0
    processes: int = 0
    connections: int = 0
    packets_looked_at: bool = False
    hits: list[Hit] = field(default_factory=list)
    audio_files: list[str] = field(default_factory=list)
    core_dumps: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        """Nothing leaked, and the search was shown to find."""
        return not (self.hits or self.audio_files or self.core_dumps or self.planted_missed) and self.planted > 0


async def run_sweep(*, as_json: bool) -> int:
    """0 when every planted leak was found and nothing else was."""
    screen = Console(stderr=as_json, highlight=False)
    with TemporaryDirectory(prefix="auricle-sweep-") as practice, TemporaryDirectory(prefix="auricle-sweep-outside-") as outside:
        findings = await _Sweep(Path(practice), Path(outside), screen.print).run()
    if as_json:
        print(json.dumps(asdict(findings) | {"clean": findings.clean}))
    _tell(findings, screen)
    return 0 if findings.clean else 1


class _Sweep:
    def __init__(self, practice: Path, outside: Path, tell: Callable[[str], None]) -> None:
        self._practice = practice
        self._outside = outside
        self._tell = tell
        self._canaries = Canaries.drawn(SystemEntropy())
        self._day = Day(practice, outside, self._canaries, tell)
        self._wire = Wire(outside / "loopback.pcapng")
        self._found = Findings(packets_looked_at=Wire.possible())
        self._since_ns = 0

    async def run(self) -> Findings:
        began = time.monotonic()
        self._since_ns = time.time_ns()
        if self._found.packets_looked_at:
            self._wire.start()
        try:
            await self._day.open()
            await self._day.live()
            search = self._search()
            await asyncio.to_thread(self._find_planted, search)
            await asyncio.to_thread(self._look_at_processes, search)
        finally:
            await self._day.close()
            self._wire.stop()
        await asyncio.to_thread(self._look_at_what_is_left, search)
        self._found.seconds = round(time.monotonic() - began, 1)
        return self._found

    def _search(self) -> Search:
        needles = [*self._canaries.needles(), *secret_needles(self._day.secrets), *transcript_needles(self._day.transcript)]
        needles += [*audio_needles(self._day.recording), *audio_needles(self._day.talk)]
        search = Search(needles)
        self._found.needles = len(search)
        return search

    def _find_planted(self, search: Search) -> None:
        """Leak on purpose, and look with the same eyes."""
        self._tell("Leaking on purpose, to see that the search finds …")
        folder = self._practice / "planted"
        with ExitStack() as stack:
            planted = plant_files(folder, self._canaries, self._day.recording)
            planted.append(stack.enter_context(plant_database(folder / "leak.db", self._canaries)))
            pid, theirs = stack.enter_context(plant_process(self._canaries))
            planted += theirs
            pieces = [*files_since([folder], self._since_ns, ()), *process_texts([pid]), *nameless_files([pid])]
            if self._found.packets_looked_at:
                planted.append(send_in_clear(self._canaries, self._day.settings.network.tls_port))
        hits = [hit for piece in pieces for hit in search.find(piece.where, piece.data)]
        self._planted = planted
        self._found.planted = len(planted)
        self._found.planted_missed = [leak.what for leak in planted if "packets" not in leak.where and not _is_found(leak, hits)]
        if not any(is_audio_file(piece.data) for piece in pieces):
            self._found.planted_missed.append("an audio container")
        for path in sorted(folder.iterdir()):
            path.unlink()
        folder.rmdir()

    def _look_at_processes(self, search: Search) -> None:
        """While the practice runs."""
        self._tell("Looking at its processes …")
        pids = family(self._day.pid)
        self._found.processes = len(pids)
        self._found.core_dumps = len(may_dump_core(pids))
        self._note(search, [*process_texts(pids), *nameless_files(pids)])

    def _look_at_what_is_left(self, search: Search) -> None:
        """After it was stopped: its own folders, and whatever else was written on this machine meanwhile."""
        self._tell("Looking at every file that was written …")
        for piece in self._files():
            self._found.files += 1
            self._found.bytes += len(piece.data)
            self._note(search, [piece])
            if is_audio_file(piece.data) and piece.where.startswith(str(self._practice)):
                self._found.audio_files.append(piece.where)
        if self._found.packets_looked_at:
            self._look_at_packets(search)

    def _files(self) -> Iterator[Piece]:
        roots = dict.fromkeys(Path(root) for root in (*ROOTS, str(self._practice), os.getcwd(), str(Path.home())))
        return files_since(roots, self._since_ns, (self._outside,))

    def _look_at_packets(self, search: Search) -> None:
        """Signalling and media between phones, browsers and the practice."""
        self._tell("Looking at the packets …")
        network = self._day.settings.network
        faces = (network.tls_port, network.wss_port, network.console_port)
        pieces = list(self._wire.pieces(faces, range(network.rtp_port_min, network.rtp_port_max + 1)))
        self._found.connections = len(pieces)
        hits = [hit for piece in pieces for hit in search.find(piece.where, piece.data)]
        leak = next(leak for leak in self._planted if "packets" in leak.where)
        if not _is_found(leak, hits):
            self._found.planted_missed.append(leak.what)
        self._found.hits += [hit for hit in hits if not hit.where.startswith(leak.where)]

    def _note(self, search: Search, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._found.hits += search.find(piece.where, piece.data)

    _planted: list[Planted]


def _is_found(leak: Planted, hits: Iterable[Hit]) -> bool:
    return any(hit.where.startswith(leak.where) and hit.kind == leak.kind for hit in hits)


def _tell(found: Findings, screen: Console) -> None:
    screen.print(
        f"\n{found.needles} needles: numbers, names, birth dates, keys pressed, notes, spoken words, the transcript, audio, secrets."
    )
    screen.print(f"Planted leaks found: {found.planted - len(found.planted_missed)} of {found.planted}.")
    for missed in found.planted_missed:
        screen.print(f"  [bold red]not found:[/] {missed}")
    packets = f"{found.connections} connections" if found.packets_looked_at else "no packets (that needs root and tshark)"
    screen.print(f"Looked at {found.files} files ({found.bytes / 1e6:.0f} MB), {found.processes} processes, {packets}.")
    for hit in found.hits:
        screen.print(f"  [bold red]leak:[/] {hit.kind} ({hit.form}) in {hit.where}")
    for path in found.audio_files:
        screen.print(f"  [bold red]readable audio:[/] {path}")
    if found.core_dumps:
        screen.print(f"  [bold red]{found.core_dumps} processes may dump core[/]")
    verdict = "[bold green]Nothing leaked.[/]" if found.clean else "[bold red]Not clean.[/]"
    screen.print(f"{verdict} ({found.seconds:.0f} s)")
