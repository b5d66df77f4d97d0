"""Prompts without a voice: what is rendered when, who waits for whom, and recordings that stand in."""

import asyncio
import io
import os
import sys
import wave
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from auricle.adapters.speech import PromptRenderer, SpeechFailed
from auricle.adapters.speech import prompts as prompts_module
from auricle.adapters.speech.rendering import render
from auricle.adapters.speech.wav import write_wav
from auricle.speech.prompts import recording_name


class Voice:
    """Renders when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.go = asyncio.Event()
        self.failing = False

    async def render(self, jobs: Sequence[tuple[str, Path]], rate: int) -> None:
        self.batches.append([text for text, _ in jobs])
        await self.go.wait()
        if self.failing:
            raise SpeechFailed("no voice")
        for _, path in jobs:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_wav(path, np.zeros(rate // 10, np.float32), rate)


@pytest.fixture
async def voice(monkeypatch: pytest.MonkeyPatch) -> Voice:
    made = Voice()
    monkeypatch.setattr(prompts_module, "render", made.render)
    return made


@pytest.fixture
def prompts(tmp_path: Path) -> PromptRenderer:
    return PromptRenderer(tmp_path / "cache", tmp_path / "recorded")


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_callers_at_once_share_one_rendering(prompts: PromptRenderer, voice: Voice) -> None:
    waiting = [asyncio.ensure_future(prompts.file_for("Press one.")) for _ in range(3)]
    waiting.append(asyncio.ensure_future(prompts.file_for("Press   one.")))
    await turns()
    voice.go.set()
    assert len(set(await asyncio.gather(*waiting))) == 1
    await prompts.file_for("Press one.")
    assert voice.batches == [["Press one."]]


async def test_a_batch_is_one_process_and_leaves_out_what_others_render(prompts: PromptRenderer, voice: Voice) -> None:
    one = asyncio.ensure_future(prompts.file_for("one"))
    await turns()
    several = asyncio.ensure_future(prompts.render_all(["one", "two", "three", "two"]))
    await turns()
    assert voice.batches == [["one"], ["two", "three"]]
    assert not several.done()
    voice.go.set()
    await several
    assert Path(await one).exists()


async def test_a_caller_who_hangs_up_takes_nothing_from_the_others(prompts: PromptRenderer, voice: Voice) -> None:
    first, second = (asyncio.ensure_future(prompts.file_for("one")) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    voice.go.set()
    assert Path(await second).exists()
    assert first.cancelled()
    assert len(voice.batches) == 1


async def test_a_failure_reaches_all_who_wait_and_the_next_tries_again(prompts: PromptRenderer, voice: Voice) -> None:
    voice.failing = True
    voice.go.set()
    results = await asyncio.gather(*[prompts.file_for("one") for _ in range(3)], return_exceptions=True)
    assert [type(result) for result in results] == [SpeechFailed] * 3
    assert len(voice.batches) == 1
    voice.failing = False
    assert Path(await prompts.file_for("one")).exists()


async def test_files_can_be_read_by_the_media_process(prompts: PromptRenderer, voice: Voice) -> None:
    voice.go.set()
    before = os.umask(0o077)
    try:
        paths = [Path(await prompts.file_for("one")), Path(prompts.sound("beep")), Path(prompts.sound("ringback"))]
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o644] * 3
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize(("name", "seconds"), [("beep", 0.4), ("ringback", 6.0)])
def test_sounds(prompts: PromptRenderer, name: str, seconds: float) -> None:
    with wave.open(prompts.sound(name)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        assert file.getnframes() == 48000 * seconds
        assert 0.2 < np.abs(np.frombuffer(file.readframes(20000), "<i2")).max() / 32768 < 0.3


def test_no_such_sound(prompts: PromptRenderer) -> None:
    with pytest.raises(KeyError):
        prompts.sound("../beep")


def recording(directory: Path, name: str, seconds: float = 0.5) -> Path:
    """As a phone's voice memo might be: 8 kHz stereo."""
    directory.mkdir(exist_ok=True)
    tone = (np.sin(np.arange(int(8000 * seconds)) / 3) * 9000).astype("<i2")
    with wave.open(str(directory / name), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.repeat(tone, 2).tobytes())
    (directory / name).chmod(0o600)
    return directory / name


async def test_a_recording_stands_in_and_is_made_playable(prompts: PromptRenderer, voice: Voice, tmp_path: Path) -> None:
    recording(tmp_path / "recorded", recording_name("Good morning."))
    path = Path(await prompts.file_for("Good  morning."))
    assert voice.batches == []
    assert path.parent == tmp_path / "cache"
    assert path.stat().st_mode & 0o777 == 0o644
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48000, 1, 2)
        assert abs(file.getnframes() / 48000 - 0.5) < 0.02


