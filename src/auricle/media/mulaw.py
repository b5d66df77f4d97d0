"""G.711 mu-law (ITU-T G.711) by table; Python's audioop is gone since 3.13."""

import numpy as np
from numpy.typing import NDArray

_BIAS, _CLIP = 132, 32635
SILENCE = 0xFF


def _decode_table() -> NDArray[np.int16]:
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + _BIAS) << ((codes & 0x70) >> 4)
    return np.where(codes & 0x80, _BIAS - magnitude, magnitude - _BIAS).astype(np.int16)


_DECODE = _decode_table()


def decode_mulaw(pcmu: bytes) -> NDArray[np.int16]:
    """16-bit samples."""
    samples: NDArray[np.int16] = _DECODE[np.frombuffer(pcmu, dtype=np.uint8)]
    return samples


def encode_mulaw(samples: NDArray[np.int16]) -> bytes:
    """Mu-law bytes of 16-bit samples."""
    wide = samples.astype(np.int32)
    magnitude = np.minimum(np.abs(wide), _CLIP) + _BIAS
    exponent = np.maximum(np.floor(np.log2(magnitude)).astype(np.int32) - 7, 0)
    mantissa = (magnitude >> (exponent + 3)) & 0x0F
    sign = np.where(wide < 0, 0x80, 0)
    codes: NDArray[np.uint8] = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return codes.tobytes()
