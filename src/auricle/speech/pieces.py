"""A recogniser's pieces made into words: "555" and "-0142" are one, and only as sure as the less sure of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from auricle.speech.transcript import Word


@dataclass(frozen=True, slots=True)
class Piece:
    """What the recogniser calls a word; a new word of the text begins with a space. Times in seconds."""

    text: str
    start_s: float
    end_s: float
    confidence: float


def whole_words(pieces: Iterable[Piece]) -> list[Word]:
    """The words of the text, times and confidence rounded as they are kept."""
    words: list[Word] = []
    for piece in pieces:
        text = piece.text.strip()
        if not text:
            continue
        end_s, confidence = round(piece.end_s, 2), round(min(1.0, max(0.0, piece.confidence)), 3)
        if words and not piece.text[0].isspace():
            last = words[-1]
            words[-1] = Word(last.text + text, last.start_s, end_s, min(last.confidence, confidence))
        else:
            words.append(Word(text, round(piece.start_s, 2), end_s, confidence))
    return words
