"""Access, declared on the route: `Depends(Requires(Action.X))`, or `Depends(public)` for the few that need no session.

A route with neither is refused when the app is built, so nothing is open by oversight.
"""

import re
from collections.abc import Iterator
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from auricle.access.model import Action
from auricle.kernel.errors import OurError
from auricle.web.errors import NotSignedIn
from auricle.web.ports import SignedIn, WebPorts

COOKIE = "__Host-auricle"  # RFC 6265bis 4.1.3.2: bound to this host, path / and TLS by its name
AUTHORIZATION = "authorization"
ENROLLING = frozenset({Action.SESSION_READ, Action.ME_SECURITY})
"""All that somebody may do whom the practice asks for a second factor that is not there yet."""
IDENTIFIER = re.compile(r"[a-z]{1,3}[0-9a-f]{20}", re.ASCII)  # kernel.time.Entropy.name
BACKGROUND = "x-auricle-background"  # sent by the console for what it does unasked, so that it keeps no session alive


class UnguardedRoute(OurError):
    """A route declares no access action, or more than one."""

    code = "web.unguarded_route"


def ports_of(request: Request) -> WebPorts:
    """What the app was made with."""
    return cast(WebPorts, request.app.state.ports)


Ports = Annotated[WebPorts, Depends(ports_of)]


def address_of(request: Request) -> str:
    """The network address of the peer; proxy headers are not believed."""
    return request.client.host if request.client else ""


def bearer(header: str) -> str:
    """The key in `Authorization: Bearer KEY` (RFC 6750 2.1); empty for any other scheme."""
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def session_of(request: Request) -> SignedIn:
    """Who the request's cookie or API key stands for; where there is a key no cookie is looked at. Raises NotSignedIn or Throttled."""
    ports, address = ports_of(request), address_of(request)
    if AUTHORIZATION in request.headers:  # also one of another scheme: web/protect.py asked such a request for no origin
        key = bearer(request.headers[AUTHORIZATION])
        session = await ports.api_keys.resume(key, address) if key else None
    else:
        token = request.cookies.get(COOKIE, "")
        active = BACKGROUND not in request.headers
        session = await ports.sessions.resume(token, address, active=active) if token else None
    if session is None:
        raise NotSignedIn
    request.scope["auricle.actor"] = session.actor.id
    return session


class Requires:
    """Lets signed-in people through whose roles give `action`; the audited gate behind the ports decides once more."""

    def __init__(self, action: Action) -> None:
        self.action = action

    async def __call__(self, request: Request) -> SignedIn:
        """The session, once the policy allows. Raises NotSignedIn or NotPermitted."""
        session = await session_of(request)
        if session.must_enrol and self.action not in ENROLLING:
            await ports_of(request).sessions.must_enrol(session, self.action)
        await ports_of(request).access.require(session.actor, self.action, _record_of(request))
        return session


def public() -> None:
    """Marks a route that anybody may call."""


def access_of(app: FastAPI) -> dict[str, str]:
    """Every route (`GET /api/v1/calls`) with its action or `public`. Raises UnguardedRoute."""
    found: dict[str, str] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            raise UnguardedRoute(f"{type(route).__name__} {getattr(route, 'path', '')}")
        declared = [
            call.action.value if isinstance(call, Requires) else "public"
            for call in _calls(route.dependant)
            if isinstance(call, Requires) or call is public
        ]
        if len(declared) != 1:
            raise UnguardedRoute(f"{context.path}: {len(declared)} access declarations, wanted 1")
        for method in sorted(route.methods or ()):
            found[f"{method} {context.path}"] = declared[0]
    return found


def _record_of(request: Request) -> str:
    """The record an address names, for the log; only what has the form of our identifiers, since anybody can write anything there."""
    named = [value for value in request.path_params.values() if isinstance(value, str) and IDENTIFIER.fullmatch(value)]
    return named[0] if named else ""


def _calls(dependant: Dependant) -> Iterator[object]:
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
