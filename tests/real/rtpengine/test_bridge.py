"""Two legs: every mix of protection, moves, hold, and what must never be heard."""

import asyncio
import base64
import contextlib
import re
import socket
import struct
from collections.abc import Callable

import pytest
from tests.real.rtpengine.conftest import OUTSIDE, Sink, Stage, pitch, until

from auricle.calls.ports import MediaProfile
from auricle.media.errors import AnswerDowngraded

pytestmark = pytest.mark.real

Prompt = Callable[[float, float], str]
KEY = "GKw+c0PwFokMUQ6T+TUmEWnZ4/VlQ2Qpgw+vCTT0"


@pytest.mark.parametrize(("a_srtp", "b_srtp"), [(True, True), (True, False), (False, True), (False, False)])
async def test_both_hear_each_other(stage: Stage, a_srtp: bool, b_srtp: bool) -> None:
    a, b = await stage.phone(600, srtp=a_srtp), await stage.phone(1000, srtp=b_srtp)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.gather(a.hears(1000), b.hears(600))
    assert a.sources == {a.target}
    assert b.sources == {b.target}


async def test_suites_may_differ(stage: Stage) -> None:
    a, b = await stage.phone(600, suite="AES_CM_128_HMAC_SHA1_32"), await stage.phone(1000)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.gather(a.hears(1000), b.hears(600))


@pytest.mark.parametrize("codec", ["PCMA", "PCMU"])
async def test_codecs_may_differ(stage: Stage, codec: str) -> None:
    a, b = await stage.phone(600, codec=codec), await stage.phone(1000)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.gather(a.hears(1000), b.hears(600))


async def test_offer_has_our_own_keys_and_only_suites_we_take(stage: Stage) -> None:
    """No key of one party ever reaches the other, and rtpengine's NULL suites are not offered."""
    a = await stage.phone(600)
    caller, called = stage.leg(), stage.leg()
    await caller.take_offer(a.sdp())
    offer = (await called.make_offer(MediaProfile.SDES_SRTP, caller.pbx_port)).decode()
    assert base64.b64encode(a.key).decode() not in offer
    assert set(re.findall(r"a=crypto:\d+ (\S+)", offer)) == {"AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"}
    assert "fingerprint" not in offer
    assert "127.0.0.1" not in offer
    assert len(re.findall("(?m)^m=", offer)) == 1


async def test_answer_hides_the_hub(stage: Stage) -> None:
    leg = stage.leg()
    await leg.take_offer((await stage.phone()).sdp())
    assert b"127.0.0.1" not in await leg.make_answer()


async def test_answer_with_a_foreign_tag_is_refused(stage: Stage) -> None:
    """RFC 4568 5.1.3; rtpengine alone takes it and the call stays silent."""
    phone = await stage.phone()
    leg = stage.leg()
    phone.take(await leg.make_offer(MediaProfile.SDES_SRTP))
    phone.tag = "77"
    with pytest.raises(AnswerDowngraded):
        await leg.take_answer(phone.sdp())


async def test_answer_with_our_own_key_is_refused(stage: Stage) -> None:
    phone = await stage.phone()
    leg = stage.leg()
    offer = await leg.make_offer(MediaProfile.SDES_SRTP)
    phone.take(offer)
    phone.key = phone._their_key
    with pytest.raises(AnswerDowngraded):
        await leg.take_answer(phone.sdp())


@pytest.mark.parametrize("srtp", [True, False])
async def test_moving_a_party_leaves_nothing_at_the_old_place(stage: Stage, prompt: Prompt, srtp: bool) -> None:
    """IVR, first agent, music, second agent: keys and ports of the caller never change, and who was left hears nothing more."""
    a, b, c = await stage.phone(600, srtp=srtp), await stage.phone(1000, srtp=srtp), await stage.phone(1500, srtp=srtp)
    caller, first = await stage.bridge(a, b)
    second = await stage.outgoing(c)
    for phone in (a, b, c):
        phone.start()
    await asyncio.gather(a.hears(1000), b.hears(600), c.silence(0.3))
    for leg in (caller, first):
        await leg.point(None)
    await asyncio.gather(a.silence(), b.silence())
    await caller.play(prompt(800, 9.0), times=9)
    await asyncio.gather(a.hears(800), b.silence(), c.silence())
    await caller.stop_playing()
    await caller.point(second.pbx_port)
    await second.point(caller.pbx_port)
    await asyncio.gather(a.hears(1500), c.hears(600), b.silence(0.3))
    await first.delete()
    await asyncio.gather(a.hears(1500), c.hears(600))
    assert (a.bad, b.bad, c.bad) == (0, 0, 0)


