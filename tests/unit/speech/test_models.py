"""Pinned models: joined once, checked always. Small stand-ins for the packages' files."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest

from auricle.adapters.speech import WrongModel, model

PIECES = {"model.bin": [b"first half, ", b"second half"], "config.json": [b"{}"]}


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    read: list[str] = []

    def pieces(name: str) -> Iterable[bytes]:
        read.append(name)
        return PIECES[name]

    monkeypatch.setattr(model, "WHISPER_BASE", {name: hashlib.sha256(b"".join(parts)).hexdigest() for name, parts in PIECES.items()})
    monkeypatch.setattr(model, "_pieces", pieces)
    return read


def test_halves_are_joined_once(tmp_path: Path, small: list[str]) -> None:
    directory = model.packaged_recogniser(tmp_path / "new" / "cache")
    assert (directory / "model.bin").read_bytes() == b"first half, second half"
    assert model.packaged_recogniser(tmp_path / "new" / "cache") == directory
    assert small == ["model.bin", "config.json"]
    assert sorted(path.name for path in directory.iterdir()) == ["config.json", "model.bin"]


def test_a_cached_file_gone_bad_is_joined_anew(tmp_path: Path) -> None:
    directory = model.packaged_recogniser(tmp_path)
    (directory / "model.bin").write_bytes(b"first half, second h\0lf")
    (directory / "config.json").unlink()
    model.packaged_recogniser(tmp_path)
    assert (directory / "model.bin").read_bytes() == b"first half, second half"
    assert (directory / "config.json").exists()


def test_a_package_that_is_not_ours_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PIECES, "model.bin", [b"somebody else's"])
    with pytest.raises(WrongModel, match=r"model\.bin"):
        model.packaged_recogniser(tmp_path)


def test_the_packaged_detector_and_voice_are_the_vetted_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert model.packaged_detector().exists()
    assert [path.name for path in model.packaged_voice()] == list(model.VOICE_JOE)
    monkeypatch.setattr(model, "SILERO_V6", "0" * 64)
    with pytest.raises(WrongModel, match="silero"):
        model.packaged_detector()
