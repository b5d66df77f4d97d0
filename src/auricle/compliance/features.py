"""Every feature that hands patient data to a party or makes an operator hold it. Plain calls and emergency calls are none of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from auricle.compliance.parties import PartyKind


class Feature(StrEnum):
    """What `AgreementGate` is asked about. A test finds who asks for each one that is built."""

    VOICEMAIL = "voicemail"
    CALL_RECORDING = "call-recording"
    TRANSCRIPTION = "transcription"
    CONSOLE = "console"
    CALLER_NAMES = "caller-names"
    SUPPORT_ACCESS = "support-access"
    AUDIT_STREAM = "audit-stream"
    CLOUD_STORAGE = "cloud-storage"
    CLOUD_SPEECH = "cloud-speech"
    SMS = "sms"
    EMAIL = "email"
    EHR = "ehr"


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """What a feature is, with whom it needs an agreement, whether this version has it, and what happens without."""

    about: str
    needs: tuple[PartyKind, ...]
    built: bool
    without: str


_OPERATOR = (PartyKind.OPERATOR,)
FEATURES: Mapping[Feature, FeatureFacts] = MappingProxyType(
    {
        Feature.VOICEMAIL: FeatureFacts(
            "Recording of messages", _OPERATOR, True, "Callers hear that messages cannot be taken, and the flow goes on to its next step."
        ),
        Feature.CALL_RECORDING: FeatureFacts("Recording of calls", _OPERATOR, False, "No call is recorded."),
        Feature.TRANSCRIPTION: FeatureFacts(
            "Text of messages, made on this machine", _OPERATOR, True, "Messages stay without text; those that wait are taken up later."
        ),
        Feature.CONSOLE: FeatureFacts(
            "Calls, messages and patients in the console",
            _OPERATOR,
            True,
            "The console shows no patient data; everything else in it works.",
        ),
        Feature.CALLER_NAMES: FeatureFacts(
            "Names of patients on calls that are passed on over a trunk",
            (PartyKind.TRUNK,),
            True,
            "The call is passed on with the caller's number and without the name.",
        ),
        Feature.SUPPORT_ACCESS: FeatureFacts(
            "Access of outside support to patient data",
            (PartyKind.SUPPORT,),
            True,
            "Support accounts see no patient data, whatever was granted.",
        ),
        Feature.AUDIT_STREAM: FeatureFacts(
            "Audit entries sent to a collector or a cloud store",
            (PartyKind.LOG_COLLECTOR,),
            False,
            "Only signed checkpoints leave: hashes, which name nobody.",
        ),
        Feature.CLOUD_STORAGE: FeatureFacts(
            "Recordings and backups in a cloud store", (PartyKind.CLOUD_STORAGE,), False, "Everything stays on this machine."
        ),
        Feature.CLOUD_SPEECH: FeatureFacts(
            "Text of messages by somebody else's service",
            (*_OPERATOR, PartyKind.SPEECH),
            False,
            "Only the models on this machine are used.",
        ),
        Feature.SMS: FeatureFacts("Text messages to patients", (*_OPERATOR, PartyKind.SMS), False, "No text message is sent."),
        Feature.EMAIL: FeatureFacts("Notices by e-mail", (*_OPERATOR, PartyKind.EMAIL), False, "No e-mail is sent."),
        Feature.EHR: FeatureFacts(
            "Patients out of the electronic record", (*_OPERATOR, PartyKind.EHR), False, "No record system is asked."
        ),
    }
)
