"""G.711 mu-law against its definition."""

import numpy as np

from auricle.media.mulaw import SILENCE, decode_mulaw, encode_mulaw


def defined(code: int) -> int:
    """ITU-T G.711 table 2a, as a formula."""
    code = ~code & 0xFF
    magnitude = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -magnitude if code & 0x80 else magnitude


def test_every_code() -> None:
    assert decode_mulaw(bytes(range(256))).tolist() == [defined(code) for code in range(256)]


def test_every_sample_is_within_half_a_step() -> None:
    samples = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    back = decode_mulaw(encode_mulaw(samples)).astype(int)
    error = np.abs(back - samples)
    magnitude = np.abs(samples.astype(int))
    step = 2 ** (np.floor(np.log2(magnitude + 132)).astype(int) - 4)
    heard = magnitude <= 32_124  # louder ones are clipped to this, the loudest code
    assert (error[heard] <= step[heard] // 2).all()
    assert (np.abs(back[~heard]) == 32_124).all()


def test_codes_survive_a_round_trip() -> None:
    codes = bytes(code for code in range(256) if code != 0x7F)  # the other zero
    assert encode_mulaw(decode_mulaw(codes)) == codes


def test_silence_is_zero() -> None:
    assert decode_mulaw(bytes([SILENCE])).tolist() == [0]
    assert encode_mulaw(np.zeros(3, np.int16)) == b"\xff\xff\xff"
