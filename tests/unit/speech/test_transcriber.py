"""The transcriber against workers that misbehave: one answer belongs to one message, whatever happens."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auricle.adapters.speech import SpeechFailed, Transcriber, WrongModel
from auricle.adapters.speech.frames import Answer, decode, encode, frame, read_frame
from auricle.adapters.speech.stt_worker import answer
from auricle.speech.transcript import Transcript, no_speech

WORKER = """
import json, os, sys, time
from pathlib import Path
marks = Path(sys.argv[1])
def send(data): sys.stdout.buffer.write(len(data).to_bytes(4, "big") + data); sys.stdout.buffer.flush()
def said(text): send(json.dumps({"transcript": {"words": [], "language": "en", "hearing": "speech", "engine": text}}).encode())
(marks / f"start-{os.getpid()}").touch()
send(b"{}")
while head := sys.stdin.buffer.read(4):
    job = sys.stdin.buffer.read(int.from_bytes(head, "big")).decode()
    (marks / f"got-{job}").touch()
    if job == "late": time.sleep(0.3); said("the answer to late")
    elif job == "die once" and not (marks / "died").exists(): (marks / "died").touch(); os._exit(9)
    elif job == "die": os._exit(9)
    elif job == "hang": time.sleep(60)
    elif job == "huge": sys.stdout.buffer.write(b"\\xff\\xff\\xff\\xff"); sys.stdout.buffer.flush()
    elif job == "half": sys.stdout.buffer.write(b"\\0\\0\\0\\x09{"); sys.stdout.buffer.flush(); os._exit(0)
    elif job == "nonsense": send(b"<html>")
    elif job == "cannot": send(b'{"error": "ValueError"}')
    elif job == "wrong model": send(b'{"error": "speech.wrong_model"}')
    else: said("the answer to " + job)
"""


@pytest.fixture
async def transcriber(tmp_path: Path) -> AsyncIterator[Transcriber]:
    made = Transcriber(tmp_path, worker=(sys.executable, "-S", "-c", WORKER, str(tmp_path)), min_timeout_s=1.0)
    yield made
    await made.stop()


def starts(marks: Path) -> int:
    return len(list(marks.glob("start-*")))


async def test_answers_in_order_from_one_worker(transcriber: Transcriber, tmp_path: Path) -> None:
    assert transcriber.pid is None
    answers = await asyncio.gather(*[transcriber.transcribe(f"job {n}".encode()) for n in range(5)])
    assert [answer.engine for answer in answers] == [f"the answer to job {n}" for n in range(5)]
    assert starts(tmp_path) == 1


async def test_a_cancelled_job_never_answers_the_next_patients(transcriber: Transcriber, tmp_path: Path) -> None:
    late = asyncio.ensure_future(transcriber.transcribe(b"late"))
    while not (tmp_path / "got-late").exists():
        await asyncio.sleep(0.01)
    late.cancel()
    with pytest.raises(asyncio.CancelledError):
        await late
    assert transcriber.pid is None
    assert (await transcriber.transcribe(b"next")).engine == "the answer to next"


async def test_a_worker_that_dies_is_replaced_and_the_job_done(transcriber: Transcriber, tmp_path: Path) -> None:
    assert (await transcriber.transcribe(b"die once")).engine == "the answer to die once"
    assert starts(tmp_path) == 2


@pytest.mark.parametrize("job", [b"die", b"huge", b"half", b"nonsense"])
async def test_twice_is_enough_and_the_next_job_goes_on(transcriber: Transcriber, tmp_path: Path, job: bytes) -> None:
    with pytest.raises(SpeechFailed):
        await transcriber.transcribe(job)
    assert starts(tmp_path) == 2
    assert transcriber.pid is None
    assert (await transcriber.transcribe(b"next")).engine == "the answer to next"


async def test_a_job_is_bounded_in_time(transcriber: Transcriber) -> None:
    """Case ASR-979e."""
    with pytest.raises(SpeechFailed):
        await transcriber.transcribe(b"hang")
    assert transcriber.pid is None


async def test_a_job_that_cannot_be_done_does_not_end_the_worker(transcriber: Transcriber, tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed):
        await transcriber.transcribe(b"cannot")
    with pytest.raises(WrongModel):
        await transcriber.transcribe(b"wrong model")
    assert (await transcriber.transcribe(b"next")).engine == "the answer to next"
    assert starts(tmp_path) == 1


async def test_a_worker_that_cannot_start(tmp_path: Path) -> None:
    with pytest.raises(SpeechFailed):
        await Transcriber(tmp_path, worker=(str(tmp_path / "nothing"),)).transcribe(b"job")


async def test_an_hour_is_the_most(transcriber: Transcriber) -> None:
    with pytest.raises(SpeechFailed):
        await transcriber.transcribe(b"\xff" * (3600 * 8000 + 1))
    assert transcriber.pid is None


async def test_stopping_ends_the_worker(transcriber: Transcriber) -> None:
    await transcriber.transcribe(b"job")
    pid = transcriber.pid
    assert pid is not None
    await transcriber.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await transcriber.stop()


@pytest.mark.parametrize("data", [b"", b"\0\0", b"\0\0\0\x05abc", b"\xff\xff\xff\xffabc"])
def test_a_torn_frame_is_no_job(data: bytes) -> None:
    """Half a message is never transcribed as if it were whole."""
    assert read_frame(io.BytesIO(data)) is None


def test_frames_survive() -> None:
    stream = io.BytesIO(frame(b"") + encode(Answer(transcript=no_speech("en", "x"))))
    assert read_frame(stream) == b""
    assert decode(read_frame(stream) or b"") == Answer(transcript=no_speech("en", "x"))
    assert read_frame(stream) is None


class Broken:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def transcribe(self, pcmu: bytes) -> Transcript:
        raise self.error


@pytest.mark.parametrize(
    ("error", "code"), [(WrongModel("model.bin"), "speech.wrong_model"), (RuntimeError("the patient's words"), "RuntimeError")]
)
def test_the_worker_tells_the_kind_of_a_failure_and_no_words(error: Exception, code: str) -> None:
    assert answer(Broken(error), b"") == Answer(error=code)  # type: ignore[arg-type]
