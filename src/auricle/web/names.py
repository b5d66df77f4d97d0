"""How people and numbers are shown: the border where private values leave their boxes for a screen."""

from pydantic import BaseModel

from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.practice.model import Practice

WITHHELD = "anonymous"
MAX_NAME_CHARS = 80  # a carrier's CNAM has 15; a phone may send anything


class PersonRef(BaseModel):
    """A member of staff."""

    id: str
    name: str


class Party(BaseModel):
    """One end of a call: the number as it is dialled, as people write it, and the name that came with it."""

    number: str
    text: str
    name: str
    withheld: bool


def person_ref(practice: Practice, person: PersonId) -> PersonRef:
    """A person by name; the id stands in where somebody has left."""
    known = practice.people.get(person)
    return PersonRef(id=person, name=known.name if known else person)


def said(text: Phi[str]) -> str:
    """A text that may hold something of a patient, for a screen of somebody the gate let through."""
    return text.reveal("console view")


def masked_party() -> Party:
    """One end of a call, for a screen of somebody who may know that there was one, and no more."""
    return Party(number="", text="", name="", withheld=False)


def party(practice: Practice, number: Phi[str], name: Phi[str] | None = None) -> Party:
    """One end of a call, for a screen of somebody the gate let through."""
    raw = number.reveal("console view")
    said = (name.reveal("console view") if name is not None else "")[:MAX_NAME_CHARS]
    if not raw or raw == WITHHELD:
        return Party(number="", text="", name="", withheld=True)
    staff = practice.person_at(raw)
    return Party(number=raw, text=_national(practice, raw), name=said or (staff.name if staff else ""), withheld=False)


def _national(practice: Practice, raw: str) -> str:
    if not raw.startswith("+"):
        return raw
    try:
        return E164.parse(raw, practice.region).national()
    except NotANumber:
        return raw
