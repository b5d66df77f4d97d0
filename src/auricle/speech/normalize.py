"""Comparing texts as a listener would: numbers as digits, no punctuation, no case; word error rate."""

import re

import jiwer

_SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBERS = {word: str(value) for value, word in enumerate(_SPELLED.split(" "))}
_NUMBERS |= {word: str(20 + 10 * value) for value, word in enumerate(_TENS.split(" "))} | {"oh": "0"}
_ORDINARY = re.compile(r"[^a-z0-9' ]+")
_SHORT = {
    "i'd": "i would", "i'm": "i am", "it's": "it is", "that's": "that is", "can't": "cannot", "okay": "ok", "mr.": "mister",
    "dr.": "doctor",
}  # fmt: skip


def normalize(text: str) -> str:
    """Lower-case words; spelled digits as digits, runs of digits one digit a word."""
    lowered = text.lower().replace("\u2019", "'")
    for short, full in _SHORT.items():
        lowered = re.sub(rf"(?<![a-z]){re.escape(short)}(?![a-z])", full, lowered)
    out: list[str] = []
    for word in _ORDINARY.sub(" ", lowered).split():
        word = _NUMBERS.get(word, word)
        out.extend(word if word.isdigit() else [word])
    return " ".join(out)


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Substitutions, deletions and insertions a reference word, after normalising; 1.0 for an empty hypothesis."""
    wanted, got = normalize(reference), normalize(hypothesis)
    if not wanted:
        return 0.0 if not got else 1.0
    return float(jiwer.wer(wanted, got))
