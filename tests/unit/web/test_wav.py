"""WAV over sealed audio: the header, ranges, and damage."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.web_ports import FakeReader
from tests.unit.web.conftest import Web

from auricle.web.errors import Refused
from auricle.web.voicemail.wav import HEADER_BYTES, byte_range, header, read_wav, wav_size

SOUND = bytes(range(256)) * 100  # 3.2 s


def test_the_header_says_mu_law_8_khz_mono() -> None:
    data = header(1001)
    assert len(data) == HEADER_BYTES
    assert data[:4] == b"RIFF"
    assert struct.unpack_from("<I", data, 4)[0] + 8 == wav_size(1001)
    assert struct.unpack_from("<HHIIHH", data, 20) == (7, 1, 8000, 8000, 1, 8)
    assert struct.unpack_from("<I", data, 54)[0] == 1001


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, None),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=999-", (999, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=10-5000", (10, 1000)),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
    ],
)
def test_ranges(text: str | None, wanted: tuple[int, int] | None) -> None:
    assert byte_range(text, 1000) == wanted


@pytest.mark.parametrize("text", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=999999999999999-"])
def test_ranges_outside(text: str) -> None:
    with pytest.raises(Refused):
        byte_range(text, 1000)


@given(size=st.integers(0, 20001), first=st.integers(0, 20100), length=st.integers(1, 20100))
async def test_any_part_is_that_part_of_the_whole(size: int, first: int, length: int) -> None:
    reader = FakeReader(SOUND[:size], set())
    whole = (await read_wav(reader, 0, wav_size(size))).data
    assert len(whole) == wav_size(size)
    part = await read_wav(reader, min(first, len(whole)), min(first + length, len(whole)))
    assert part.data == whole[first : first + length]


async def test_a_part_opens_only_its_segments() -> None:
    reader = FakeReader(SOUND, set())
    await read_wav(reader, HEADER_BYTES + 8000, HEADER_BYTES + 8100)
    assert reader.reads == [(8000, 100)]


async def test_damaged_seconds_are_silent_and_named_and_the_rest_plays() -> None:
    """Bad input of the issue: a corrupt sealed file is reported, the rest still plays."""
    found = await read_wav(FakeReader(SOUND, {1}), 0, wav_size(len(SOUND)))
    sound = found.data[HEADER_BYTES:]
    assert found.damaged == (1,)
    assert sound[:8000] == SOUND[:8000]
    assert sound[8000:16000] == b"\xff" * 8000
    assert sound[16000:] == SOUND[16000:]


async def test_the_api_serves_the_whole_and_ranges(web: Web) -> None:
    await web.sign_in()
    whole = await web.client.get("/api/v1/voicemails/vm2/audio")
    assert (whole.status_code, whole.headers["content-type"], whole.headers["accept-ranges"]) == (200, "audio/wav", "bytes")
    assert io.BytesIO(whole.content).read(4) == b"RIFF"
    part = await web.client.get("/api/v1/voicemails/vm2/audio", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert part.headers["cache-control"] == "no-store"
    assert part.content == whole.content[100:200]


async def test_the_api_says_when_a_range_lies_outside(web: Web) -> None:
    await web.sign_in()
    answer = await web.client.get("/api/v1/voicemails/vm2/audio", headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"].startswith("bytes */")


async def test_the_api_names_damaged_seconds(web: Web) -> None:
    await web.sign_in()
    answer = await web.client.get("/api/v1/voicemails/vm4/audio")
    assert (answer.status_code, answer.headers["x-auricle-damaged-seconds"]) == (200, "3,4")
