"""Where people and numbers are to be rung right now."""

from collections.abc import Iterable

from auricle.calls.bridge import Destination
from auricle.calls.leg import Party
from auricle.calls.ports import Target
from auricle.kernel.e164 import E164, NotANumber
from auricle.kernel.phi import Phi
from auricle.kernel.time import Clock
from auricle.practice.model import Device, Person, Practice, Trunk
from auricle.sip.registration import Binding, Registrations
from auricle.sip.uri import SipUri, parse_uri


class Directory:
    """Resolves extensions to the phones registered for them, and outside numbers to a trunk."""

    def __init__(self, practice: Practice, registrations: Registrations, clock: Clock) -> None:
        self._practice = practice
        self._registrations = registrations
        self._clock = clock
        self._outside: dict[str, Destination | None] = {}

    def of_people(self, extensions: Iterable[str]) -> list[Destination]:
        """Every registered contact of every phone of these people; a person without one is left out."""
        people = filter(None, map(self._practice.person_at, extensions))
        return [spot for person in people for device in self._practice.devices_of(person.id) for spot in self._contacts(person, device)]

    def of_numbers(self, numbers: Iterable[str]) -> list[Destination]:
        """One destination a number, through the first trunk that takes outgoing calls; none where there is no such trunk."""
        found = []
        for text in numbers:
            if text not in self._outside:  # flows name few numbers, and a practice does not change while it runs
                self._outside[text] = self._outside_destination(text)
            destination = self._outside[text]
            if destination is not None:
                found.append(destination)
        return found

    def _outside_destination(self, text: str) -> Destination | None:
        """Where a flow's number leads; `flow check` refuses what is no number, and one that slipped in rings nobody."""
        trunk = self.outbound_trunk()
        try:
            return via_trunk(trunk, E164.parse(text, self._practice.region).text) if trunk is not None else None
        except NotANumber:
            return None

    def outbound_trunk(self) -> Trunk | None:
        """The trunk for outgoing calls."""
        return next((trunk for trunk in self._practice.trunks.values() if trunk.outbound), None)

    def _contacts(self, person: Person, device: Device) -> list[Destination]:
        bindings: Iterable[Binding] = self._registrations.lookup(device.username, self._clock.monotonic())
        party_address = Phi(person.extension)
        return [
            Destination(
                Party(party_address, Phi(person.name), binding.transport, device.media, person=person.id),
                Target(binding.contact_uri, tuple(binding.path), binding.transport),
            )
            for binding in bindings
        ]


def via_trunk(trunk: Trunk, dialled: str) -> Destination:
    """The destination of a dialled string at a carrier."""
    gateway = parse_uri(trunk.gateway)
    assert isinstance(gateway, SipUri)
    transport = (gateway.params.get("transport") or "udp").upper()
    uri = trunk.gateway.replace("sip:", f"sip:{dialled}@", 1)
    return Destination(Party(Phi(dialled), Phi(""), transport, trunk.media, trunk=trunk.name), Target(uri, (), transport))
