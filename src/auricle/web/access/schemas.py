"""Access as the console shows it."""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from auricle.access.grants import MAX_REASON_CHARS, TimeGrant, Wanted
from auricle.access.matrix import Answer, Cell, Explanation
from auricle.access.model import Action, Role
from auricle.access.patients import MAX_LABEL_CHARS, MAX_MEMBERS, PatientMark
from auricle.access.words import ACTIONS, ROLES
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice
from auricle.web.access.ports import Marking, WhatIf
from auricle.web.names import Party, PersonRef, party, person_ref, said

Kind = Literal["any", "call", "voicemail", "audit", "alerts", "people", "access", "keys", "retention", "holds", "agreements", "system"]
RECORD = r"^((call|voicemail):[A-Za-z0-9-]{1,64})?$"
NAME = r"^[a-z][a-z0-9-]{0,39}$"


class RoleView(BaseModel):
    """A role and what it is for."""

    id: Role
    name: str
    about: str


class ActionView(BaseModel):
    """An action; `group` is the part of its name before the dot."""

    id: Action
    about: str
    group: str


class CellView(BaseModel):
    """What a role alone gives, and the rules that say so."""

    role: Role
    action: Action
    answer: Answer
    rules: list[str]


class MatrixView(BaseModel):
    """Roles by actions. Records of restricted patients are left out: for them every yes is a `depends`."""

    roles: list[RoleView]
    actions: list[ActionView]
    cells: list[CellView]


class WhatIfForm(BaseModel):
    """A person, or some roles, and what they would do to what. `id` is one record; without it the question is about all."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field("", max_length=40)
    roles: list[Role] = Field(default_factory=list, max_length=20)
    action: Action
    kind: Kind
    id: str = Field("*", pattern=r"^(\*|[A-Za-z0-9-]{1,64})$")
    mailbox: str = Field("", max_length=40)
    stepped_up: bool = False

    def question(self) -> WhatIf:
        """As the port takes it."""
        roles = frozenset(role.value for role in self.roles)
        person = PersonId(self.person) if self.person else None
        return WhatIf(self.action.value, self.kind, person, roles, self.id, self.mailbox, self.stepped_up)


class WhatIfView(BaseModel):
    """The answer, the rules that decide, and what else would do."""

    allowed: bool
    rules: list[str]
    needs: list[str]


class GrantForm(BaseModel):
    """A grant of one action on everything, one mailbox or one record (`call:ID`), with its end and its reason."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(pattern=NAME)
    action: Action
    kind: Kind = "any"
    record: str = Field("", pattern=RECORD)
    mailbox: str = Field("", max_length=40)
    until: AwareDatetime
    reason: str = Field(min_length=1, max_length=MAX_REASON_CHARS)

    def wanted(self) -> Wanted:
        """As the port takes it."""
        return Wanted(PersonId(self.person), self.action.value, self.until, Phi(self.reason), self.record, self.mailbox)


class GrantView(BaseModel):
    """A grant. `reason` is null for those who may see grants but not give them."""

    id: str
    person: PersonRef
    action: Action
    kind: str
    record: str
    mailbox: str
    granted_by: PersonRef
    granted_at: datetime
    until: datetime
    revoked_at: datetime | None
    state: Literal["in-force", "over", "revoked"]
    reason: str | None


class GrantList(BaseModel):
    """Grants, newest first."""

    grants: list[GrantView]


class PatientForm(BaseModel):
    """A patient's number, who cares for that patient, and whether their records are restricted to those."""

    model_config = ConfigDict(extra="forbid")

    number: str = Field(min_length=3, max_length=32)
    label: str = Field("", max_length=MAX_LABEL_CHARS)
    restricted: bool = False
    people: list[str] = Field(default_factory=list, max_length=MAX_MEMBERS)
    teams: list[str] = Field(default_factory=list, max_length=MAX_MEMBERS)

    def marking(self) -> Marking:
        """As the port takes it."""
        return Marking(Phi(self.number), Phi(self.label), self.restricted, frozenset(self.people), frozenset(self.teams))


class PatientView(BaseModel):
    """A marked number."""

    id: str
    number: Party
    label: str
    restricted: bool
    people: list[PersonRef]
    teams: list[str]
    marked_by: PersonRef
    marked_at: datetime


class PatientList(BaseModel):
    """Marks, newest first; `teams` are those a care team can be chosen from."""

    patients: list[PatientView]
    teams: list[str]


def matrix_view(found: list[Cell]) -> MatrixView:
    """The matrix for a screen."""
    return MatrixView(
        roles=[RoleView(id=role, name=ROLES[role][0], about=ROLES[role][1]) for role in Role],
        actions=[ActionView(id=action, about=ACTIONS[action], group=action.value.partition(".")[0]) for action in Action],
        cells=[CellView(role=cell.role, action=cell.action, answer=cell.answer, rules=list(cell.rules)) for cell in found],
    )


def what_if_view(found: Explanation) -> WhatIfView:
    """An explanation for a screen."""
    return WhatIfView(allowed=found.allowed, rules=list(found.rules), needs=list(found.needs))


def grant_view(practice: Practice, grant: TimeGrant, now: datetime) -> GrantView:
    """A grant for a screen."""
    over: Literal["over", "revoked"] = "revoked" if grant.revoked_at is not None else "over"
    return GrantView(
        id=grant.id,
        person=person_ref(practice, grant.person),
        action=Action(grant.action),
        kind=grant.record.partition(":")[0] or "any",
        record=grant.record,
        mailbox=grant.mailbox,
        granted_by=person_ref(practice, PersonId(grant.granted_by)),
        granted_at=grant.granted_at,
        until=grant.until,
        revoked_at=grant.revoked_at,
        state="in-force" if grant.in_force(now) else over,
        reason=said(grant.reason) if grant.reason is not None else None,
    )


def patient_view(practice: Practice, mark: PatientMark) -> PatientView:
    """A mark for a screen."""
    return PatientView(
        id=mark.id,
        number=party(practice, mark.number),
        label=said(mark.label),
        restricted=mark.restricted,
        people=[person_ref(practice, PersonId(person)) for person in sorted(mark.people)],
        teams=sorted(mark.teams),
        marked_by=person_ref(practice, PersonId(mark.marked_by)),
        marked_at=mark.marked_at,
    )
