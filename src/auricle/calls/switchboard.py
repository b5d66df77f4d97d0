"""The door of the call logic: says of each INVITE who calls, what they reach, and starts the call's own task."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from auricle.calls import bridge
from auricle.calls.call import Call, Caller, CallPorts
from auricle.calls.caller import caller_from_phone, caller_from_trunk
from auricle.calls.directory import Directory, via_trunk
from auricle.calls.errors import LegEnded
from auricle.calls.flow.document import FlowDocument
from auricle.calls.flow.interpreter import run_flow
from auricle.calls.leg import Leg, Party
from auricle.calls.phones import ACCESS_ENDED, PhoneGuard, PhoneRefused
from auricle.calls.ports import InviteSession, Origin, PhoneAudit, Responder, SessionListener
from auricle.calls.records import Direction, Disposition
from auricle.calls.registrar import Registrar
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import CallId, FlowId, PersonId, TrunkName
from auricle.kernel.phi import Phi
from auricle.media.errors import MediaError
from auricle.practice.model import Device, MediaRule, Practice, Trunk
from auricle.sip.errors import SipParseError
from auricle.sip.message import Request
from auricle.sip.uri import SipUri

EMERGENCY = {"911": "911", "9911": "911", "933": "933"}
"""Dialled without a prefix or with the habit of one (47 CFR 9.16(b)(1)); 933 is the carriers' test."""
MAX_HOPS = 70
UNANSWERED = frozenset({Disposition.NO_ANSWER, Disposition.BUSY})
STATION_RING_S = 30.0
OUTSIDE_RING_S = 90.0
BUSY_HERE, NOT_FOUND, NO_ANSWER, UNAVAILABLE = 486, 404, 480, 503

Work = Callable[[Call, Leg], Awaitable[None]]