async def test_a_recorded_sound_stands_in(prompts: PromptRenderer, tmp_path: Path) -> None:
    recording(tmp_path / "recorded", "beep.wav", 0.2)
    with wave.open(prompts.sound("beep")) as file:
        assert abs(file.getnframes() / 48000 - 0.2) < 0.02


async def test_a_new_recording_is_taken_up_and_a_removed_one_given_up(prompts: PromptRenderer, voice: Voice, tmp_path: Path) -> None:
    voice.go.set()
    spoken = await prompts.file_for("one")
    file = recording(tmp_path / "recorded", recording_name("one"))
    first = await prompts.file_for("one")
    recording(tmp_path / "recorded", recording_name("one"), 0.8)
    second = await prompts.file_for("one")
    file.unlink()
    assert len({spoken, first, second}) == 3
    assert await prompts.file_for("one") == spoken


async def test_a_copy_that_was_cleared_away_is_made_again(prompts: PromptRenderer, tmp_path: Path) -> None:
    recording(tmp_path / "recorded", recording_name("one"))
    Path(await prompts.file_for("one")).unlink()
    copies = await asyncio.gather(*[prompts.file_for("one") for _ in range(4)])
    assert len(set(copies)) == 1
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [Path(copies[0]).name]


async def test_a_compressed_recording_under_a_wave_name(prompts: PromptRenderer, tmp_path: Path) -> None:
    """What a phone's recorder writes, put there as it is."""
    (tmp_path / "recorded").mkdir()
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp3") as out:
        stream = out.add_stream("mp3", rate=44100, layout="mono")
        tone = (np.sin(np.arange(44100) / 10) * 9000).astype(np.int16)
        sound = av.AudioFrame.from_ndarray(tone[None, :], format="s16", layout="mono")
        sound.sample_rate = 44100
        for packet in [*stream.encode(sound), *stream.encode(None)]:
            out.mux(packet)
    (tmp_path / "recorded" / recording_name("one")).write_bytes(buffer.getvalue())
    with wave.open(await prompts.file_for("one")) as file:
        assert file.getframerate() == 48000
        assert 0.95 < file.getnframes() / 48000 < 1.15


@pytest.mark.parametrize("data", [b"", b"this is no audio", b"RIFF\x24\0\0\0WAVEfmt "])
async def test_a_recording_that_cannot_be_played_is_passed_over(prompts: PromptRenderer, voice: Voice, tmp_path: Path, data: bytes) -> None:
    voice.go.set()
    (tmp_path / "recorded").mkdir()
    (tmp_path / "recorded" / recording_name("one")).write_bytes(data)
    assert Path(await prompts.file_for("one")).exists()
    assert voice.batches == [["one"]]


async def test_a_voice_process_that_fails_or_writes_nothing(tmp_path: Path) -> None:
    for code in ("raise SystemExit(3)", "pass"):
        with pytest.raises(SpeechFailed):
            await render([("one", tmp_path / "one.wav")], 48000, worker=(sys.executable, "-S", "-c", code))
    with pytest.raises(SpeechFailed):
        await render([("one", tmp_path / "one.wav")], 48000, worker=(str(tmp_path / "nothing"),))


async def test_a_cancelled_rendering_leaves_no_process(tmp_path: Path) -> None:
    code = "import os, sys, time; f = open(sys.argv[1], 'w'); f.write(f'{os.getpid()}!'); f.close(); time.sleep(60)"
    worker = (sys.executable, "-S", "-c", code, str(tmp_path / "pid"))
    task = asyncio.ensure_future(render([("one", tmp_path / "one.wav")], 48000, worker=worker))
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().endswith("!"):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text().rstrip("!")), 0)


def test_a_loud_wave_is_lowered_and_a_quiet_one_kept(tmp_path: Path) -> None:
    for level, peak in ((1.5, 0.7), (0.2, 0.2)):
        write_wav(tmp_path / "a.wav", np.array([0, level, -level], np.float32), 8000)
        with wave.open(str(tmp_path / "a.wav")) as file:
            assert np.abs(np.frombuffer(file.readframes(3), "<i2")).max() / 32767 == pytest.approx(peak, abs=0.001)


def test_a_wave_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(OSError, match=r"a\.wav"):
        write_wav(tmp_path / "a.wav", np.zeros(3, np.float32), 8000)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
