"""One leg and nobody else: prompts, loops, barge-in, keys."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.real.rtpengine.conftest import Stage, pitch, until

from auricle.media.errors import MediaFailed

pytestmark = pytest.mark.real

Prompt = Callable[[float, float], str]


@pytest.mark.parametrize("srtp", [True, False])
async def test_prompt_is_heard_to_its_known_end(stage: Stage, prompt: Prompt, srtp: bool) -> None:
    phone = await stage.phone(srtp=srtp)
    leg = await stage.incoming(phone)
    phone.start()
    lasts_s = await leg.play(prompt(800, 1.0))
    assert lasts_s == pytest.approx(1.0, abs=0.03)
    await asyncio.sleep(lasts_s + 0.25)
    assert len(phone.heard) == pytest.approx(50, abs=2)
    assert pitch(b"".join(payload for *_, payload in phone.heard)) == 800
    assert phone.bad == 0
    await phone.silence()


async def test_prompt_to_a_party_that_has_sent_nothing(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    await leg.play(prompt(800, 1.0))
    await phone.hears(800)


async def test_prompt_to_a_called_party(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.outgoing(phone)
    phone.start()
    await leg.play(prompt(800, 1.0))
    await phone.hears(800)


async def test_loop_goes_on_until_stopped_at_once(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    phone.start()
    assert await leg.play(prompt(800, 0.3), times=100) == pytest.approx(0.3, abs=0.03)
    await asyncio.sleep(1.2)
    assert len(phone.heard) > 45
    await leg.stop_playing()
    await phone.silence()
    await leg.stop_playing()


async def test_new_prompt_replaces_the_old(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    await leg.play(prompt(800, 5.0))
    await phone.hears(800)
    await leg.play(prompt(1200, 5.0))
    await phone.hears(1200)


async def test_missing_file_fails_and_the_leg_lives(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    with pytest.raises(MediaFailed):
        await leg.play("/nonexistent.wav")
    await leg.play(prompt(800, 1.0))
    await phone.hears(800)


async def test_prompt_plays_evenly(stage: Stage, prompt: Prompt) -> None:
    """media.md 4: from 48 kHz WAV the packets come without gaps a small jitter buffer would hear."""
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    arrivals: list[float] = []
    received = phone.datagram_received

    def note(data: bytes, addr: tuple[str, int]) -> None:
        arrivals.append(asyncio.get_running_loop().time())
        received(data, addr)

    phone.datagram_received = note  # type: ignore[method-assign]
    await leg.play(prompt(800, 2.0))
    await until(lambda: len(arrivals) > 95, "two seconds of packets")
    gaps = sorted(b - a for a, b in pairwise(arrivals))
    assert gaps[int(len(gaps) * 0.95)] < 0.045


@pytest.mark.parametrize("called", [False, True])
async def test_keys_come_once_each(stage: Stage, called: bool) -> None:
    phone = await stage.phone()
    leg = await (stage.outgoing(phone) if called else stage.incoming(phone))
    phone.start()
    for key in "5*#0D":
        phone.press(key)
    await until(lambda: len(stage.digits[leg.id]) >= 5, "five keys")
    await asyncio.sleep(0.2)
    assert stage.digits[leg.id] == "5*#0D"


async def test_keys_during_a_prompt_and_barge_in(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    phone.start()
    await leg.play(prompt(800, 9.0))
    await phone.hears(800)
    phone.press("7")
    await until(lambda: stage.digits[leg.id] == "7", "the key")
    await leg.stop_playing()
    await phone.silence(0.3)


async def test_keys_of_a_bridge_belong_to_the_party_that_pressed(stage: Stage) -> None:
    """The hub side of the other leg reports the same key again; it does not count."""
    a, b = await stage.phone(600), await stage.phone(1000)
    caller, called = await stage.bridge(a, b)
    a.start()
    b.start()
    await b.hears(600)
    a.press("4")
    await until(lambda: stage.digits[caller.id] == "4", "the key")
    await until(lambda: len(b.events) > 0, "the key at the other phone")
    await asyncio.sleep(0.2)
    assert stage.digits[called.id] == ""


async def test_keys_with_lost_and_doubled_packets(stage: Stage) -> None:
    """DTMF-44ab: the marker lost, the end three times, a late copy, a pause in a long press; equal keys with another timestamp are two.

    Not covered, since rtpengine reports a key at its end: one whose three end packets are all lost.
    """
    phone = await stage.phone(srtp=False)
    leg = await stage.incoming(phone)

    def event(sequence: int, timestamp: int, payload: str) -> None:
        phone.sequence = sequence
        phone.send(bytes.fromhex(payload), 101, timestamp)

    def audio(first: int, last: int, timestamp: int) -> None:
        for sequence in range(first, last):
            phone.sequence = sequence
            phone.send(bytes(160), None, timestamp + 160 * (sequence - first))

    audio(1, 9, 6400)
    event(10, 8000, "050A00A0")  # 9, which had the marker, is lost
    event(11, 8000, "050A0140")
    for sequence in (12, 13, 14):
        event(sequence, 8000, "058A01E0")
    await until(lambda: stage.digits[leg.id] == "5", "the first key")
    audio(15, 20, 8480)
    event(20, 9600, "050A00A0")
    event(14, 8000, "058A01E0")
    event(23, 9600, "058A01E0")  # 21 and 22 are lost
    audio(24, 60, 10080)
    await until(lambda: stage.digits[leg.id] == "55", "the second key")
    event(60, 20000, "010A0140")
    await asyncio.sleep(1.6)
    event(61, 20000, "018A3500")
    await until(lambda: len(stage.digits[leg.id]) >= 3, "the long key")
    await asyncio.sleep(0.2)
    assert stage.digits[leg.id] == "551"


async def test_strangers_cannot_press_keys(stage: Stage) -> None:
    """Anything on this machine can send to a loopback port; garbage there does nothing, and the next key still counts."""
    phone = await stage.phone()
    leg = await stage.incoming(phone)
    phone.start()
    port = stage.engine._keys._transport.get_extra_info("sockname")[1]  # type: ignore[union-attr]
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    template = '{"callid":"%s","source_tag":"%s","event":%s}'
    forged = [template % each for each in (("leg-999", "leg", "1"), (leg.id, "pbx", "1"), (leg.id, "leg", "true"), (leg.id, "leg", "99"))]
    for junk in (b"", b"{", b"[" * 1000, b"[]", b"7", b"\x00\x00\x00\x07", b'{"callid":1}', *(text.encode() for text in forged)):
        transport.sendto(junk, ("127.0.0.1", port))
    transport.close()
    phone.press("3")
    await until(lambda: stage.digits[leg.id] != "", "the key")
    assert stage.digits[leg.id] == "3"
