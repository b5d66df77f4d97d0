"""The fork of one party's audio: what it holds, what it must not hold, and how it ends."""

import asyncio
import socket
import struct

import pytest
from tests.real.rtpengine.conftest import Sink, Stage, pitch, tone, until

from auricle.media.errors import MediaFailed
from auricle.media.mulaw import encode_mulaw

pytestmark = pytest.mark.real


@pytest.mark.parametrize("codec", ["PCMU", "PCMA"])
@pytest.mark.parametrize("srtp", [True, False])
async def test_recording_holds_what_the_party_said(stage: Stage, codec: str, srtp: bool) -> None:
    phone = await stage.phone(600, srtp=srtp, codec=codec)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    loop = asyncio.get_running_loop()
    await leg.start_recording(sink)
    begun = loop.time()
    await asyncio.sleep(1.5)
    await leg.stop_recording()
    lasted = loop.time() - begun
    assert len(sink.audio) / 8000 == pytest.approx(lasted, abs=0.1)
    assert pitch(sink.audio[800:-800]) == 600
    size = len(sink.audio)
    await asyncio.sleep(0.1)
    assert len(sink.audio) == size
    await leg.stop_recording()


async def test_each_party_alone_through_bridge_and_move(stage: Stage) -> None:
    """Only the party's own audio, no matter whom it talks to."""
    a, b = await stage.phone(600), await stage.phone(1000, srtp=False)
    caller, called = await stage.bridge(a, b)
    a.start()
    b.start()
    of_a, of_b = Sink(), Sink()
    await caller.start_recording(of_a)
    await called.start_recording(of_b)
    await asyncio.sleep(0.7)
    await caller.point(None)
    await called.point(None)
    await asyncio.sleep(0.7)
    await caller.stop_recording()
    await called.stop_recording()
    for sink, wanted in ((of_a, 600), (of_b, 1000)):
        parts = [pitch(sink.audio[i : i + 1600]) for i in range(800, len(sink.audio) - 1600, 1600)]
        assert set(parts) == {wanted}
        assert len(sink.audio) > 1.2 * 8000


async def test_keys_and_prompts_leave_no_trace_in_the_recording_but_time(stage: Stage) -> None:
    """RFC 4733 keys are silence in it; its length stays that of the clock."""
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    await leg.start_recording(sink)
    begun = asyncio.get_running_loop().time()
    for key in "1234":
        phone.press(key, packets=10)
    await until(lambda: stage.digits[leg.id] == "1234", "the keys")
    await asyncio.sleep(0.5)
    await leg.stop_recording()
    assert len(sink.audio) / 8000 == pytest.approx(asyncio.get_running_loop().time() - begun, abs=0.1)
    assert pitch(sink.audio[-2400:]) == 600


async def test_stall_does_not_shift_what_follows(stage: Stage) -> None:
    """RECO-090b: packets withheld for a while, then on: what was said next lies where the clock says."""
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    loop = asyncio.get_running_loop()
    await leg.start_recording(sink)
    begun = loop.time()
    await asyncio.sleep(0.6)
    phone.mute()
    await asyncio.sleep(1.0)
    resumed = loop.time() - begun
    phone.start()  # its timestamps did not go on meanwhile
    await asyncio.sleep(1.0)
    await leg.stop_recording()
    quiet = [i for i in range(0, len(sink.audio) - 160, 160) if pitch(sink.audio[i : i + 160]) == 0]
    assert len(quiet) * 0.02 == pytest.approx(1.0, abs=0.08)
    assert (quiet[-1] + 160) / 8000 == pytest.approx(resumed, abs=0.06)
    assert len(sink.audio) / 8000 == pytest.approx(loop.time() - begun, abs=0.1)


async def test_longer_packets_in_the_middle_of_a_call(stage: Stage) -> None:
    """SDP-d7c4: 40 ms packets, then 20 ms, without a re-INVITE: one continuous tone of the right length."""
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    sink = Sink()
    await leg.start_recording(sink)
    audio = encode_mulaw(tone(600, 2.0))
    loop = asyncio.get_running_loop()
    begun = due = loop.time()
    at = 0
    for size in [320] * 25 + [160] * 50:
        phone.send(audio[at : at + size])
        phone.timestamp += size
        at += size
        due += size / 8000
        await asyncio.sleep(max(0.0, due - loop.time()))
    await leg.stop_recording()
    assert len(sink.audio) / 8000 == pytest.approx(loop.time() - begun, abs=0.1)
    start = next(i for i, value in enumerate(sink.audio) if value not in {0xFF, 0x7F})
    assert sink.audio[start - 1 : start + 15_900] in b"\xff" + audio + b"\xff"


async def test_timestamp_jumps_make_no_hours_of_silence(stage: Stage) -> None:
    """RECO-6bf5: one packet with timestamp 0, and a leap of 3e9."""
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    loop = asyncio.get_running_loop()
    await leg.start_recording(sink)
    begun = loop.time()
    await asyncio.sleep(0.4)
    phone.send(phone._frame(0), timestamp=0, marker=True)
    await asyncio.sleep(0.4)
    phone.timestamp = (phone.timestamp + 3_000_000_000) & 0xFFFFFFFF
    await asyncio.sleep(0.8)
    await leg.stop_recording()
    assert len(sink.audio) / 8000 == pytest.approx(loop.time() - begun, abs=0.1)


async def test_strangers_cannot_speak_into_a_recording(stage: Stage) -> None:
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    await leg.start_recording(sink)
    assert leg._fork is not None
    assert leg._fork._socket is not None
    port = leg._fork._socket.getsockname()[1]
    frame = encode_mulaw(tone(1500, 0.02))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for i in range(60):
            stranger.sendto(struct.pack("!BBHII", 0x80, 0, i, i * 160, 7) + frame, ("127.0.0.1", port))
            await asyncio.sleep(0.01)
    await leg.stop_recording()
    assert {pitch(sink.audio[i : i + 800]) for i in range(800, len(sink.audio) - 800, 800)} == {600}


async def test_recording_again_after_the_first(stage: Stage) -> None:
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    for _ in range(2):
        sink = Sink()
        await leg.start_recording(sink)
        with pytest.raises(MediaFailed):
            await leg.start_recording(Sink())
        await asyncio.sleep(0.4)
        await leg.stop_recording()
        assert pitch(sink.audio) == 600


async def test_delete_while_recording_keeps_what_was_said_and_frees_the_socket(stage: Stage) -> None:
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    sink = Sink()
    await leg.start_recording(sink)
    fork = leg._fork
    assert fork is not None
    await asyncio.sleep(0.5)
    await leg.delete()
    assert len(sink.audio) / 8000 == pytest.approx(0.5, abs=0.1)
    assert fork._socket is None
    await stage.drained()


async def test_silent_phone_leaves_an_empty_recording(stage: Stage) -> None:
    """A phone that never sends a packet has said nothing: no seconds of made-up silence that look like a message."""
    leg = await stage.incoming(await stage.phone(600))
    sink = Sink()
    await leg.start_recording(sink)
    await asyncio.sleep(0.3)
    await leg.stop_recording()
    assert sink.audio == b""
