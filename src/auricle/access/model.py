"""The names of roles and actions. An action or role that is not here is refused."""

from enum import StrEnum


class Role(StrEnum):
    """What people (and parts of the system) are to the practice; minimum necessary (45 CFR 164.502(b))."""

    FRONT_DESK = "front-desk"
    NURSE = "nurse"
    CLINICIAN = "clinician"
    BILLING = "billing"
    MANAGER = "manager"
    PRIVACY_OFFICER = "privacy-officer"
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    """Keeps the machine running: sees its state, and no call or message."""
    TRANSCRIBER = "transcriber"
    """The speech worker: opens audio to make text of it, nothing else."""
    SWITCHBOARD = "switchboard"
    """The call logic itself: reads back where phones were registered."""
    DEMO = "demo"
    """The demo's own checks on a practice of made-up people."""


class Action(StrEnum):
    """What can be asked for."""

    CALLS_LIST = "calls.list"
    CALLS_LIVE = "calls.live"
    VOICEMAIL_LIST = "voicemail.list"
    VOICEMAIL_PLAY = "voicemail.play"
    VOICEMAIL_READ = "voicemail.read"
    VOICEMAIL_MARK = "voicemail.mark"
    VOICEMAIL_TRANSCRIBE = "voicemail.transcribe"
    REGISTRATIONS_RESTORE = "registrations.restore"
    AUDIT_READ = "audit.read"
    SYSTEM_READ = "system.read"
    SESSION_READ = "session.read"
    EVENTS_WATCH = "events.watch"
