"""What goes through the pipes of the transcription worker: four bytes of length (big-endian), then that many bytes.

A job is 8 kHz mu-law; an answer is an `Answer` as JSON. The first answer, to no job, says that the worker is up.
"""

from typing import BinaryIO

from msgspec import Struct, json

from auricle.speech.transcript import Transcript

BYTES_A_SECOND = 8000
MAX_AUDIO_BYTES = 3600 * BYTES_A_SECOND
MAX_ANSWER_BYTES = 8_000_000  # an hour of fast speech is 12,000 words of about 90 bytes, x7


class Answer(Struct, frozen=True, omit_defaults=True):
    """A transcript, or the stable code of what went wrong."""

    transcript: Transcript | None = None
    error: str = ""


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next frame; None when the other side is gone, also in the middle of one."""
    head = stream.read(4)
    size = int.from_bytes(head, "big")
    if len(head) < 4 or size > MAX_AUDIO_BYTES:
        return None
    data = stream.read(size)
    return data if len(data) == size else None


def frame(data: bytes) -> bytes:
    """A frame of this."""
    return len(data).to_bytes(4, "big") + data


def encode(answer: Answer) -> bytes:
    """The frame of an answer."""
    return frame(json.encode(answer))


def decode(data: bytes) -> Answer:
    """The answer in a frame. Raises msgspec.MsgspecError."""
    return json.decode(data, type=Answer)