async def test_late_pointing_after_the_learning_window(stage: Stage) -> None:
    """rtpengine learns sources in the first seconds only; a move long after must still work, and back."""
    a, b = await stage.phone(600, srtp=False), await stage.phone(1000, srtp=False)
    caller, called = await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.sleep(4.5)
    await asyncio.gather(caller.point(None), called.point(None))
    await asyncio.gather(a.silence(), b.silence())
    await asyncio.gather(caller.point(called.pbx_port), called.point(caller.pbx_port))
    await asyncio.gather(a.hears(1000), b.hears(600))


async def test_strangers_packets_do_not_enter_a_plain_call(stage: Stage) -> None:
    """After the learning window rtpengine takes plain RTP from the party's address alone."""
    a, b = await stage.phone(600, srtp=False), await stage.phone(1000, srtp=False)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.sleep(4.0)
    stranger = await stage.phone(1500, srtp=False)
    stranger.target = a.target
    stranger.start()
    b.forget()
    a.forget()
    await asyncio.sleep(1.0)
    assert {ssrc for ssrc, *_ in b.heard} == {a.ssrc}
    assert stranger.heard == []
    assert len(a.heard) > 40


async def test_unauthenticated_packets_never_pass_an_srtp_call(stage: Stage) -> None:
    """SRTP-cc69: a flipped tag bit is dropped; so is everything a stranger sends."""
    a, b = await stage.phone(600), await stage.phone(1000)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await b.hears(600)
    stranger = await stage.phone(1500)
    stranger.take_key(bytes(30))
    stranger.target = a.target
    stranger.start()
    b.forget()
    await asyncio.sleep(0.6)
    assert {ssrc for ssrc, *_ in b.heard} == {a.ssrc}
    assert b.bad == 0


async def test_rollover_counter_survives_hold_music_and_resume(stage: Stage, prompt: Prompt) -> None:
    """SRTP-cc69: sequence wraps, re-INVITE with the same key, music of another SSRC, resume, then a new key."""
    a, b = await stage.phone(600), await stage.phone(1000)
    a.sequence = b.sequence = 65_500
    caller, called = await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.sleep(1.0)
    assert a.sequence < 1000
    await asyncio.gather(a.hears(1000), b.hears(600))
    b.take(await called.renegotiate(b.sdp("a=sendonly")))
    await called.point(None)
    await caller.point(None)
    await caller.play(prompt(800, 9.0))
    await a.hears(800)
    await caller.stop_playing()
    b.take(await called.renegotiate(b.sdp()))
    await caller.point(called.pbx_port)
    await called.point(caller.pbx_port)
    await asyncio.gather(a.hears(1000), b.hears(600))
    a.new_key()
    a.take(await caller.renegotiate(a.sdp()))
    await asyncio.gather(a.hears(1000), b.hears(600))
    assert a.bad == b.bad == 0


