"""The recogniser in a process of its own: audio in, transcript out, over pipes; audio never touches a disk, not even as a core dump."""

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from auricle.adapters.speech.errors import WrongModel
from auricle.adapters.speech.frames import Answer, encode, read_frame
from auricle.adapters.speech.recogniser import Recogniser

NICE = 10
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38  # linux/prctl.h


def main(cache: str, language: str, model_directory: str) -> None:
    """Serve jobs until standard input ends."""
    confine()
    recogniser = Recogniser(Path(cache), language, model_directory)
    jobs, answers = sys.stdin.buffer, sys.stdout.buffer
    _send(answers, Answer())
    while (pcmu := read_frame(jobs)) is not None:
        _send(answers, answer(recogniser, pcmu))


def confine() -> None:
    """Low priority, no network look-ups of models, no core dumps, nobody of the same account looking in, dead when the parent is."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.nice(NICE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None)
    for option, value in ((PR_SET_PDEATHSIG, int(signal.SIGKILL)), (PR_SET_DUMPABLE, 0), (PR_SET_NO_NEW_PRIVS, 1)):
        libc.prctl(option, value, 0, 0, 0)


def answer(recogniser: Recogniser, pcmu: bytes) -> Answer:
    """One job. A message that cannot be worked on does not end the worker."""
    try:
        return Answer(transcript=recogniser.transcribe(pcmu))
    except WrongModel as error:
        return Answer(error=error.code)
    except Exception as error:  # noqa: BLE001 - the root of a job; the type alone is told, texts may hold words
        return Answer(error=type(error).__name__)


def _send(out: BinaryIO, value: Answer) -> None:
    out.write(encode(value))
    out.flush()


if __name__ == "__main__":
    main(*sys.argv[1:4])
