"""The recogniser itself: a voice detector before it, faster-whisper (base, int8), belief after it. Runs in the worker only."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soxr
from numpy.typing import NDArray

from auricle.adapters.speech.model import packaged_detector, packaged_recogniser
from auricle.media.mulaw import decode_mulaw
from auricle.speech.guards import believable, inside, merged
from auricle.speech.pieces import Piece, whole_words
from auricle.speech.transcript import UNCLEAR, Hearing, Transcript, Word, no_speech
from auricle.speech.voice import FRAME, RATE, joined, raised, surely_voice, voice_spans

if TYPE_CHECKING:
    from faster_whisper import WhisperModel
    from faster_whisper.vad import SileroVADModel

ENGINE = "faster-whisper-base-int8"
WHISPER_RATE = 16000
THREADS = 2
BEAM = 5


@dataclass(slots=True)
class Recogniser:
    """Loads each model when it is first needed and keeps it; silence needs none."""

    cache: Path
    language: str
    directory: str
    """Another faster-whisper model's directory, unchecked, or empty for the packaged one."""
    _detector: "SileroVADModel | None" = None
    _model: "WhisperModel | None" = None

    def transcribe(self, pcmu: bytes) -> Transcript:
        """What was said; empty for silence, music and tones. Raises WrongModel."""
        audio = raised(decode_mulaw(pcmu))
        if audio is None:
            return no_speech(self.language, ENGINE)
        wide: NDArray[np.float32] = soxr.resample(audio, RATE, WHISPER_RATE)
        probabilities = self._probabilities(wide)
        spans = voice_spans(probabilities, len(audio))
        words: list[Word] = []
        for span in joined(spans):
            piece = wide[span.start * WHISPER_RATE // RATE : span.end * WHISPER_RATE // RATE]
            words += self._words(piece, span.start / RATE)
        words = merged(inside(words, spans))
        heard = any(word.text != UNCLEAR for word in words)
        if not heard and not surely_voice(probabilities):
            return no_speech(self.language, ENGINE)
        if not words:
            words = [Word(UNCLEAR, spans[0].start / RATE, spans[-1].end / RATE, 0.0)]
        return Transcript(tuple(words), self.language, Hearing.SPEECH, ENGINE)

    def _probabilities(self, wide: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._detector is None:
            from faster_whisper.vad import SileroVADModel

            self._detector = SileroVADModel(str(packaged_detector()))
        step = FRAME * WHISPER_RATE // RATE
        result: NDArray[np.float32] = self._detector(np.pad(wide, (0, -len(wide) % step))).reshape(-1)
        return result

    def _words(self, piece: NDArray[np.float32], offset_s: float) -> list[Word]:
        # One temperature: the higher ones of the fallback are guesses. No context carried over: it is what loops feed on.
        segments, _ = self._whisper().transcribe(
            piece, language=self.language, beam_size=BEAM, word_timestamps=True, condition_on_previous_text=False, vad_filter=False,
            temperature=0.0, no_speech_threshold=0.6,
        )  # fmt: skip
        found: list[Word] = []
        for segment in segments:
            pieces = [Piece(w.word, offset_s + float(w.start), offset_s + float(w.end), float(w.probability)) for w in segment.words or ()]
            heard = whole_words(pieces)
            found += believable(
                heard,
                no_speech_prob=segment.no_speech_prob,
                avg_log_prob=segment.avg_logprob,
                compression_ratio=segment.compression_ratio,
            )
        return found

    def _whisper(self) -> "WhisperModel":
        if self._model is None:
            from faster_whisper import WhisperModel

            where = Path(self.directory) if self.directory else packaged_recogniser(self.cache)
            self._model = WhisperModel(str(where), device="cpu", compute_type="int8", cpu_threads=THREADS, local_files_only=True)
        return self._model
