"""Ringing parties and joining two of them: the B2BUA is two legs and a rule for passing words between them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from auricle.calls.call import MAX_LEGS, Call
from auricle.calls.errors import LegEnded
from auricle.calls.leg import Leg, Party, hear
from auricle.calls.ports import ANSWERED_ELSEWHERE, CallerIdentity, Target
from auricle.calls.records import Direction, Disposition
from auricle.calls.words import Answered, Ended, Failed, Ringing
from auricle.compliance.features import Feature
from auricle.compliance.parties import trunk
from auricle.media.errors import MediaError

RINGBACK_TIMES = 9999  # the sound is one cadence of six seconds; it is stopped long before
BUSY_STATUSES = frozenset({486, 600, 603})


@dataclass(frozen=True, slots=True)
class Destination:
    """One place to ring: who it is and where the INVITE goes."""

    party: Party
    target: Target


async def ring(call: Call, caller: Leg, destinations: Sequence[Destination], timeout_s: float) -> Leg | None:
    """Ring all destinations at once and connect the caller with the first that answers; None when nobody did.

    The others are cancelled with `Call completed elsewhere` (RFC 3326). Raises LegEnded when the caller hangs up first;
    then nothing is left ringing.
    """
    room = max(0, MAX_LEGS - len(call.legs))
    music = caller.answered
    ringing = await _place(call, caller, destinations[:room], wait_silently=music)
    call.tell()
    winner: Leg | None = None
    try:
        if ringing and music:
            await caller.start_playing(call.ports.prompts.sound("ringback"), RINGBACK_TIMES)
        winner = await _first_answer(call, caller, ringing, timeout_s)
        if winner is not None:
            await _join(caller, winner, by_pointing=music)
    finally:
        for leg in ringing:
            if leg is not winner:
                leg.hang_up(ANSWERED_ELSEWHERE if winner else (), elsewhere=winner is not None)
                await leg.release()
        if music and caller.live and ringing:
            await caller.stop_playing()
    if winner is not None:
        call.talking(winner)
    return winner


async def talk(call: Call, a: Leg, b: Leg) -> None:
    """Keep two connected legs together until one party hangs up; then the other is hung up too."""
    while a.live and b.live:
        await hear(call.inbox, None)
    a.hang_up()
    b.hang_up()


async def _place(call: Call, caller: Leg, destinations: Sequence[Destination], *, wait_silently: bool) -> list[Leg]:
    """Send the INVITEs; a leg whose media cannot be set up is left out and stays in the record as failed."""
    ringing = []
    toward = None if wait_silently else caller.pbx_port
    for destination in destinations:
        leg = call.add_leg(destination.party, outgoing=True)
        try:
            identity = _identity_toward(call, destination.party)
            await leg.call(call.ports.sip, destination.target, identity, toward=toward, max_forwards=call.max_forwards - 1)
        except MediaError:
            leg.note(Failed(500))
        else:
            ringing.append(leg)
    return ringing


def _identity_toward(call: Call, party: Party) -> CallerIdentity:
    """How the caller is named there: a patient's name reaches a carrier only under an agreement, the number always does.

    Our own people's calls, and so every call for help, never ask.
    """
    identity = call.caller.identity()
    if call.direction is not Direction.INBOUND or party.trunk is None or not identity.display_name:
        return identity
    return identity if call.ports.agreements.allows(Feature.CALLER_NAMES, trunk(party.trunk)) else replace(identity, display_name="")


async def _first_answer(call: Call, caller: Leg, ringing: Sequence[Leg], timeout_s: float) -> Leg | None:
    clock = call.ports.clock
    end = clock.monotonic() + timeout_s
    busy = False
    while any(leg.live for leg in ringing) and (left := end - clock.monotonic()) > 0:
        heard = await hear(call.inbox, left)
        if not caller.live:
            raise LegEnded(caller.id)
        match heard:
            case (leg, Ringing()) if leg in ringing:
                caller.ring()
            case (leg, Answered() as answer) if leg in ringing and leg.live:
                if await _settled(leg, answer):
                    return leg
            case (leg, Failed(status) | Ended(status)) if leg in ringing:
                busy = busy or status in BUSY_STATUSES
            case _:
                continue
    call.disposition = Disposition.BUSY if busy else Disposition.NO_ANSWER
    return None


async def _settled(leg: Leg, answer: Answered) -> bool:
    """Whether the leg's answer can be used; one that gives up the encryption we offered is hung up (RFC 3264 6, RFC 4568 5.1.3)."""
    try:
        await leg.settle(answer)
    except MediaError:
        leg.hang_up()
        leg.answered_at = None  # nobody talked on it
        return False
    return True


async def _join(caller: Leg, winner: Leg, *, by_pointing: bool) -> None:
    if by_pointing:
        await caller.stop_playing()
        await caller.connect(winner)
    else:
        await caller.answer(toward=winner.pbx_port)
