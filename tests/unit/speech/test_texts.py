"""Transcripts, pieces and names of prompts."""

import pytest
from msgspec import ValidationError

from auricle.speech.pieces import Piece, whole_words
from auricle.speech.prompts import prompt_key, recording_name
from auricle.speech.transcript import Hearing, Transcript, Word, no_speech


def test_transcripts_survive_json() -> None:
    transcript = Transcript((Word("hello", 0.1, 0.4, 0.9), Word("there", 0.5, 0.9, 0.8)), "en", Hearing.SPEECH, "engine")
    assert transcript.text == "hello there"
    assert Transcript.from_json(transcript.to_json()) == transcript
    assert Transcript.from_json(transcript.to_json().encode()) == transcript


def test_silence_is_empty_and_says_so() -> None:
    assert (no_speech("en", "engine").text, no_speech("en", "engine").hearing) == ("", Hearing.NO_SPEECH)


def test_other_json_is_no_transcript() -> None:
    with pytest.raises(ValidationError):
        Transcript.from_json('{"words": [], "language": "en", "hearing": "perhaps", "engine": ""}')


def test_pieces_of_a_number_are_one_word_no_surer_than_its_worst() -> None:
    pieces = [Piece(" call", 0, 0.301, 0.9), Piece(" 555", 0.4, 0.8, 0.95), Piece("-0142.", 0.8, 1.6, 0.4567), Piece(" ", 2, 2, 1)]
    assert whole_words(pieces) == [Word("call", 0, 0.3, 0.9), Word("555-0142.", 0.4, 1.6, 0.457)]


def test_a_first_piece_without_a_space_is_a_word() -> None:
    assert [word.text for word in whole_words([Piece("Hello", 0, 1, 1.0000001)])] == ["Hello"]
    assert whole_words([]) == []


def test_prompt_names_depend_on_words_and_voice_alone() -> None:
    assert prompt_key("Press  one.", "a") == prompt_key("Press one.", "a")
    assert prompt_key("Press one.", "a") != prompt_key("Press one.", "b")
    assert prompt_key("Press one.", "a") != prompt_key("Press two.", "a")


def test_a_recording_keeps_its_name_in_another_voice() -> None:
    assert recording_name(" Press one. ") == recording_name("Press one.")
    assert recording_name("Press one.") != f"{prompt_key('Press one.', 'a')}.wav"
