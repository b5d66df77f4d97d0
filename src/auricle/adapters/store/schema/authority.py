"""Which tables are vouched for, which of them are counted too, and why the others need neither; a test compares it with the schema.

Vouched: a row that we did not write as it is counts as not there. Counted: rows that were deleted or put back as they were show too.
"""

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Integer, LargeBinary, String, Table

from auricle.adapters.store.schema.columns import COUNT, MARK, clear, metadata, voucher

authority = Table(
    "authority",
    metadata,
    clear("name", String, why="one of our own tables", primary_key=True),
    clear("serial", Integer, why=COUNT, nullable=False),
    clear("rows", Integer, why=COUNT, nullable=False),
    clear("digest", LargeBinary, why="a keyed sum under a random mask", nullable=False),
    voucher("vouched"),
)
"""How each counted table stands, written in the transaction of every change of it."""

COUNTED: Mapping[str, str] = MappingProxyType(
    {
        "account": "an old password would be good again",
        "session": "a session that was ended would go on",
        "totp": "a code would be good twice; without the row a password alone would do",
        "recovery_code": "a code would be good twice",
        "standing": "somebody dismissed would be back",
        "api_key": "a key that was revoked would be good again",
        "passkey": "a passkey that was removed would be good again; a copied one would not show",
        "sso_session": "the provider's logout would end nothing",
        "access_grant": "a grant that was taken back would be in force",
        "break_glass": "an emergency that was ended would go on, and its review be gone",
        "patient_mark": "a patient would not be restricted any more",
        "patient_number": "a patient would not be restricted any more",
        "patient_carer": "somebody who left the care team would be in it again",
        "retention_rule": "records would go earlier, or stay longer, than was decided",
        "legal_hold": "a hold would be released",
        "legal_hold_number": "a hold would cover less",
        "agreement": "an agreement that was ended would be in force",
    }
)
"""Vouched and counted: what somebody would gain by deleting a row, or by putting an old one back."""

VOUCHED: Mapping[str, str] = MappingProxyType(
    {
        "authority": "the log names its newest state, so an old row of it shows",
        "passkey_handle": "a random name; without the row another one is made",
        "shredding": "names what is to be destroyed; without a row less is",
    }
)
"""Vouched only: why nobody gains by deleting a row, or by putting an old one back."""

NO_VOUCHER: Mapping[str, str] = MappingProxyType(
    {
        "agreement_alarm": "which warnings were given; whether an agreement is in force stands in `agreement`",
        "alert": "each is an entry of the audit log too",
        "alert_network": "which networks are known; who signs in from where stands in the audit log",
        "audit_anchor": "how far copies elsewhere are; those are compared with the log itself",
        "audit_checkpoint": "signed",
        "audit_cosignature": "signed",
        "audit_index": "compared with the leaves by `auricle audit fsck`",
        "audit_leaf": "a Merkle tree with signed roots",
        "audit_reader": "how far watchers have read; says nothing about who may do what",
        "audit_touched": "compared with the leaves by `auricle audit fsck`",
        "binding": "sealed and bound to its address; an older one is a phone's earlier place",
        "call": "what is private is sealed; its clear facts are not vouched for, see the threat model",
        "call_name": "blind indexes: without the key nobody makes one",
        "call_person": "facts of calls are not vouched for, see the threat model",
        "identity_change": "a number that says `look again`; it is looked at anyway, on a timer",
        "key_file": "an older key file is refused by comparing; a lower number here refuses nothing that is right",
        "rekey_progress": "for people to look at; what is behind is read from the rows themselves",
        "retention_state": "when the clock was last believed; the newest audit entry is asked too",
        "sign_in_address": "which addresses are known: a notice to the account's owner",
        "sign_in_try": "slows guessers down; whoever writes the database can guess at the hash faster elsewhere",
        "voicemail": "what is private is sealed; its clear facts are not vouched for, see the threat model",
    }
)
"""Why the other tables need no voucher."""


def vouched_tables() -> tuple[Table, ...]:
    """Every table with a column of vouchers."""
    return tuple(table for table in metadata.sorted_tables if any(column.info.get(MARK) == "voucher" for column in table.columns))
