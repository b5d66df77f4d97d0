"""The registrar (RFC 3261 10.3): authenticated phones tell where they can be reached; Path is kept (RFC 3327)."""

from collections.abc import Iterable

from auricle.calls.phones import PhoneGuard, PhoneRefused
from auricle.calls.ports import BindingStore, Loop, Origin, PhoneAudit, Responder
from auricle.kernel.time import Clock
from auricle.sip.errors import SipParseError
from auricle.sip.message import Request
from auricle.sip.registration import RegistrationRefused, Registrations, Result
from auricle.sip.uri import SipUri


class Registrar:
    """Answers REGISTER once the binding is durable."""

    def __init__(
        self, registrations: Registrations, phones: PhoneGuard, bindings: BindingStore, audit: PhoneAudit, loop: Loop, clock: Clock
    ) -> None:
        self._registrations = registrations
        self._phones = phones
        self._bindings = bindings
        self._audit = audit
        self._loop = loop
        self._clock = clock

    def on_register(self, request: Request, origin: Origin, respond: Responder) -> None:
        """Check who it is, apply the contacts, store them, answer."""
        try:
            claimed = request.to.uri
            device = self._phones.authenticate(request, origin)
        except SipParseError as error:
            respond(error.sip_status)
            return
        except PhoneRefused as refusal:
            self.note_refusal(refusal, origin)
            respond(refusal.status, refusal.reason, refusal.headers)
            return
        if not isinstance(claimed, SipUri) or claimed.user != device.username:
            respond(403, "You may register only your own address")
            return
        try:
            result = self._registrations.apply(device.username, request, origin, self._clock.monotonic())
        except RegistrationRefused as refusal:
            respond(refusal.status, refusal.reason, refusal.headers)
            return
        self._loop.spawn("registration", self._keep(device.username, request, result, respond))

    def note_refusal(self, refusal: PhoneRefused, origin: Origin) -> None:
        """Audit wrong credentials and phones of those whose access ended, whatever request brought them; a first challenge is no event."""
        if refusal.event:
            self._loop.spawn("phone refused", self._audit.phone_refused(origin.host, refusal.event, refusal.phone))

    def drop(self, aors: Iterable[str]) -> None:
        """Forget where these phones are; who ends somebody's access deletes the stored bindings with it."""
        for aor in aors:
            self._registrations.drop(aor)

    async def _keep(self, aor: str, request: Request, result: Result, respond: Responder) -> None:
        """Store what changed, then answer: a phone told 200 can be found after a restart."""
        if result.changed:
            await self._bindings.save_bindings(aor, list(result.bindings))
        now = self._clock.monotonic()
        if self._phones.switched_off(aor):  # access ended while this was being stored
            self.drop((aor,))
            await self._bindings.save_bindings(aor, [])
            respond(403, "This phone is switched off")
            return
        contacts = [("Contact", f"<{b.contact_uri}>;expires={max(0, round(b.expires_at - now))}") for b in result.bindings]
        path = [("Path", value) for value in request.get_all("path")] if "path" in request.supported else []
        respond(200, "", [*contacts, *path])
