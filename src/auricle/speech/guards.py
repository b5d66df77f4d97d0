"""The guard after the recogniser: which of its words may be shown.

A recogniser asked about silence answers with sentences, and one that loses its thread repeats itself. Nothing invented is shown. Inside a
sentence nothing is left out silently: what cannot be believed there stands as `[unclear]`, for a missing "not" is worse than a gap.
"""

import re

from auricle.speech.rough import speech_spans
from auricle.speech.transcript import UNCLEAR, Word
from auricle.speech.voice import RATE, Span

__all__ = ["believable", "inside", "merged", "repeats", "speech_spans"]

MIN_WORD_CONFIDENCE, MIN_MEAN_CONFIDENCE = 0.12, 0.34
MAX_NO_SPEECH, MIN_LOG_PROB = 0.6, -1.0
MAX_COMPRESSION = 2.4  # more means the text repeats itself
MAX_REPEATS, MAX_WORD_RUN = 3, 5
FILM_LINES = frozenset(
    {"thanks for watching", "thank you for watching", "thank you so much for watching", "please subscribe", "see you next time"}
)
FILM_NOTES = re.compile(r"[\[(*\u266a].*[\])*\u266a]|(?:subtitles|captions) by .*", re.DOTALL)
"""Whole lines that this recogniser learnt from films and no caller says: a back-stop, the gate before it does the work."""


def believable(words: list[Word], *, no_speech_prob: float, avg_log_prob: float, compression_ratio: float) -> list[Word]:
    """One segment's words, doubtful ones as `[unclear]`; none at all when the recogniser itself doubts that anybody spoke."""
    if not words or (no_speech_prob > MAX_NO_SPEECH and avg_log_prob < MIN_LOG_PROB) or _from_a_film(words):
        return []
    mean = sum(word.confidence for word in words) / len(words)
    if compression_ratio > MAX_COMPRESSION or repeats(words) or mean < MIN_MEAN_CONFIDENCE:
        return [_unclear(words)]
    return merged([word if word.confidence >= MIN_WORD_CONFIDENCE else _unclear([word]) for word in words])


def repeats(words: list[Word]) -> bool:
    """Whether some three words in a row come more than three times, or one word more than five times on end. Digits may."""
    texts = [_plain(word) for word in words]
    if any(len(set(texts[i : i + MAX_WORD_RUN + 1])) == 1 and not texts[i].isdigit() for i in range(len(texts) - MAX_WORD_RUN)):
        return True
    triples = [tuple(texts[i : i + 3]) for i in range(len(texts) - 2)]
    return any(triples.count(triple) > MAX_REPEATS for triple in set(triples) if not "".join(triple).isdigit())


def inside(words: list[Word], spans: list[Span]) -> list[Word]:
    """The words that touch a stretch of voice."""
    return [word for word in words if any(span.start <= word.end_s * RATE and word.start_s * RATE <= span.end for span in spans)]


def merged(words: list[Word]) -> list[Word]:
    """Neighbouring `[unclear]`s as one."""
    out: list[Word] = []
    for word in words:
        if out and word.text == out[-1].text == UNCLEAR:
            out[-1] = _unclear([out[-1], word])
        else:
            out.append(word)
    return out


def _unclear(words: list[Word]) -> Word:
    return Word(UNCLEAR, words[0].start_s, words[-1].end_s, 0.0)


def _plain(word: Word) -> str:
    return word.text.lower().strip(".,!?-\u2026\"' ")


def _from_a_film(words: list[Word]) -> bool:
    return " ".join(map(_plain, words)) in FILM_LINES or bool(FILM_NOTES.fullmatch(" ".join(word.text for word in words).lower()))
