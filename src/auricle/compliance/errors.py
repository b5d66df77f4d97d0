"""How the rules refuse.

PeerError
├── AgreementMissing   a feature would hand patient data to a party without an agreement in force
├── AgreementWrong     an agreement whose dates or party cannot be
├── ScheduleWrong      a retention schedule that the law or we do not allow
├── PreviewNeeded      a schedule that deletes something was not previewed, or the preview is stale
├── HoldWrong          a legal hold that says nothing, or contradicts itself
└── UnderHold          a deletion of something a legal hold keeps
"""

from typing import ClassVar

from auricle.kernel.errors import PeerError


class AgreementMissing(PeerError):
    """No business associate agreement is in force (45 CFR 164.502(e), 164.308(b)). `reason` says with whom and what to do."""

    code: ClassVar[str] = "compliance.agreement_missing"

    def __init__(self, feature: str, reason: str) -> None:
        super().__init__(f"{feature}: {reason}")
        self.feature = feature
        self.reason = reason


class AgreementWrong(PeerError):
    """The text names what is wrong: the party, or the order of the dates."""

    code: ClassVar[str] = "compliance.agreement_wrong"


class ScheduleWrong(PeerError):
    """The text names the kind and its least number of days."""

    code: ClassVar[str] = "retention.schedule_wrong"


class PreviewNeeded(PeerError):
    """Nobody changes a schedule blind: preview this very schedule, then change it."""

    code: ClassVar[str] = "retention.preview_needed"


class HoldWrong(PeerError):
    """The text says what a hold must name."""

    code: ClassVar[str] = "holds.wrong"


class UnderHold(PeerError):
    """A legal hold keeps it; nothing was deleted."""

    code: ClassVar[str] = "holds.under_hold"
