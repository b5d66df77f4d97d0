"""Calls as the console shows them."""

from datetime import datetime

from pydantic import BaseModel

from auricle.calls.live import LiveCall
from auricle.calls.records import CallRecord, Direction, Disposition, LegRecord, Protection
from auricle.practice.model import Practice
from auricle.web.names import Party, PersonRef, masked_party, party, person_ref
from auricle.web.ports import Seen


class LegView(BaseModel):
    """One party of a call and what protected its line."""

    id: str
    outgoing: bool
    party: Party
    person: PersonRef | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    signalling: str
    media: str
    protection: Protection
    end_status: int
    answered_elsewhere: bool


class CallView(BaseModel):
    """A finished call. `masked`: no number and no name is sent, because this person may not see them."""

    id: str
    direction: Direction
    caller: Party
    called: Party
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime
    talk_s: float
    disposition: Disposition
    answered_by: PersonRef | None
    steps: list[str]
    protection: Protection
    legs: list[LegView]
    masked: bool


class CallPage(BaseModel):
    """Some calls, newest first; `next` leads to older ones, where there are any."""

    calls: list[CallView]
    next: str | None


class LiveCallView(BaseModel):
    """A running call; `over` once it has ended; `masked` as in CallView."""

    id: str
    direction: Direction
    caller: Party
    called: Party
    started_at: datetime
    answered_at: datetime | None
    step: str
    people: list[PersonRef]
    protection: Protection
    over: bool
    masked: bool


class LiveCalls(BaseModel):
    """All running calls, oldest first."""

    calls: list[LiveCallView]


def call_view(practice: Practice, seen: Seen[CallRecord]) -> CallView:
    """A finished call for a screen."""
    call, masked = seen.what, seen.masked
    return CallView(
        id=call.id,
        direction=call.direction,
        caller=masked_party() if masked else party(practice, call.caller, call.caller_name),
        called=masked_party() if masked else party(practice, call.called),
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        talk_s=call.talk_s,
        disposition=call.disposition,
        answered_by=person_ref(practice, call.answered_by) if call.answered_by else None,
        steps=list(call.steps),
        protection=call.protection,
        legs=[_leg_view(practice, leg, masked=masked) for leg in call.legs],
        masked=masked,
    )


def live_view(practice: Practice, seen: Seen[LiveCall]) -> LiveCallView:
    """A running call for a screen."""
    call, masked = seen.what, seen.masked
    return LiveCallView(
        id=call.id,
        direction=call.direction,
        caller=masked_party() if masked else party(practice, call.caller, call.caller_name),
        called=masked_party() if masked else party(practice, call.called),
        started_at=call.started_at,
        answered_at=call.answered_at,
        step=call.step,
        people=[person_ref(practice, person) for person in call.with_people],
        protection=call.protection,
        over=call.over,
        masked=masked,
    )


def _leg_view(practice: Practice, leg: LegRecord, *, masked: bool) -> LegView:
    return LegView(
        id=leg.id,
        outgoing=leg.outgoing,
        party=masked_party() if masked else party(practice, leg.party, leg.display_name),
        person=person_ref(practice, leg.person) if leg.person else None,
        started_at=leg.started_at,
        answered_at=leg.answered_at,
        ended_at=leg.ended_at,
        signalling=leg.signalling,
        media=leg.media,
        protection=leg.protection,
        end_status=leg.end_status,
        answered_elsewhere=leg.answered_elsewhere,
    )
