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
        self._imported: dict[Path, tuple[int, int, Path | None]] = {}

    async def file_for(self, text: str) -> str:
        """The file that speaks `text`. Raises SpeechFailed."""
        recorded = self._recording(recording_name(text))
        if recorded is not None:
            return str(recorded)
        await self.render_all([text])
        return str(self._rendered(text))

    async def render_all(self, texts: Sequence[str]) -> None:
        """Render what is missing in one Piper process; a text somebody else renders already is waited for. Raises SpeechFailed."""
        missing = {self._rendered(text): text for text in texts if self._recording(recording_name(text)) is None}
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
        path = self._recording(f"{name}.wav") or self._cache / f"{name}.wav"
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

    def _recording(self, name: str) -> Path | None:
        """The playable copy of a recording, made anew when the file changes; None where there is none or it cannot be played."""
        file = self._recordings / name
        try:
            found = file.stat()
            known = self._imported.get(file)
            if known is None or known[:2] != (found.st_mtime_ns, found.st_size):
                self._cache.mkdir(parents=True, exist_ok=True)
                known = self._imported[file] = (found.st_mtime_ns, found.st_size, self._import(file))
            return known[2]
        except FileNotFoundError:
            return None

    def _import(self, file: Path) -> Path | None:
        try:
            return import_recording(file, self._cache)
        except (Unplayable, OSError) as error:
            log.warning("recorded_prompt_not_used", file=file.name, error=type(error).__name__)
            return None
