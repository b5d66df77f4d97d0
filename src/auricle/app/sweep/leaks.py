"""Leaks on purpose: the sweep must find each of them before it is believed when it finds nothing."""

import base64
import gzip
import os
import socket
import sqlite3
import subprocess
import sys
import wave
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from auricle.app.sweep.canaries import Canaries, encode_alaw
from auricle.media.mulaw import encode_mulaw


@dataclass(frozen=True, slots=True)
class Planted:
    """What was leaked, where it must be found, and as what."""

    what: str
    where: str
    kind: str


def plant_files(folder: Path, canaries: Canaries, recording: Path) -> list[Planted]:
    """Files of many sorts."""
    folder.mkdir(parents=True)
    contents = {
        "a log line": ("app.log", f"call from {canaries.caller}\n".encode(), "number"),
        "a number as people write it": ("note.txt", _written(canaries.caller).encode(), "number"),
        "UTF-16": ("export.csv", f'"{canaries.name}"'.encode("utf-16-le"), "name"),
        "a URL": ("access.log", f"GET /?name={canaries.name.replace(' ', '%20')}".encode(), "name"),
        "base64": ("mail.eml", base64.b64encode(f"x{canaries.note}y".encode()), "note"),
        "hexadecimal": ("dump.hex", canaries.digits.encode().hex().encode(), "keys pressed"),
        "compressed": ("old.log.gz", b"head" + gzip.compress(canaries.message.encode()), "spoken words"),
        "a birth date": ("card.json", f'{{"born": "{_iso(canaries)}"}}'.encode(), "birth date"),
        **_audio(recording),
    }
    for name, data, _ in contents.values():
        (folder / name).write_bytes(data)
    return [Planted(what, str(folder / name), kind) for what, (name, _, kind) in contents.items()]


@contextmanager
def plant_database(file: Path, canaries: Canaries) -> Iterator[Planted]:
    """A row in a database's write-ahead log, not yet in the database."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE patient (name TEXT)")
        connection.execute("INSERT INTO patient VALUES (?)", (canaries.name,))
        connection.commit()
        yield Planted("a row in a write-ahead log", f"{file}-wal", "name")


@contextmanager
def plant_process(canaries: Canaries) -> Iterator[tuple[int, Sequence[Planted]]]:
    """A program with a number on its command line, a name in its environment and a deleted file held open."""
    code = (
        "import os, sys, tempfile\n"
        "file = tempfile.TemporaryFile(); file.write(os.environ['SEEN'].encode()); file.flush()\n"
        "print('up', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", code, canaries.caller],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"SEEN": canaries.name, "PATH": os.environ.get("PATH", "")},
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        process.stdout.readline()
        pid = process.pid
        yield (
            pid,
            (
                Planted("a command line", f"cmdline of process {pid}", "number"),
                Planted("an environment", f"environ of process {pid}", "name"),
                Planted("a deleted file", f"deleted file of process {pid}", "name"),
            ),
        )
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def send_in_clear(canaries: Canaries, port: int) -> Planted:
    """A datagram to one of the practice's ports that anybody on the wire could read."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(f"From: {canaries.name}".encode(), ("127.0.0.1", port))
        own = udp.getsockname()[1]
    return Planted("a datagram", f"packets, UDP {own} to {port}", "name")


def _audio(recording: Path) -> dict[str, tuple[str, bytes, str]]:
    with wave.open(str(recording)) as wav:
        pcm = np.frombuffer(wav.readframes(wav.getnframes()), dtype="<i2")
    return {
        "a recording as it came": ("spool.raw", encode_mulaw(pcm), "audio"),
        "a recording in A-law": ("spool.al", encode_alaw(pcm), "audio"),
        "a recording as WAV": ("message.wav", recording.read_bytes()[: 44 + 2 * len(pcm)], "audio"),
        "a recording in base64": ("part.b64", base64.b64encode(pcm.tobytes()), "audio"),
        "a recording as float": ("model.in", (pcm.astype(np.float32) / 32768).tobytes(), "audio"),
    }


def _written(number: str) -> str:
    return f"({number[2:5]}) {number[5:8]}-{number[8:]}"


def _iso(canaries: Canaries) -> str:
    day, month, year = canaries.birth
    months = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
    return f"{year}-{months.index(month) + 1:02d}-{day:02d}"
