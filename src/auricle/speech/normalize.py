"""Comparing English texts as a listener would: no case or punctuation, numbers as digits however they were written; word error rate."""

import re

import jiwer

_SPELLED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
)
_VALUES = {word: value for value, word in enumerate(_SPELLED.split(" "))} | {"oh": 0}
_VALUES |= {word: value for value, word in enumerate(_ORDINALS.split(" "), 1)} | {"thirtieth": 30}
_TEN_VALUES = {word: 20 + 10 * value for value, word in enumerate(_TENS.split(" "))}
_ORDINARY = re.compile(r"[^a-z0-9' ]+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_DIGIT_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_SHORT = {
    "i'd": "i would", "i'm": "i am", "it's": "it is", "that's": "that is", "can't": "cannot", "can not": "cannot", "okay": "ok",
    "mr.": "mister", "mrs.": "missus", "dr.": "doctor", "a.m.": "am", "p.m.": "pm", "o'clock": "",
}  # fmt: skip


def normalize(text: str) -> str:
    """Lower-case words; every number as its digits, one digit a word, so that "twenty-one", "21" and "two one" are the same."""
    lowered = _BETWEEN_DIGITS.sub("", text.lower().replace("\u2019", "'"))
    for short, full in _SHORT.items():
        lowered = re.sub(rf"(?<![a-z]){re.escape(short)}(?![a-z])", full, lowered)
    lowered = re.sub(r"\$\s*(\d+)", r"\1 dollars", lowered)
    words = _DIGIT_ORDINAL.sub(r"\1", _ORDINARY.sub(" ", lowered)).split()
    out: list[str] = []
    at = 0
    while at < len(words):
        number, taken = _number(words, at)
        if taken:
            out.extend(number)
        else:
            out.append(words[at])
        at += taken or 1
    return " ".join(out)


def word_error_rate(reference: str, hypothesis: str) -> float:
    """Substitutions, deletions and insertions a reference word, after normalising; 1.0 for an empty hypothesis."""
    wanted, got = normalize(reference), normalize(hypothesis)
    if not wanted:
        return 0.0 if not got else 1.0
    return float(jiwer.wer(wanted, got))


def _number(words: list[str], at: int) -> tuple[str, int]:
    """The digits of the number that starts at `at`, and how many words it takes; ("", 0) where there is none."""
    digits, taken = _below_hundred(words, at)
    if not taken or words[at + taken : at + taken + 1] not in (["hundred"], ["thousand"]):
        return digits, taken
    thousands, rest = 0, int(digits)
    after_scale = False
    while at + taken < len(words):
        word = words[at + taken]
        if word == "hundred" and 0 < rest < 100:
            rest, step, after_scale = rest * 100, 1, True
        elif word == "thousand" and not thousands:
            thousands, rest, step, after_scale = rest * 1000, 0, 1, True
        elif after_scale:
            joint = word == "and"
            more, step = _below_hundred(words, at + taken + joint)
            if not step or len(more) > 2:
                break
            rest, step, after_scale = rest + int(more), step + joint, False
        else:
            break
        taken += step
    return str(thousands + rest), taken


def _below_hundred(words: list[str], at: int) -> tuple[str, int]:
    """One spoken number below a hundred, or a run of written digits as it stands (leading zeros count)."""
    if at >= len(words):
        return "", 0
    word = words[at]
    if word.isdigit():
        return word, 1
    if word in _TEN_VALUES:
        unit = _VALUES.get(words[at + 1], 0) if at + 1 < len(words) and words[at + 1] != "oh" else 0
        return (str(_TEN_VALUES[word] + unit), 2) if 0 < unit < 10 else (str(_TEN_VALUES[word]), 1)
    return (str(_VALUES[word]), 1) if word in _VALUES else ("", 0)
