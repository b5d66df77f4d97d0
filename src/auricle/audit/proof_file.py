"""The proof of one entry as a file that verifies alone: a C2SP tlog-proof, the leaf it is about, and that the log only grew since then."""

import json
from base64 import b64encode
from collections.abc import Sequence

FORMAT, TLOG_PROOF = "auricle-audit-proof/1", "c2sp.org/tlog-proof@v1"


def tlog_proof(index: int, path: Sequence[bytes], note: str) -> str:
    """The C2SP tlog-proof of an entry: its index, the path to the root, the checkpoint with all its signatures."""
    lines = "".join(f"{b64encode(node).decode()}\n" for node in path)
    return f"{TLOG_PROOF}\nindex {index}\n{lines}\n{note}"


def proof_file(verifier: str, leaf: str, proof: str, consistency: Sequence[bytes] = (), newer: str = "") -> str:
    """The file. `consistency` leads from the proof's checkpoint to `newer`; both are left out where there is no newer one."""
    fields = {"format": FORMAT, "key": verifier, "leaf": leaf, "proof": proof}
    if newer:
        fields |= {"consistency": "".join(f"{b64encode(node).decode()}\n" for node in consistency), "newer": newer}
    return json.dumps(fields, indent=1) + "\n"
