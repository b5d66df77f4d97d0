"""Cosignatures from a witness that is a program of its own, written to the spec: it signs what grows and refuses what does not."""

from typing import Any

import pytest

from auricle.adapters.anchors import AnchorConflict, AnchorFailed, WitnessAnchor
from auricle.audit.checkpoint import Checkpoint, sign, verify
from auricle.audit.cosignature import WitnessKey, cosignature

pytestmark = pytest.mark.real


async def test_it_cosigns_a_log_that_grows(log: Any, witness: Any) -> None:
    anchor = WitnessAnchor("w1", witness.url, witness.vkey)
    for size in (1, 5, 5, 8, 64, 99):
        note = log.note(size)
        receipt = await anchor.keep(size, note, log.prover(size))
        assert receipt.witness == "witness.example/w1"
        assert cosignature(receipt.line, note, WitnessKey.parse(witness.vkey)).line == receipt.line
        assert verify(note + receipt.line, log.vkey).size == size


async def test_a_new_process_learns_from_the_witness_where_it_is(log: Any, witness: Any) -> None:
    await WitnessAnchor("w1", witness.url, witness.vkey).keep(7, log.note(7), log.prover(7))
    witness.stop()
    witness.start()
    receipt = await WitnessAnchor("w1", witness.url, witness.vkey).keep(20, log.note(20), log.prover(20))
    assert receipt.line


async def test_another_history_is_refused(log: Any, fork: Any, witness: Any) -> None:
    anchor = WitnessAnchor("w1", witness.url, witness.vkey)
    await anchor.keep(7, log.note(7), log.prover(7))
    with pytest.raises(AnchorConflict):
        await anchor.keep(20, fork.note(20), fork.prover(20))
    with pytest.raises(AnchorConflict):
        await anchor.keep(7, fork.note(7), fork.prover(7))
    with pytest.raises(AnchorConflict):
        await WitnessAnchor("w1", witness.url, witness.vkey).keep(3, log.note(3), log.prover(3))


async def test_a_log_it_does_not_know_a_key_it_does_not_know_and_nobody(log: Any, witness: Any) -> None:
    anchor = WitnessAnchor("w1", witness.url, witness.vkey)
    with pytest.raises(AnchorFailed, match="unknown-log"):
        await anchor.keep(1, sign(Checkpoint("elsewhere.example/audit", 1, bytes(32)), log.key), log.prover(1))
    forged = log.note(1).replace("\n\n", "\nmore\n\n")
    with pytest.raises(AnchorFailed, match="unknown-key"):
        await anchor.keep(1, forged, log.prover(1))
    witness.stop()
    with pytest.raises(AnchorFailed, match="unreachable"):
        await anchor.keep(1, log.note(1), log.prover(1))


async def test_a_witness_of_another_key_is_not_believed(log: Any, witness: Any) -> None:
    import hashlib
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    raw = b"\x04" + Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    name = "witness.example/w1"
    other = f"{name}+{hashlib.sha256(name.encode() + bytes([10]) + raw).digest()[:4].hex()}+{b64encode(raw).decode()}"
    with pytest.raises(AnchorFailed, match="bad-cosignature"):
        await WitnessAnchor("w1", witness.url, other).keep(1, log.note(1), log.prover(1))
