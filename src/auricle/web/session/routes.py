"""Sign-in, sign-out, and who am I."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from auricle.access.model import Action
from auricle.web.guard import COOKIE, Ports, Requires, address_of, public
from auricle.web.names import person_ref
from auricle.web.ports import SignedIn, WebPorts
from auricle.web.session.schemas import SessionView, SignInForm

router = APIRouter(prefix="/session", tags=["session"])
Me = Annotated[SignedIn, Depends(Requires(Action.SESSION_READ))]


@router.post("", dependencies=[Depends(public)])
async def sign_in(form: SignInForm, request: Request, response: Response, ports: Ports) -> SessionView:
    """Start a session; its token comes as a cookie that scripts cannot read."""
    session = await ports.sessions.sign_in(form.username, form.password.get_secret_value(), address_of(request))
    response.set_cookie(COOKIE, session.token, secure=True, httponly=True, samesite="strict", path="/")
    return _view(ports, session)


@router.get("")
async def who_am_i(ports: Ports, me: Me) -> SessionView:
    """The session of the cookie; asking counts as use unless `X-Auricle-Background` is sent."""
    return _view(ports, me)


@router.delete("", status_code=204)
async def sign_out(response: Response, ports: Ports, me: Me) -> None:
    """End the session at once."""
    await ports.sessions.sign_out(me)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict", path="/")


def _view(ports: WebPorts, session: SignedIn) -> SessionView:
    return SessionView(
        person=person_ref(ports.practice, session.person),
        username=session.username,
        roles=sorted(session.actor.roles),
        permissions=list(ports.access.permissions(session.actor)),
        practice=ports.practice.name,
        idle_s=session.idle_s,
        expires_at=session.expires_at,
    )
