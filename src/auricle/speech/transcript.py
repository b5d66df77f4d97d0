"""What a recogniser heard: words with their place in the audio and how sure it is."""

from enum import StrEnum

from msgspec import Struct, json

LOW_CONFIDENCE = 0.5  # below it the console underlines a word
UNCLEAR = "[unclear]"  # stands in the place of words that cannot be believed; its confidence is 0


class Hearing(StrEnum):
    """Whether there was speech at all."""

    SPEECH = "speech"
    NO_SPEECH = "no-speech"


class Word(Struct, frozen=True):
    """One word; times in seconds from the start of the audio, confidence 0 to 1."""

    text: str
    start_s: float
    end_s: float
    confidence: float


class Transcript(Struct, frozen=True):
    """The words of one recording."""

    words: tuple[Word, ...]
    language: str
    hearing: Hearing
    engine: str

    @property
    def text(self) -> str:
        """The words as a line."""
        return " ".join(word.text for word in self.words)

    def to_json(self) -> str:
        """For sealing."""
        return json.encode(self).decode()

    @classmethod
    def from_json(cls, data: str | bytes) -> "Transcript":
        """Read what to_json wrote."""
        return json.decode(data, type=cls)


def no_speech(language: str, engine: str) -> Transcript:
    """The transcript of silence, music and tones: empty, and said to be."""
    return Transcript((), language, Hearing.NO_SPEECH, engine)
