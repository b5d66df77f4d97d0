"""The names of roles and actions. An action or role that is not here is refused."""

from enum import StrEnum


class Role(StrEnum):
    """What people (and parts of the system) are to the practice; minimum necessary (45 CFR 164.502(b))."""

    OWNER = "owner"
    PRIVACY_OFFICER = "privacy-officer"
    """45 CFR 164.530(a)(1)(i)."""
    SECURITY_OFFICER = "security-officer"
    """45 CFR 164.308(a)(2)."""
    MANAGER = "manager"
    CLINICIAN = "clinician"
    NURSE = "nurse"
    FRONT_DESK = "front-desk"
    BILLING = "billing"
    AGENT = "agent"
    """Takes calls of a queue: sees the own calls and nothing else."""
    IT = "it"
    """Keeps the machine running: sees its state, and no call or message."""
    AUDITOR = "auditor"
    """Reads how the practice is run and changes nothing."""
    SUPPORT = "support"
    """Somebody from outside who helps: may what a grant in force says, nothing by itself."""
    API_CLIENT = "api-client"
    """A program: may what its scopes say, within what its owner may."""
    TRANSCRIBER = "transcriber"
    """The speech worker: opens audio to make text of it, nothing else."""
    SWITCHBOARD = "switchboard"
    """The call logic itself: reads back where phones were registered."""
    SIGN_IN = "sign-in"
    """The sign-in itself: opens the secret of an authenticator to check a code, nothing else."""
    COMMAND_LINE = "command-line"
    """Whoever holds the machine and the passphrase: keys, people, grants and the log's export; no call and no message."""
    KEEPER = "keeper"
    """Retention and re-encryption: deletes what is due, seals anew, and shows nothing to anybody."""
    DEMO = "demo"
    """The demo's own checks on a practice of made-up people."""


class Action(StrEnum):
    """What can be asked for."""

    CALLS_LIST = "calls.list"
    CALLS_PARTIES = "calls.parties"
    CALLS_LIVE = "calls.live"
    VOICEMAIL_LIST = "voicemail.list"
    VOICEMAIL_PARTIES = "voicemail.parties"
    VOICEMAIL_PLAY = "voicemail.play"
    VOICEMAIL_READ = "voicemail.read"
    VOICEMAIL_MARK = "voicemail.mark"
    VOICEMAIL_TRANSCRIBE = "voicemail.transcribe"
    REGISTRATIONS_RESTORE = "registrations.restore"
    AUDIT_READ = "audit.read"
    AUDIT_PRIVATE = "audit.private"
    AUDIT_EXPORT = "audit.export"
    AUDIT_REPORT = "audit.report"
    ALERTS_READ = "alerts.read"
    ALERTS_ACKNOWLEDGE = "alerts.acknowledge"
    PEOPLE_READ = "people.read"
    PEOPLE_TERMINATE = "people.terminate"
    PEOPLE_DEPROVISION = "people.deprovision"
    SESSIONS_REVOKE = "sessions.revoke"
    ME_SECURITY = "me.security"
    SECOND_FACTOR_CHECK = "second-factor.check"
    API_KEYS_MANAGE = "api-keys.manage"
    ACCESS_READ = "access.read"
    ACCESS_GRANT = "access.grant"
    ACCESS_PATIENTS = "access.patients"
    BREAK_GLASS_USE = "break-glass.use"
    BREAK_GLASS_REVIEW = "break-glass.review"
    KEYS_READ = "keys.read"
    KEYS_ROTATE = "keys.rotate"
    KEYS_REKEY = "keys.rekey"
    RETENTION_READ = "retention.read"
    RETENTION_CHANGE = "retention.change"
    RETENTION_RUN = "retention.run"
    HOLDS_READ = "holds.read"
    HOLDS_CHANGE = "holds.change"
    AGREEMENTS_READ = "agreements.read"
    AGREEMENTS_CHANGE = "agreements.change"
    SYSTEM_READ = "system.read"
    SESSION_READ = "session.read"
    EVENTS_WATCH = "events.watch"


CARE = frozenset(action.value for action in Action if action.name.startswith(("CALLS_", "VOICEMAIL_"))) - {"voicemail.transcribe"}
"""Looks at patients' calls and messages: what break-glass gives, and grants and the settings may give."""
READING = frozenset(
    {
        "audit.read",
        "alerts.read",
        "people.read",
        "access.read",
        "keys.read",
        "retention.read",
        "holds.read",
        "agreements.read",
        "system.read",
    }
)
"""Looks at how the practice is run: what grants and the settings may give besides."""
STEP_UP = frozenset(
    {
        "audit.export", "audit.private", "keys.rotate", "retention.change", "api-keys.manage", "access.grant", "people.terminate",
        "agreements.change",
    }
)  # fmt: skip
"""What a person does only after having proved again who they are."""
SYSTEM_ROLES = frozenset({Role.TRANSCRIBER, Role.SWITCHBOARD, Role.SIGN_IN, Role.COMMAND_LINE, Role.KEEPER, Role.DEMO})
"""Roles of the system's own parts; no person may have one."""
PEOPLE_ROLES = tuple(role for role in Role if role not in SYSTEM_ROLES and role is not Role.API_CLIENT)
"""Roles that the settings may give to people."""
