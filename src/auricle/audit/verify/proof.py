"""Verification of one entry's proof file, with nothing but a public key (docs/specs/audit-log.md)."""

from dataclasses import dataclass

from auricle.audit.verify.lines import entry_time, json_object
from auricle.audit.verify.merkle import consistent, included, leaf_hash
from auricle.audit.verify.note import Key, read_key, signed_state, strict_base64
from auricle.audit.verify.report import Fault, Wrong

FORMAT, TLOG_PROOF = "auricle-audit-proof/1", "c2sp.org/tlog-proof@v1"
KEYS = {"format", "key", "leaf", "proof", "consistency", "newer"}
MAX_PROOF_CHARS = 1 << 21


@dataclass(frozen=True, slots=True)
class ProofReport:
    """What a proof shows. `leaf` is the proven entry."""

    ok: bool
    key: str
    trusted: bool
    index: int = 0
    size: int = 0
    newest: int = 0
    leaf: str = ""
    fault: str = ""
    kind: Fault | None = None

    def text(self) -> str:
        """For a person."""
        if not self.ok:
            return f"NOT VERIFIED: {self.fault}"
        source = "the key you gave" if self.trusted else "the key in the proof (compare it with the one you were given)"
        newer = f"; that log is the beginning of the one of {self.newest} entries" if self.newest > self.size else ""
        return f"verified: entry {self.index} is in the log of {self.size} entries signed by {source}{newer}\n{self.key}\n{self.leaf}"


def verify_proof(text: str, trusted_key: str | None = None) -> ProofReport:
    """Check a proof file against a public key (vkey text). Never raises."""
    key = trusted_key or ""
    try:
        proof = _read(text)
        key = trusted_key or proof["key"]
        verifier = read_key(key)
        leaf = proof["leaf"].encode("ascii")
        entry_time(leaf, 0)
        index, path, note = _tlog_proof(proof["proof"])
        size, root = signed_state(note, verifier)
        if not included(leaf_hash(leaf), index, size, path, root):
            raise Wrong(Fault.TAMPERED, f"the path does not lead from this entry at {index} to the signed root of {size} entries")
        newest = _consistency(proof, (size, root), verifier)
    except (Wrong, ValueError) as wrong:
        kind = wrong.kind if isinstance(wrong, Wrong) else Fault.NOT_A_PROOF
        words = str(wrong) if isinstance(wrong, Wrong) else "this is no proof of an audit entry, or it was cut"
        return ProofReport(False, key, trusted_key is not None, fault=words, kind=kind)
    return ProofReport(True, key, trusted_key is not None, index, size, newest, proof["leaf"])


def _read(text: str) -> dict[str, str]:
    """The file's fields, all texts. Raises Wrong."""
    if len(text) > MAX_PROOF_CHARS:
        raise Wrong(Fault.NOT_A_PROOF, "the proof is too long")
    proof = json_object(text.encode("utf-8", "surrogatepass"), Fault.NOT_A_PROOF, "the proof")
    if proof.get("format") != FORMAT or set(proof) - KEYS or not {"key", "leaf", "proof"} <= set(proof):
        raise Wrong(Fault.NOT_A_PROOF, "this is not a proof of an audit entry")
    read = {name: value for name, value in proof.items() if isinstance(value, str)}
    if len(read) != len(proof) or ("newer" in read) != ("consistency" in read):
        raise Wrong(Fault.NOT_A_PROOF, "this is not a proof of an audit entry")
    return read


def _tlog_proof(text: str) -> tuple[int, list[bytes], str]:
    """Index, path and checkpoint of a C2SP tlog-proof. Raises Wrong, ValueError."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines[0] != TLOG_PROOF:
        raise Wrong(Fault.NOT_A_PROOF, "the inclusion proof is not a C2SP tlog-proof")
    rest = lines[2:] if lines[1:2] and lines[1].startswith("extra ") else lines[1:]
    word, _, number = rest[0].partition(" ") if rest else ("", "", "")
    if word != "index" or not _is_number(number):
        raise Wrong(Fault.NOT_A_PROOF, "the inclusion proof has no index")
    return int(number), [strict_base64(line) for line in rest[1:]], note


def _consistency(proof: dict[str, str], old: tuple[int, bytes], verifier: Key) -> int:
    """The size of the newer checkpoint, where one is given: the log only grew between both. Raises Wrong, ValueError."""
    if "newer" not in proof:
        return old[0]
    new = signed_state(proof["newer"], verifier)
    path = [strict_base64(line) for line in proof["consistency"].split("\n") if line]
    if not consistent(old, new, path):
        raise Wrong(Fault.FORKED, f"the log of {old[0]} entries is not the beginning of that of {new[0]}: it was rewritten between them")
    return new[0]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19 and (text == "0" or text[0] != "0")
