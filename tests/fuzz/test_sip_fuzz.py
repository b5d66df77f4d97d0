"""A bounded fuzz of everything that reads bytes from the network: the torture inputs, mutated with fixed seeds.

The target is that nothing but our own errors comes out, that what was read can be written and read again, and that no input is slow.
Run it longer with `python tests/fuzz/test_sip_fuzz.py ROUNDS [SEED]`.
"""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from auricle.sip.digest import BadCredentials, DigestVerifier, ReplayedNonce, StaleNonce
from auricle.sip.diversion import called_parties
from auricle.sip.errors import FramingError, MessageTooLarge, SdpError, SipParseError
from auricle.sip.fields import Message
from auricle.sip.message import Request, StreamParser, parse_message, response_to
from auricle.sip.sdp import SessionDescription

VECTORS = Path(__file__).parents[1] / "vectors" / "sip"
SEEDS = [path.read_bytes() for path in sorted(VECTORS.rglob("*.sip")) if path.stat().st_size < 8000]
SDP_SEEDS = [
    b"v=0\r\no=- 1 2 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\na=sendonly\r\nm=audio 4000 RTP/SAVP 0 101\r\n"
    b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=crypto:12 AES_CM_128_HMAC_SHA1_80 inline:"
    b"GKw+c0PwFokMUQ6T+TUmEWnZ4/VlQ2Qpgw+vCTT0|2^20 -hint=1\r\na=ptime:20\r\n",
    b"v=0\no=- 7 7 IN IP6 2001:db8::1\ns=-\nt=0 0\na=fingerprint:sha-256 AB:CD\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n"
    b"c=IN IP6 ::\na=setup:actpass\na=rtpmap:111 opus/48000/2\n",
]
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b",", b";", b":", b"=", b'"', b"\\", b"<", b">", b"@", b"?", b"%00", b"%0d%0a", b"[", b"]",
    b"|", b"sip:", b"tel:", b"SIP/2.0", b"tag=", b"Content-Length: ", b"l:", b"-1", b"99999999999999999999", b"\xff", b"\xc3\xa9",
    b"\r\n ", b"\r\n\r\n", b"Via: ", b"Diversion: ", b'Authorization: Digest nonce="', b"a=crypto:", b"inline:", b"m=", b"c=",
]  # fmt: skip
MAX_INPUT_S = 0.25  # of CPU; a normal message takes 50 us
MESSAGE_VIEWS = [name for name, view in vars(Message).items() if isinstance(view, property)]
MEDIA_VIEWS = ("crypto_lines", "cryptos", "rtpmaps", "fmtps", "fingerprint", "setup", "ptime", "maxptime")


def mutate(data: bytes, rng: random.Random, seeds: list[bytes]) -> bytes:
    """A few random cuts, repeats, flips, insertions and splices."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(out))
        end = min(len(out), at + rng.randint(0, 40))
        choice = rng.randrange(6)
        if choice == 0:
            del out[at:end]
        elif choice == 1:
            out[at:at] = out[at:end] * rng.randint(1, 50)
        elif choice == 2 and at < len(out):
            out[at] = rng.randrange(256)
        elif choice == 3:
            out[at:at] = rng.choice(TOKENS)
        elif choice == 4:
            out[at:at] = rng.choice(TOKENS) * rng.randint(1, 400)
        else:
            other = rng.choice(seeds)
            out[at:end] = other[rng.randint(0, len(other)) :]
    return bytes(out)


def read_views(message: Message) -> None:
    """Every view either answers or says SipParseError."""
    for view in [*MESSAGE_VIEWS, *(["request_uri"] if isinstance(message, Request) else [])]:
        try:
            getattr(message, view)
        except SipParseError:
            continue
    if isinstance(message, Request):
        called_parties(message)


def fuzz_message(data: bytes) -> None:
    """One datagram: read, every view, written, read again."""
    try:
        message = parse_message(data)
    except SipParseError as error:
        answer_refusal(error)
        return
    read_views(message)
    try:
        again = parse_message(message.to_bytes())
    except MessageTooLarge:
        return  # it stood at a limit, and the Content-Length we add is a line more
    assert again == message
    if isinstance(message, Request) and (header := message.get("authorization")):
        check_digest(header)


def answer_refusal(error: SipParseError) -> None:
    """A request that is refused can be answered with what it is said to have."""
    if error.request is not None:
        answer = parse_message(response_to(error.request, error.sip_status).to_bytes())
        assert answer.call_id == error.request.call_id
        assert answer.lines("via") == error.request.lines("via")


def check_digest(header: str) -> None:
    """Odd credentials are refused."""
    try:
        DigestVerifier(b"k", "pbx.example").verify(header, "REGISTER", 1.0, lambda username, algorithm: "0" * 32)
    except (BadCredentials, StaleNonce, ReplayedNonce):
        return
    raise AssertionError("made-up credentials were accepted")


def fuzz_stream(data: bytes) -> None:
    """The same bytes, whole and in two pieces, give the same messages."""
    assert stream(data, len(data)) == stream(data, 1 + len(data) // 2)


def stream(data: bytes, size: int) -> tuple[list[bytes], int, bool]:
    parser = StreamParser()
    found: list[bytes] = []
    refused = 0
    for at in range(0, len(data), max(1, size)):
        try:
            found += [message.to_bytes() for message in parser.feed(data[at : at + size])]
        except FramingError as error:
            return found + [message.to_bytes() for message in error.messages], refused + len(parser.refused), True
        refused += len(parser.refused)
    return found, refused, False


def fuzz_sdp(data: bytes) -> None:
    """One description: read, every view, written, read again."""
    try:
        description = SessionDescription.parse(data)
    except SdpError:
        return
    for media in description.media:
        media.direction(description)
        for view in MEDIA_VIEWS:
            getattr(media, view)
    assert SessionDescription.parse(description.to_bytes()).media == description.media


TARGETS: dict[str, tuple[Callable[[bytes], None], list[bytes]]] = {
    "message": (fuzz_message, SEEDS),
    "stream": (fuzz_stream, SEEDS),
    "sdp": (fuzz_sdp, SDP_SEEDS),
}


def run(target: str, rounds: int, seed: int) -> None:
    """Feed mutated inputs; the failing input is in the error."""
    act, seeds = TARGETS[target]
    rng = random.Random(seed)
    for n in range(rounds):
        data = mutate(rng.choice(seeds), rng, seeds)
        if target == "stream":
            data = rng.choice(seeds) + data + rng.choice(seeds)
        started = time.process_time()
        try:
            act(data)
        except Exception as error:
            raise AssertionError(f"{target} seed {seed} round {n}: {data!r}") from error
        assert time.process_time() - started < MAX_INPUT_S, data


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("target", sorted(TARGETS))
def test_fuzz(target: str, seed: int) -> None:
    run(target, 1500, seed)


if __name__ == "__main__":
    for name in TARGETS:
        run(name, int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
