"""What roles and actions are, in words for the people who give them out."""

from types import MappingProxyType

from auricle.access.model import Action, Role

ROLES = MappingProxyType(
    {
        Role.OWNER: ("Owner", "Runs the practice: configuration and people; calls and voicemail like a manager."),
        Role.PRIVACY_OFFICER: ("Privacy officer", "Answers for patients' privacy: audit log, grants, reviews, restricted patients."),
        Role.SECURITY_OFFICER: (
            "Security officer",
            "Answers for the safeguards: keys, alerts, API keys; no call and no message.",
        ),
        Role.MANAGER: ("Practice manager", "Keeps the office going: all calls and voicemail lists, content of own boxes, people."),
        Role.CLINICIAN: ("Clinician", "Cares for patients: calls, and voicemail of own boxes, own teams and own patients."),
        Role.NURSE: ("Nurse", "Cares for patients: calls, and voicemail of own boxes, own teams and own patients."),
        Role.FRONT_DESK: ("Front desk", "Answers the phone: calls, and that a voicemail exists and who left it."),
        Role.BILLING: ("Billing", "Settles accounts: finished calls with names and numbers, no voicemail."),
        Role.AGENT: ("Agent", "Takes calls of a queue: what rings now, and the own calls."),
        Role.IT: ("IT", "Keeps the machine running: its state, keys' state and people; no call and no message."),
        Role.AUDITOR: ("Auditor", "Reads how the practice is run; sees that calls took place, not with whom."),
        Role.SUPPORT: ("Support", "Helps from outside: nothing but what a grant in force gives."),
        Role.API_CLIENT: ("API client", "A program: what its key's scopes say, within what the key's owner may."),
        Role.TRANSCRIBER: ("Transcriber", "The speech worker of this machine: makes text of voicemail."),
        Role.SWITCHBOARD: ("Switchboard", "The call logic itself: reads back where phones were registered."),
        Role.SIGN_IN: ("Sign-in", "The sign-in itself: opens an authenticator's secret to check a code."),
        Role.COMMAND_LINE: (
            "Command line",
            "Whoever holds the machine and the passphrase: keys, people, grants, the log; no call, no message.",
        ),
        Role.KEEPER: ("Keeper", "Deletes what is due and seals anew under new keys; shows nothing to anybody."),
        Role.DEMO: ("Demo", "The demo's own checks on made-up people."),
    }
)
"""Name and purpose of every role."""

ACTIONS = MappingProxyType(
    {
        Action.CALLS_LIST: "See that calls took place, when, and how they ended",
        Action.CALLS_PARTIES: "See the numbers and names of calls",
        Action.CALLS_LIVE: "See which calls run now",
        Action.VOICEMAIL_LIST: "See that voicemail exists, when it came, and how long it is",
        Action.VOICEMAIL_PARTIES: "See who left a voicemail",
        Action.VOICEMAIL_PLAY: "Listen to voicemail",
        Action.VOICEMAIL_READ: "Read voicemail as text",
        Action.VOICEMAIL_MARK: "Mark voicemail as heard",
        Action.VOICEMAIL_TRANSCRIBE: "Open voicemail to make text of it",
        Action.REGISTRATIONS_RESTORE: "Read back where phones were registered",
        Action.AUDIT_READ: "Read the audit log",
        Action.AUDIT_PRIVATE: "Open the sealed details of audit entries",
        Action.AUDIT_EXPORT: "Export the audit log",
        Action.AUDIT_REPORT: "Report who looked at a patient's records",
        Action.ALERTS_READ: "Read alerts",
        Action.ALERTS_ACKNOWLEDGE: "Acknowledge alerts",
        Action.PEOPLE_READ: "See people, their roles and their sign-in state",
        Action.PEOPLE_TERMINATE: "End or restore a person's access",
        Action.PEOPLE_DEPROVISION: "End a person's access from a directory (SCIM)",
        Action.SESSIONS_REVOKE: "Sign other people out",
        Action.ME_SECURITY: "Look after one's own password, second factors and sessions",
        Action.SECOND_FACTOR_CHECK: "Open the secret of an authenticator to check a code",
        Action.API_KEYS_MANAGE: "Make and revoke API keys",
        Action.ACCESS_READ: "See roles, rules and grants",
        Action.ACCESS_GRANT: "Give and revoke time-boxed grants",
        Action.ACCESS_PATIENTS: "Mark patients as restricted and keep their care teams",
        Action.BREAK_GLASS_USE: "Break the glass in an emergency",
        Action.BREAK_GLASS_REVIEW: "Review who broke the glass",
        Action.KEYS_READ: "See the state of the keys",
        Action.KEYS_ROTATE: "Rotate keys",
        Action.KEYS_REKEY: "Seal records anew under new keys",
        Action.RETENTION_READ: "See how long things are kept",
        Action.RETENTION_CHANGE: "Change how long things are kept",
        Action.RETENTION_RUN: "Delete what is due",
        Action.HOLDS_READ: "See legal holds",
        Action.HOLDS_CHANGE: "Place and lift legal holds",
        Action.AGREEMENTS_READ: "See business associate agreements",
        Action.AGREEMENTS_CHANGE: "Record business associate agreements",
        Action.SYSTEM_READ: "See the state of the system",
        Action.SESSION_READ: "See who one is",
        Action.EVENTS_WATCH: "Watch live changes",
    }
)
"""What every action is."""
