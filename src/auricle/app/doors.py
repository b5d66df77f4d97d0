"""Every way into a practice that is no web route, and what stands in it: SIP methods, commands, background jobs.

A door that is not here fails a test (tests/repo/test_doors.py), so that nothing comes in by oversight. Web routes declare their
action themselves (`web/guard.py`),
topics of the live stream stand in `web/events/topics.py`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Guard(StrEnum):
    """What decides at a door."""

    CREDENTIALS = "credentials"
    """Digest of a phone, or the address of a trunk; wrong ones are an entry in the audit log."""
    DIALOG = "dialog"
    """Only inside a dialog that was let in before: found by its tags, over the connection of the edge."""
    POLICY = "policy"
    """The gate: a policy decides and an entry is written."""
    POSSESSION = "possession"
    """Whoever has the key file's passphrase and may run programs here; the act is an entry."""
    NOTHING_KEPT = "nothing kept"
    """Touches nothing that is kept: reads a file it is given, or says what this machine has."""
    REFUSED = "refused"
    """Never taken."""


@dataclass(frozen=True, slots=True)
class Door:
    """One way in. `entry` is the audit action it leaves, or the policy's action; empty where nothing is kept or opened."""

    guard: Guard
    entry: str = ""
    why: str = ""


SIP_METHODS = {
    "INVITE": Door(Guard.CREDENTIALS, "call.record", "emergency calls of a known phone pass every limit"),
    "REGISTER": Door(Guard.CREDENTIALS, "phone.register"),
    "OPTIONS": Door(Guard.NOTHING_KEPT, why="says what this server understands, as RFC 3261 11 asks"),
    "ACK": Door(Guard.DIALOG),
    "CANCEL": Door(Guard.DIALOG),
    "BYE": Door(Guard.DIALOG),
    "PRACK": Door(Guard.DIALOG),
    "UPDATE": Door(Guard.DIALOG),
    "INFO": Door(Guard.DIALOG),
    "REFER": Door(Guard.REFUSED),
    "SUBSCRIBE": Door(Guard.REFUSED),
    "NOTIFY": Door(Guard.REFUSED),
    "MESSAGE": Door(Guard.REFUSED),
    "PUBLISH": Door(Guard.REFUSED),
}

COMMANDS = {
    "access explain": Door(Guard.POSSESSION, "access.read"),
    "access grant": Door(Guard.POSSESSION, "access.grant"),
    "access grants": Door(Guard.POSSESSION, "access.read"),
    "access matrix": Door(Guard.NOTHING_KEPT, why="prints the policies that come with the program"),
    "access revoke": Door(Guard.POSSESSION, "access.grant"),
    "agreements end": Door(Guard.POSSESSION, "agreements.change"),
    "agreements list": Door(Guard.POSSESSION, "agreements.read"),
    "agreements set": Door(Guard.POSSESSION, "agreements.change"),
    "audit anchor-status": Door(Guard.POSSESSION, "audit.read"),
    "audit export": Door(Guard.POSSESSION, "audit.export"),
    "audit fsck": Door(Guard.POSSESSION, "audit.read"),
    "audit prove": Door(Guard.POSSESSION, "audit.read"),
    "audit report": Door(Guard.POSSESSION, "audit.report"),
    "audit verify": Door(Guard.NOTHING_KEPT, why="reads an export it is given"),
    "audit verify-proof": Door(Guard.NOTHING_KEPT, why="reads a proof it is given"),
    "check": Door(Guard.NOTHING_KEPT, why="reads the settings file"),
    "database migrate": Door(Guard.POSSESSION, "database.migrate"),
    "database check": Door(Guard.POSSESSION, "authority.check", "says which tables of authority are not as they were left"),
    "database accept": Door(Guard.POSSESSION, "authority.accept"),
    "database restored": Door(Guard.POSSESSION, "authority.restored"),
    "demo": Door(Guard.NOTHING_KEPT, why="makes a practice of its own"),
    "doctor": Door(Guard.NOTHING_KEPT, why="says what is installed here"),
    "flow check": Door(Guard.NOTHING_KEPT, why="reads a flow it is given"),
    "flow schema": Door(Guard.NOTHING_KEPT, why="prints a schema"),
    "hold add": Door(Guard.POSSESSION, "holds.change"),
    "hold list": Door(Guard.POSSESSION, "holds.read"),
    "hold release": Door(Guard.POSSESSION, "holds.change"),
    "keys create": Door(Guard.POSSESSION, why="makes the keys before there is a log to write to, and never overwrites any"),
    "keys export-recovery": Door(Guard.POSSESSION, "keys.export-recovery"),
    "keys passphrase": Door(Guard.POSSESSION, "keys.passphrase"),
    "keys recover": Door(Guard.POSSESSION, "keys.recover"),
    "keys rewrap": Door(Guard.POSSESSION, "keys.rewrap"),
    "keys rotate": Door(Guard.POSSESSION, "keys.rotate"),
    "keys status": Door(Guard.POSSESSION, "keys.read"),
    "phone-secret": Door(Guard.NOTHING_KEPT, why="makes a random secret and prints it"),
    "recording-name": Door(Guard.NOTHING_KEPT, why="computes a file name"),
    "retention preview": Door(Guard.POSSESSION, "retention.read"),
    "retention run": Door(Guard.POSSESSION, "retention.run"),
    "retention show": Door(Guard.POSSESSION, "retention.read"),
    "serve": Door(Guard.POSSESSION, "registrations.restore"),
    "sweep": Door(Guard.NOTHING_KEPT, why="makes a practice of its own"),
    "user add": Door(Guard.POSSESSION, "account.put"),
    "user list": Door(Guard.POSSESSION, "people.read"),
    "user password": Door(Guard.POSSESSION, "account.put"),
    "user reset-second-factor": Door(Guard.POSSESSION, "people.terminate"),
    "user restore": Door(Guard.POSSESSION, "people.terminate"),
    "user terminate": Door(Guard.POSSESSION, "people.terminate"),
}
"""Whoever runs one of these has the machine and the keys; the policy for `command-line` decides all the same."""

JOBS = {
    "call *": Door(Guard.CREDENTIALS, "call.record", "one task a call that was let in"),
    "call ended": Door(Guard.POLICY, "call.end", "follows the end of somebody's access"),
    "registration": Door(Guard.CREDENTIALS, "phone.register"),
    "phone refused": Door(Guard.CREDENTIALS, "phone.authenticate"),
    "people watch": Door(Guard.NOTHING_KEPT, why="hears who was dismissed; opens nothing sealed"),
    "authority": Door(Guard.POLICY, "integrity.damaged", "compares tables of authority with what was left; changes nothing"),
    "access-ends": Door(Guard.POLICY, "access.grant", "writes down that a grant or an emergency ended"),
    "damage-reports": Door(Guard.POLICY, "integrity.damaged", "writes down what did not open"),
    "audit-alerts": Door(Guard.POLICY, "alert.raise", "reads entries, which hold nothing private, and raises alerts"),
    "audit-anchors": Door(Guard.POLICY, "audit.anchor", "copies signed checkpoints elsewhere"),
    "transcription": Door(Guard.POLICY, "voicemail.transcribe"),
    "keeper": Door(Guard.POLICY, "retention.run"),
    "name-index": Door(Guard.POLICY, "keys.rekey"),
    "keys": Door(Guard.NOTHING_KEPT, why="watches the key file and its provider"),
    "rekey": Door(Guard.POLICY, "keys.rekey"),
}
"""Tasks by the name they are spawned with; `*` stands for an identifier."""
