"""Spoken prompts as files rtpengine plays evenly: 48 kHz mono 16-bit WAV, rendered once and cached by content.

A recording stands in for a text as `<recordings>/<speech.prompts.recording_name(text)>`, and for a sound as `<recordings>/beep.wav`.
Prompts are the practice's words: never pass a patient's here, the cache is readable by everybody.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from auricle.adapters.speech.recorded import Unplayable, import_recording
from auricle.adapters.speech.rendering import render
from auricle.adapters.speech.sounds import RATE, SOUNDS
from auricle.adapters.speech.wav import write_wav
from auricle.speech.prompts import prompt_key, recording_name

log = structlog.get_logger(__name__)
VOICE = "en_US-joe-medium"


class PromptRenderer:
    """Fits `calls.ports.Prompts`. `recordings` is where recorded files stand in; it need not exist."""

    def __init__(self, cache: Path, recordings: Path) -> None:
        self._cache = cache
        self._recordings = recordings
        self._rendering: dict[str, asyncio.Task[None]] = {}
        self._seen: dict[Path, tuple[int, int] | None] = {}
        self._playable: dict[Path, Path | None] = {}

    async def file_for(self, text: str) -> str:
        """The file that speaks `text`. Raises SpeechFailed."""
        recorded = await self._recorded(text)
        if recorded is not None:
            return str(recorded)
        await self.render_all([text])
        return str(self._rendered(text))

    async def render_all(self, texts: Sequence[str]) -> None:
        """Render what is missing in one Piper process; a text somebody else renders already is waited for. Raises SpeechFailed."""
        missing = {self._rendered(text): text for text in texts if await self._recorded(text) is None}
        missing = {path: text for path, text in missing.items() if not path.exists()}
        mine = [(text, path) for path, text in missing.items() if path.name not in self._rendering]
        if mine:
            # a task of its own: a caller who hangs up meanwhile must not take the words from those who wait for the same
            task = asyncio.ensure_future(render(mine, RATE))
            self._rendering.update({path.name: task for _, path in mine})
            task.add_done_callback(lambda _: self._forget([path.name for _, path in mine]))
        for task in {self._rendering[path.name] for path in missing}:
            await asyncio.shield(task)

    def sound(self, name: str) -> str:
        """A fixed sound, made at the first use. Raises KeyError for an unknown one."""
        make = SOUNDS[name]
        recorded = self._recordings / f"{name}.wav"
        if self._changed(recorded):
            self._take_up(recorded)
        path = self._playable.get(recorded) or self._cache / f"{name}.wav"
        if not path.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            write_wav(path, make(), RATE)
        return str(path)

    def _rendered(self, text: str) -> Path:
        return self._cache / f"{prompt_key(text, VOICE)}.wav"

    def _forget(self, names: Sequence[str]) -> None:
        tasks = [self._rendering.pop(name) for name in names]
        if not tasks[0].cancelled():
            tasks[0].exception()  # whoever waited has it; nobody may have

    async def _recorded(self, text: str) -> Path | None:
        """The playable copy of the recording that stands in for `text`; None where there is none or it cannot be played."""
        file = self._recordings / recording_name(text)
        if self._changed(file):
            await asyncio.to_thread(self._take_up, file)
        return self._playable.get(file)

    def _changed(self, file: Path) -> bool:
        """Whether the recording is not the one last seen, or its copy has been cleared away."""
        playable = self._playable.get(file)
        return self._seen.get(file) != _print_of(file) or (playable is not None and not playable.exists())

    def _take_up(self, file: Path) -> None:
        seen = _print_of(file)
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            self._playable[file] = import_recording(file, self._cache) if seen else None
        except (Unplayable, OSError) as error:
            self._playable[file] = None
            log.warning("recorded_prompt_not_used", file=file.name, error=type(error).__name__)
        self._seen[file] = seen


def _print_of(file: Path) -> tuple[int, int] | None:
    """What tells a changed file; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