class CallRefused(PeerError):
    """An INVITE we do not take; `status` answers it."""

    def __init__(self, status: int, reason: str = "", headers: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(status)
        self.status = status
        self.reason = reason
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Admission:
    """An INVITE that we take: who calls, whom, and what to do with the caller."""

    direction: Direction
    caller: Caller
    called: str
    party: Party
    work: Work
    emergency: bool = False


class Switchboard:
    """Fits `calls.ports.SipHandler`."""

    def __init__(
        self,
        practice: Practice,
        flows: Mapping[FlowId, FlowDocument],
        ports: CallPorts,
        directory: Directory,
        phones: PhoneGuard,
        registrar: Registrar,
    ) -> None:
        self._practice = practice
        self._flows = flows
        self._ports = ports
        self._directory = directory
        self._phones = phones
        self._registrar = registrar
        self._running: dict[CallId, Call] = {}

    def on_register(self, request: Request, origin: Origin, respond: Responder) -> None:
        """A phone registers."""
        self._registrar.on_register(request, origin, respond)

    def on_invite(self, session: InviteSession, request: Request, origin: Origin) -> SessionListener:
        """Admit or refuse a new call; an admitted one runs in a task of its own."""
        try:
            admission = self._admit(request, origin)
        except PhoneRefused as refusal:
            self._registrar.note_refusal(refusal, origin)
            session.reject(refusal.status, refusal.reason, refusal.headers)
            return _nobody_listens
        except CallRefused as refusal:
            session.reject(refusal.status, refusal.reason, refusal.headers)
            return _nobody_listens
        except SipParseError as error:  # addresses are read only when asked for, so a malformed one shows here
            session.reject(error.sip_status)
            return _nobody_listens
        call_id = CallId(self._ports.entropy.name("c"))
        call = Call(call_id, admission.direction, admission.caller, Phi(admission.called), self._practice, self._ports)
        call.max_forwards = min(MAX_HOPS, _hops(request))
        call.emergency = admission.emergency
        leg = call.add_leg(admission.party, outgoing=False)
        leg.attach(session)
        self._running[call_id] = call
        self._ports.loop.spawn(f"call {call_id}", self._serve(call, leg, request.body, admission.work))
        return leg.on_session_event

    async def _serve(self, call: Call, leg: Leg, offer: bytes, work: Work) -> None:
        """The whole life of one call."""
        try:
            await leg.take_offer(offer)
            await work(call, leg)
        except LegEnded:  # the caller hung up: the ordinary end of many calls, and `finish` does the rest
            if call.disposition in UNANSWERED:
                call.disposition = Disposition.ABANDONED
        except MediaError as error:
            call.disposition = Disposition.REFUSED if error.sip_status < 500 else Disposition.FAILED
            leg.refuse(error.sip_status, error.reason, error.headers)
        except Exception:
            call.disposition = Disposition.FAILED  # a fault of ours: the task root logs it, the record says it was not the caller's choice
            raise
        finally:
            self._running.pop(call.id, None)
            await call.finish()

    # ---- ending what somebody may no longer do -----------------------------------------------------------

    def end_access(self, person: PersonId, audit: PhoneAudit) -> None:
        """Forget the person's phones and end their legs in running calls, all but those of calls for help."""
        self._registrar.drop(device.username for device in self._practice.devices_of(person))
        for call in list(self._running.values()):
            theirs = [leg for leg in call.legs if leg.live and leg.party.person == person]
            if not theirs or call.emergency:
                continue
            for leg in theirs:
                leg.dismiss()
            self._ports.loop.spawn("call ended", audit.call_ended(call.id, ACCESS_ENDED))

    # ---- admission -----------------------------------------------------------------------------------

    def _admit(self, request: Request, origin: Origin) -> Admission:
        if _hops(request) <= 1:
            raise CallRefused(483)
        dialled = _dialled(request)
        trunk = self._practice.trunks.get(TrunkName(origin.trunk)) if origin.trunk else None
        if trunk is not None and not self._phones.claims_a_phone(request):
            return self._from_trunk(request, origin, trunk, dialled)
        device = self._phones.authenticate(request, origin, emergency=dialled in EMERGENCY)
        return self._from_phone(device, origin, dialled)

    def _from_trunk(self, request: Request, origin: Origin, trunk: Trunk, dialled: str) -> Admission:
        flow = self._flow_of(dialled)
        if flow is None:
            raise CallRefused(NOT_FOUND, "Not one of our numbers")
        caller = caller_from_trunk(request, self._practice)
        party = Party(caller.address, caller.name, origin.transport, trunk.media, trunk=trunk.name)

        async def work(call: Call, leg: Leg) -> None:
            await run_flow(flow, call, leg, self._directory)

        return Admission(Direction.INBOUND, caller, dialled, party, work)

    def _from_phone(self, device: Device, origin: Origin, dialled: str) -> Admission:
        person = self._practice.people[device.person]
        rule = MediaRule.UNPROTECTED_ALLOWED if dialled in EMERGENCY else device.media  # nothing may stop a call for help
        party = Party(Phi(person.extension), Phi(person.name), origin.transport, rule, person=person.id)
        destinations, direction, ring_s = self._reach(dialled)

        async def work(call: Call, leg: Leg) -> None:
            await self._station_call(call, leg, destinations, ring_s)

        return Admission(direction, caller_from_phone(person), dialled, party, work, emergency=dialled in EMERGENCY)

    def _reach(self, dialled: str) -> tuple[list[bridge.Destination], Direction, float]:
        """Where a phone's dialled string leads. Raises CallRefused when it leads nowhere."""
        trunk = self._directory.outbound_trunk()
        if dialled in EMERGENCY:  # first in the path: no extension, rule or limit can shadow it
            if trunk is None:
                raise CallRefused(UNAVAILABLE, "No trunk for emergency calls")
            return [via_trunk(trunk, EMERGENCY[dialled])], Direction.OUTBOUND, OUTSIDE_RING_S
        if self._practice.person_at(dialled) is not None:
            return self._directory.of_people([dialled]), Direction.INTERNAL, STATION_RING_S
        try:
            number = E164.parse(dialled, self._practice.region).text
        except NotANumber:
            raise CallRefused(NOT_FOUND) from None
        if trunk is None:
            raise CallRefused(UNAVAILABLE, "No trunk for outgoing calls")
        return [via_trunk(trunk, number)], Direction.OUTBOUND, OUTSIDE_RING_S

    async def _station_call(self, call: Call, leg: Leg, destinations: list[bridge.Destination], ring_s: float) -> None:
        call.enter("ringing")
        answered = await bridge.ring(call, leg, destinations, ring_s)
        if answered is None:
            leg.refuse(BUSY_HERE if call.disposition is Disposition.BUSY else NO_ANSWER)
        else:
            await bridge.talk(call, leg, answered)

    def _flow_of(self, dialled: str) -> FlowDocument | None:
        flow = self._practice.numbers.get(E164(dialled))  # carriers write E.164: no parser for the common case
        if flow is not None:
            return self._flows.get(flow)
        try:
            number = E164.parse(dialled, self._practice.region)
        except NotANumber:
            return None
        flow = self._practice.numbers.get(E164(number.text))
        return self._flows.get(flow) if flow else None


def _dialled(request: Request) -> str:
    """The user part of the Request-URI, or a tel: number, without visual separators."""
    uri = request.request_uri
    if isinstance(uri, SipUri) and not uri.user:
        raise CallRefused(NOT_FOUND)
    text = uri.e164_candidate()
    return text if not text.replace("-", "").isdigit() else text.replace("-", "")


def _hops(request: Request) -> int:
    """Max-Forwards, which may be left out by old senders (RFC 3261 8.1.1.6)."""
    return MAX_HOPS if request.max_forwards is None else request.max_forwards


def _nobody_listens(event: object) -> None:
    """A refused session still reports its end; there is nobody to tell."""
