"""People: who works here, ending somebody's access at once, and giving it back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from auricle.access.model import Action
from auricle.kernel.ids import PersonId
from auricle.web.guard import Ports, Requires
from auricle.web.me.schemas import EndedSessions, SessionList, session_row
from auricle.web.people.ports import PersonStanding
from auricle.web.people.schemas import PersonView, ReasonForm
from auricle.web.signed_in import SignedIn

router = APIRouter(prefix="/people", tags=["people"])
Reader = Annotated[SignedIn, Depends(Requires(Action.PEOPLE_READ))]
Ender = Annotated[SignedIn, Depends(Requires(Action.PEOPLE_TERMINATE))]
Revoker = Annotated[SignedIn, Depends(Requires(Action.SESSIONS_REVOKE))]
PersonPath = Annotated[str, Path(max_length=64)]


@router.get("")
async def people(ports: Ports, me: Reader) -> list[PersonView]:
    """Everybody the settings name."""
    return [_view(person) for person in await ports.people.people(me.actor)]


@router.post("/{person}/terminate", status_code=204)
async def terminate_person(person: PersonPath, form: ReasonForm, ports: Ports, me: Ender) -> None:
    """End all access of a person within a second; needs a step-up."""
    await ports.people.terminate(me.actor, PersonId(person), form.reason)


@router.post("/{person}/restore", status_code=204)
async def restore_person(person: PersonPath, form: ReasonForm, ports: Ports, me: Ender) -> None:
    """Let a person in again; needs a step-up."""
    await ports.people.restore(me.actor, PersonId(person), form.reason)


@router.get("/{person}/sessions")
async def sessions_of_person(person: PersonPath, ports: Ports, me: Revoker) -> SessionList:
    """Where a person is signed in."""
    return SessionList(sessions=[session_row(info) for info in await ports.people.sessions(me.actor, PersonId(person))])


@router.delete("/{person}/sessions")
async def end_sessions_of_person(person: PersonPath, ports: Ports, me: Revoker) -> EndedSessions:
    """Sign a person out everywhere."""
    return EndedSessions(ended=await ports.people.end_sessions(me.actor, PersonId(person)))


@router.delete("/{person}/sessions/{session}", status_code=204)
async def end_session_of_person(person: PersonPath, session: str, ports: Ports, me: Revoker) -> None:
    """End one session of a person."""
    await ports.people.end_session(me.actor, PersonId(person), session)


def _view(person: PersonStanding) -> PersonView:
    return PersonView(
        id=person.id,
        name=person.name,
        extension=person.extension,
        roles=list(person.roles),
        state="active" if person.terminated_at is None else "terminated",
        terminated_at=person.terminated_at,
        sessions=person.sessions,
        phones=person.phones,
        api_keys=person.api_keys,
        has_account=person.has_account,
        second_factor=person.second_factor,
    )
