"""Guards and comparison of texts, without a recogniser."""

import pytest

from auricle.speech.guards import Span, believable, inside, repeats
from auricle.speech.normalize import normalize, word_error_rate
from auricle.speech.prompts import prompt_key
from auricle.speech.transcript import Hearing, Transcript, Word, no_speech


def words(text: str, confidence: float = 0.9) -> list[Word]:
    return [Word(word, i, i + 0.5, confidence) for i, word in enumerate(text.split())]


def believe(heard: list[Word], **doubt: float) -> list[Word]:
    return believable(heard, **({"no_speech_prob": 0.1, "avg_log_prob": -0.3, "compression_ratio": 1.2} | doubt))


def test_sure_words_pass() -> None:
    assert believe(words("please call me back")) == words("please call me back")


@pytest.mark.parametrize("doubt", [{"no_speech_prob": 0.9, "avg_log_prob": -1.5}, {"compression_ratio": 3.0}])
def test_a_doubting_recogniser_is_not_believed(doubt: dict[str, float]) -> None:
    assert believe(words("thank you for watching"), **doubt) == []


def test_unsure_words_are_dropped() -> None:
    assert believe(words("thank you", 0.2)) == []
    mixed = [*words("please call"), Word("mumble", 5, 6, 0.05)]
    assert believe(mixed) == words("please call")


def test_loops_are_dropped() -> None:
    assert repeats(words("thank you very " * 5))
    assert not repeats(words("call me back and call me later and call me once more"))


def test_words_outside_speech_are_dropped() -> None:
    assert inside(words("one two three"), [Span(0, 8000)]) == words("one")


@pytest.mark.parametrize(
    ("reference", "hypothesis", "rate"),
    [
        ("Call 555 0142.", "call five five five oh one four two", 0.0),
        ("I'd like that.", "I would like that", 0.0),
        ("one two three four", "one two three", 0.25),
        ("hello", "", 1.0),
        ("", "", 0.0),
        ("", "word", 1.0),
    ],
)
def test_word_error_rate(reference: str, hypothesis: str, rate: float) -> None:
    assert word_error_rate(reference, hypothesis) == rate


def test_normalizing_twice_changes_nothing() -> None:
    text = normalize("Dr. Reyes: room 12, at 3 o'clock!")
    assert normalize(text) == text


def test_transcripts_survive_json() -> None:
    transcript = Transcript(tuple(words("hello there")), "en", Hearing.SPEECH, "engine")
    assert Transcript.from_json(transcript.to_json()) == transcript
    assert no_speech("en", "engine").text == ""


def test_prompt_names_depend_on_words_and_voice_alone() -> None:
    assert prompt_key("Press  one.", "a") == prompt_key("Press one.", "a")
    assert prompt_key("Press one.", "a") != prompt_key("Press one.", "b")
