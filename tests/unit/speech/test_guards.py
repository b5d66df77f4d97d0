"""Which words of a recogniser may be shown (cases ASR-08eb, ASR-979e)."""

import pytest

from auricle.speech.guards import believable, inside, merged, repeats
from auricle.speech.transcript import UNCLEAR, Word
from auricle.speech.voice import Span


def words(text: str, confidence: float = 0.9) -> list[Word]:
    return [Word(word, i, i + 0.5, confidence) for i, word in enumerate(text.split())]


def believe(heard: list[Word], **doubt: float) -> list[Word]:
    return believable(heard, **({"no_speech_prob": 0.1, "avg_log_prob": -0.3, "compression_ratio": 1.2} | doubt))


def test_sure_words_pass() -> None:
    assert believe(words("please call me back")) == words("please call me back")
    assert believe([]) == []


def test_a_recogniser_that_doubts_that_anybody_spoke_is_believed_in_that() -> None:
    """Case ASR-08eb: no speech AND low probability; either alone is common in real speech."""
    heard = words("thank you")
    assert believe(heard, no_speech_prob=0.9, avg_log_prob=-1.5) == []
    assert believe(heard, no_speech_prob=0.9) == heard
    assert believe(heard, avg_log_prob=-1.5) == heard


@pytest.mark.parametrize(
    "line",
    ["Thanks for watching!", "Thank you for watching.", "[Music]", "(upbeat music)", "♪ la la ♪", "Subtitles by somebody", "*cough*"],
)
def test_lines_from_films_are_dropped(line: str) -> None:
    """Case ASR-08eb, the back-stop."""
    assert believe(words(line)) == []


@pytest.mark.parametrize("line", ["Thank you.", "Thank you for watching my mother last night.", "Bye."])
def test_what_callers_do_say_is_not(line: str) -> None:
    assert believe(words(line)) == words(line)


def test_doubtful_words_stand_as_unclear_in_their_place() -> None:
    """A dropped "not" would turn the sentence round."""
    heard = [*words("I do"), Word("not", 2, 2.5, 0.05), Word("ever", 2.6, 3, 0.1), Word("faint", 3, 3.5, 0.9)]
    shown = believe(heard)
    assert [word.text for word in shown] == ["I", "do", UNCLEAR, "faint"]
    assert (shown[2].start_s, shown[2].end_s, shown[2].confidence) == (2, 3, 0.0)


@pytest.mark.parametrize("doubt", [{"compression_ratio": 3.0}, {}])
def test_a_loop_is_one_unclear(doubt: dict[str, float]) -> None:
    """Case ASR-979e: the looped part is replaced, not printed."""
    looped = words("call me now " * 5) if not doubt else words("call me now")
    assert believe(looped, **doubt) == [Word(UNCLEAR, looped[0].start_s, looped[-1].end_s, 0.0)]


def test_a_segment_of_doubtful_words_is_one_unclear() -> None:
    assert [word.text for word in believe(words("refill my prescription", 0.3))] == [UNCLEAR]


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("thank you very " * 5, True),
        ("no " * 6, True),
        ("no no no no no", False),
        ("call me back and call me later and call me once more", False),
        ("5 5 5 5 5 5 5 5 5 5 5 5 5", False),
        ("", False),
    ],
)
def test_repeats(text: str, loops: bool) -> None:
    assert repeats(words(text)) is loops


def test_words_outside_a_voice_are_dropped() -> None:
    assert inside(words("one two three"), [Span(0, 4000)]) == words("one")
    assert inside(words("one two three"), []) == []


def test_neighbouring_unclears_are_one() -> None:
    heard = [Word(UNCLEAR, 0, 1, 0), Word(UNCLEAR, 2, 3, 0), Word("yes", 4, 5, 0.9), Word(UNCLEAR, 6, 7, 0)]
    assert merged(heard) == [Word(UNCLEAR, 0, 3, 0), Word("yes", 4, 5, 0.9), Word(UNCLEAR, 6, 7, 0)]
