"""The searcher finds a canary in each form it may be written in, and nothing where there is none."""

import base64
import gzip
import lzma
import wave
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from auricle.adapters.clock import SystemEntropy
from auricle.app.sweep.canaries import Canaries, audio_needles, encode_alaw, secret_needles, transcript_needles, windows
from auricle.app.sweep.leaks import plant_database, plant_files, plant_process
from auricle.app.sweep.places import family, files_since, may_dump_core, nameless_files, process_texts
from auricle.app.sweep.search import Search, is_audio_file
from auricle.media.mulaw import encode_mulaw

CANARIES = Canaries(
    "+12025550142",
    "+12065550177",
    "Quilvex Zorthuryn",
    (7, "March", 1961),
    "482916357",
    "zorzorvex rynploket asked about the kezdrafyx result",
    "I would like two minutes to ask whether the scan came back",
    "The purple gate of my aunt squeaks at night",
)
SEARCH = Search(CANARIES.needles())


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    file = tmp_path / "spoken.wav"
    noise = np.random.default_rng(5).normal(0, 4000, 16000).astype(np.int16)
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(8000)
        wav.writeframes(noise.tobytes())
    return file


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("+12025550142", "number"),
        ("(202) 555-0142", "number"),
        ("202.555.0142", "number"),
        ("quilvex zorthuryn", "name"),
        ("ZORTHURYN", "name"),
        ("1961-03-07", "birth date"),
        ("3/7/1961", "birth date"),
        ("482916357", "keys pressed"),
        ("the purple gate of my aunt", "spoken words"),
        ("rynploket asked about the kezdrafyx result", "note"),
    ],
)
@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.encode(),
        lambda text: text.encode("utf-16-le"),
        lambda text: text.encode("utf-16-be"),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.b64encode(b"a" + text.encode()),
        lambda text: base64.b64encode(b"ab" + text.encode() + b"c"),
        lambda text: text.encode().hex().encode(),
        lambda text: gzip.compress(text.encode()),
        lambda text: b"head" + zlib.compress(text.encode()) + b"tail",
        lambda text: lzma.compress(text.encode()),
    ],
)
def test_each_form_is_found(text: str, kind: str, written: Callable[[str], bytes]) -> None:
    hits = SEARCH.find("here", b"before " + written(text) + b" after")
    assert {hit.kind for hit in hits} == {kind}
    assert all(hit.where == "here" for hit in hits)


def test_nothing_is_found_where_nothing_is() -> None:
    assert SEARCH.find("random", np.random.default_rng(1).bytes(1 << 20)) == []
    assert SEARCH.find("text", b"The front desk answered the call at 09:41; the caller pressed keys.") == []


def test_a_hit_does_not_repeat_what_it_found() -> None:
    (hit, *_) = SEARCH.find("somewhere", b"caller +12025550142")
    assert "555" not in repr(hit)


@pytest.mark.parametrize("encode", [encode_mulaw, encode_alaw, lambda pcm: pcm.tobytes(), lambda pcm: pcm.byteswap().tobytes()])
def test_recorded_sound_is_found_in_every_coding(recording: Path, encode: Callable[[np.ndarray], bytes]) -> None:
    search = Search(audio_needles(recording))
    pcm = np.frombuffer(recording.read_bytes()[44:], dtype="<i2")
    assert {hit.kind for hit in search.find("file", encode(pcm)[101:])} == {"audio"}
    assert search.find("noise", encode(np.random.default_rng(6).normal(0, 4000, 16000).astype(np.int16))) == []


def test_alaw_is_what_everybody_elses_is() -> None:
    av = pytest.importorskip("av")
    pcm = np.concatenate([np.arange(-32768, 32768, 7, dtype=np.int16), np.array([32767, 0, -1], dtype=np.int16)])
    codec = av.CodecContext.create("pcm_alaw", "w")
    codec.sample_rate, codec.layout, codec.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    theirs = b"".join(bytes(packet) for packet in codec.encode(frame))
    differing = np.abs(np.frombuffer(theirs, np.uint8).astype(int) - np.frombuffer(encode_alaw(pcm), np.uint8).astype(int)) > 0
    assert differing.mean() < 0.02, "only the edges of steps may differ"


def test_secrets_and_transcripts_are_looked_for_too() -> None:
    search = Search([*secret_needles({"passphrase": "correct horse battery"}), *transcript_needles("my left elbow hurts a lot today")])
    assert {hit.kind for hit in search.find("x", b"PASS=correct horse battery; my left elbow hurts a lot")} == {"passphrase", "transcript"}


def test_windows_hold_every_few_words_in_a_row() -> None:
    assert windows("a b c d e f g") == ["a b c d e f", "b c d e f g"]
    assert windows("a b") == ["a b"]


def test_everything_planted_is_found(recording: Path, tmp_path: Path) -> None:
    folder = tmp_path / "planted"
    search = Search([*CANARIES.needles(), *audio_needles(recording)])
    planted = plant_files(folder, CANARIES, recording)
    with plant_database(folder / "leak.db", CANARIES) as row, plant_process(CANARIES) as (pid, theirs):
        assert pid in family(pid)
        pieces = [*files_since([folder], 0, ()), *process_texts([pid]), *nameless_files([pid])]
        hits = [hit for piece in pieces for hit in search.find(piece.where, piece.data)]
    for leak in (*planted, row, *theirs):
        assert any(hit.where.startswith(leak.where) and hit.kind == leak.kind for hit in hits), leak
    assert any(is_audio_file(piece.data) for piece in pieces)


def test_only_what_was_written_since_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "new").write_text("x")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "new").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "mine" / "new")
    assert [piece.where for piece in files_since([tmp_path], 0, [tmp_path / "theirs"])] == [str(tmp_path / "mine" / "new")]
    assert list(files_since([tmp_path], 1 << 62, ())) == []


def test_a_process_that_may_dump_core_is_named() -> None:
    import resource
    import subprocess
    import sys

    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("this machine forbids core dumps altogether")
    for limit, wanted in ((hard, True), (0, False)):
        child = subprocess.Popen(
            [sys.executable, "-c", "print('up', flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_CORE, (limit, hard)),
        )
        child.stdout.readline()
        assert bool(may_dump_core([child.pid])) is wanted
        child.communicate(b"\n", 10)


def test_new_canaries_are_new() -> None:
    drawn = {Canaries.drawn(SystemEntropy()).digits for _ in range(20)}
    assert len(drawn) == 20