@pytest.mark.parametrize("called", [False, True])
@pytest.mark.parametrize(
    ("line", "address", "session_lines", "wanted"),
    [
        ("a=sendonly", OUTSIDE, "", "recvonly"),
        ("a=inactive", OUTSIDE, "", "inactive"),
        ("", "0.0.0.0", "", "recvonly"),
        ("", "0.0.0.0", "a=sendonly", "recvonly"),
        ("", OUTSIDE, "a=sendonly", "recvonly"),
    ],
)
async def test_hold_and_resume(stage: Stage, called: bool, line: str, address: str, session_lines: str, wanted: str) -> None:
    """SDP-040d: hold in each of its forms is answered as such and stops our sending; port and key stay; no attribute resumes."""
    a, b = await stage.phone(600), await stage.phone(1000)
    legs = await stage.bridge(a, b)
    holder, leg = (b, legs[1]) if called else (a, legs[0])
    a.start()
    b.start()
    await asyncio.gather(a.hears(1000), b.hears(600))
    before = (holder.target, holder._their_key)
    answer = await leg.renegotiate(holder.sdp(line, address=address, session_lines=session_lines))
    holder.take(answer)
    assert re.findall(rb"a=(sendrecv|sendonly|recvonly|inactive)", answer) == [wanted.encode()]
    await holder.silence()
    await leg.point(legs[0 if called else 1].pbx_port)
    await holder.silence(0.2)
    answer = await leg.renegotiate(holder.sdp(""))
    holder.take(answer)
    assert b"a=sendrecv" in answer
    assert (holder.target, holder._their_key) == before
    await asyncio.gather(a.hears(1000), b.hears(600))


async def test_session_level_direction_is_beaten_by_the_media(stage: Stage) -> None:
    """SDP-040d, mixed: not held."""
    a, b = await stage.phone(600), await stage.phone(1000)
    caller, _ = await stage.bridge(a, b)
    a.start()
    b.start()
    answer = await caller.renegotiate(a.sdp("a=sendrecv", session_lines="a=sendonly"))
    assert b"a=sendrecv" in answer
    await asyncio.gather(a.hears(1000), b.hears(600))


@pytest.mark.parametrize("called", [False, True])
async def test_leg_that_begins_on_hold(stage: Stage, called: bool) -> None:
    """SDP-040d in the first offer or answer: nothing is sent until it resumes."""
    a, b = await stage.phone(600), await stage.phone(1000)
    other = await stage.incoming(b)
    leg = stage.leg()
    if called:
        a.take(await leg.make_offer(MediaProfile.SDES_SRTP, other.pbx_port))
        await leg.take_answer(a.sdp("a=sendonly"))
    else:
        await leg.take_offer(a.sdp("a=sendonly"))
        answer = await leg.make_answer(other.pbx_port)
        assert b"a=recvonly" in answer
        a.take(answer)
    await other.point(leg.pbx_port)
    a.start()
    b.start()
    await b.hears(600)
    await a.silence()
    a.take(await leg.renegotiate(a.sdp()))
    await asyncio.gather(a.hears(1000), b.hears(600))


async def test_prompt_begun_on_hold_is_heard_after_it(stage: Stage, prompt: Prompt) -> None:
    """A caller who takes another call meanwhile does not break the menu."""
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    await leg.renegotiate(phone.sdp("a=sendonly"))
    assert await leg.play(prompt(800, 9.0)) == pytest.approx(9.0, abs=0.03)
    await phone.silence()
    await leg.renegotiate(phone.sdp())
    await phone.hears(800)
    await leg.stop_playing()
    await phone.silence()


async def test_music_goes_on_after_hold(stage: Stage, prompt: Prompt) -> None:
    phone = await stage.phone(600)
    leg = await stage.incoming(phone)
    phone.start()
    await leg.play(prompt(800, 2.0), times=99)
    await phone.hears(800)
    await leg.renegotiate(phone.sdp("a=inactive"))
    await phone.silence()
    await leg.renegotiate(phone.sdp())
    await phone.hears(800)


@pytest.mark.parametrize("called", [False, True])
async def test_phone_that_moves_is_followed(stage: Stage, called: bool) -> None:
    """A re-INVITE with another port (new network, same key); pointing the leg elsewhere afterwards does not send it back."""
    a, b, c = await stage.phone(600), await stage.phone(1000), await stage.phone(1500)
    legs = await stage.bridge(a, b)
    third = await stage.outgoing(c)
    mover, other, leg, left = (b, a, legs[1], legs[0]) if called else (a, b, legs[0], legs[1])
    for phone in (a, b, c):
        phone.start()
    await mover.hears(other.frequency)
    moved = await stage.phone(mover.frequency)
    moved.key, moved.tag, moved.ssrc = mover.key, mover.tag, mover.ssrc
    moved.sequence, moved.timestamp = mover.sequence + 50, mover.timestamp
    mover.mute()
    moved.take(await leg.renegotiate(moved.sdp()))
    moved.start()
    await asyncio.gather(moved.hears(other.frequency), other.hears(moved.frequency), mover.silence(0.3))
    await asyncio.gather(left.point(None), leg.point(third.pbx_port), third.point(leg.pbx_port))
    await asyncio.gather(moved.hears(1500), c.hears(moved.frequency), mover.silence(0.3))


