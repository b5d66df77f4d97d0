"""Speech on this machine: prompts spoken by Piper in its own process, transcription by faster-whisper in a worker."""

from auricle.adapters.speech.errors import SpeechFailed, WrongModel
from auricle.adapters.speech.patient import say_as_patient
from auricle.adapters.speech.prompts import PromptRenderer
from auricle.adapters.speech.transcriber import Transcriber

__all__ = ["PromptRenderer", "SpeechFailed", "Transcriber", "WrongModel", "say_as_patient"]
