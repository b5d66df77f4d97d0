"""Those who may come to hold patient data for the practice (business associates, 45 CFR 160.103), by kind and by name."""

import re
from dataclasses import dataclass
from enum import StrEnum

from auricle.compliance.errors import AgreementWrong

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


class PartyKind(StrEnum):
    """What a party does for the practice."""

    OPERATOR = "operator"
    """Whoever runs the machine this program is on."""
    TRUNK = "trunk"
    """A carrier. For calls alone it is a conduit and needs no agreement (78 FR 5566, 5571)."""
    SMS = "sms"
    CLOUD_STORAGE = "cloud-storage"
    CLOUD_KMS = "cloud-kms"
    """Wraps random keys and gets no patient data, so that no feature needs an agreement with it."""
    LOG_COLLECTOR = "log-collector"
    EMAIL = "email"
    EHR = "ehr"
    SPEECH = "speech"
    """Somebody else's speech service; our own models run on the operator's machine."""
    SUPPORT = "support"


@dataclass(frozen=True, slots=True, order=True)
class Party:
    """One party. Trunks have the name the settings give them; of the other kinds a practice has one each."""

    kind: PartyKind
    name: str = ""

    @property
    def id(self) -> str:
        """As it stands in addresses and in the audit log: `operator`, `trunk:blue`."""
        return f"{self.kind.value}:{self.name}" if self.name else self.kind.value

    @classmethod
    def parse(cls, text: str) -> "Party":
        """The party of an id. Raises AgreementWrong."""
        kind, colon, name = text.partition(":")
        if kind not in set(PartyKind) or (colon and not _NAME.fullmatch(name)) or (kind == PartyKind.TRUNK) != bool(colon):
            known = ", ".join(f"{kind}:NAME" if kind is PartyKind.TRUNK else kind for kind in PartyKind)
            raise AgreementWrong(f"there is no such party: write one of {known}")
        return cls(PartyKind(kind), name)


OPERATOR = Party(PartyKind.OPERATOR)


def trunk(name: str) -> Party:
    """The carrier behind a trunk of the settings."""
    return Party(PartyKind.TRUNK, name)


@dataclass(frozen=True, slots=True)
class Standing:
    """Who there is: `operated_by` is `self` where the practice runs the machine itself, else the operator's name."""

    operated_by: str = ""
    trunks: tuple[str, ...] = ()
    support: bool = False
    """Whether somebody from outside has an account for support."""

    @property
    def self_operated(self) -> bool:
        """Nobody needs an agreement with itself (45 CFR 160.103: a business associate is not of the workforce)."""
        return self.operated_by == "self"

    def parties(self, kind: PartyKind) -> tuple[Party, ...]:
        """The parties of a kind."""
        return tuple(trunk(name) for name in self.trunks) if kind is PartyKind.TRUNK else (Party(kind),)