async def test_one_section_is_taken_and_the_others_are_refused(stage: Stage) -> None:
    """SRTP-16c1 e: plain and encrypted offered side by side, and a video section: one m= line answered for each."""
    phone = await stage.phone(600)
    offer = phone.sdp().decode()
    plain = f"m=audio {phone.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    video = "m=video 5000 RTP/SAVP 96\r\na=rtpmap:96 VP8/90000\r\n"
    leg = stage.leg()
    await leg.take_offer((offer.replace("m=audio", plain + "m=audio", 1) + video).encode())
    answer = await leg.make_answer()
    sections = re.findall(rb"(?m)^m=(\w+) (\d+) (\S+)", answer)
    assert [(kind, profile) for kind, _, profile in sections] == [(b"audio", b"RTP/AVP"), (b"audio", b"RTP/SAVP"), (b"video", b"RTP/SAVP")]
    assert [bool(int(port)) for _, port, _ in sections] == [False, True, False]
    phone.take(answer)
    phone.start()
    sink = Sink()
    await leg.start_recording(sink)
    await until(lambda: pitch(sink.audio[-2400:]) == 600, "the tone in the recording")


async def test_only_an_acceptable_key_line_is_answered(stage: Stage) -> None:
    """SRTP-7d2d: lines with an MKI, protection switched off or unknown parameters are passed over; tag 12 is answered."""
    phone = await stage.phone(600)
    phone.tag = "12"
    phone.key = base64.b64decode(KEY)
    offer = phone.sdp().decode()
    good = next(line for line in offer.splitlines() if line.startswith("a=crypto"))
    lines = [
        "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/u|2^31|1:1",
        "a=crypto:9 AES_CM_128_HMAC_SHA1_80 inline:PiPoFgA5WUoziU9lZOGxNIu9egCI1CxKy3PurtWc UNENCRYPTED_SRTCP",
        "a=crypto:11 AES_CM_128_HMAC_SHA1_80 inline:Ln0sA6lQeuJl7PW1NWiFpTOTogKdJBOUmXJloaJa XYZ=1",
        good + "|2^20 -hint=1",
    ]
    leg = stage.leg()
    await leg.take_offer(offer.replace(good, "\r\n".join(lines)).encode())
    answer = await leg.make_answer()
    assert re.findall(rb"a=crypto:(\d+)", answer) == [b"12"]
    phone.take(answer)
    phone.start()
    sink = Sink()
    await leg.start_recording(sink)
    await until(lambda: pitch(sink.audio[-2400:]) == 600, "the tone in the recording")


async def test_reports_of_a_phone_end_at_the_relay(stage: Stage) -> None:
    """RFC 3550 6.5.1, RFC 7022 1: the CNAME in a phone's reports is its address; passed on, it would name the caller to the other side."""
    a, b = await stage.phone(600, srtp=False), await stage.phone(1000, srtp=False)
    await stage.bridge(a, b)
    a.start()
    b.start()
    await asyncio.gather(a.hears(1000), b.hears(600))
    name = b"sip:+12025550142@192.0.2.9"
    sdes = struct.pack("!BBHI", 0x81, 202, (8 + len(name) + 2 + 3) // 4, a.ssrc) + bytes([1, len(name)]) + name + b"\0\0"
    report = struct.pack("!BBHI", 0x80, 200, 6, a.ssrc) + bytes(20) + sdes + b"\0" * (-len(sdes) % 4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        sender.bind((OUTSIDE, a.port + 1))
        listener.bind((OUTSIDE, b.port + 1))
        listener.setblocking(False)
        for _ in range(3):
            sender.sendto(report, (a.target[0], a.target[1] + 1))
            await asyncio.sleep(0.3)
        received = b""
        with contextlib.suppress(BlockingIOError):
            while True:
                received += listener.recv(2048)
    assert name not in received
