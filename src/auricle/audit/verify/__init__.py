"""Verification of exports and proofs, by a path of its own: bytes are read and hashed here, and no code is shared with the writer.

Only JSON decoding and the check of the Ed25519 signature use libraries. What is wrong is named: a changed, missing, moved or added entry,
a cut export, a fork from a checkpoint seen before, another log's key. Whatever it is given, it reports and never raises.
"""

from auricle.audit.verify.export import verify_export
from auricle.audit.verify.proof import ProofReport, verify_proof
from auricle.audit.verify.report import Fault, Report

__all__ = ["Fault", "ProofReport", "Report", "verify_export", "verify_proof"]
