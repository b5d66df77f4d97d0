"""Sign-in in one or two steps, step-up, sign-out, and who am I."""

from typing import Annotated, cast

from fastapi import APIRouter, Depends, Request, Response
from pydantic import SecretStr

from auricle.access.model import Action
from auricle.web.guard import Ports, Requires, address_of, public
from auricle.web.names import person_ref
from auricle.web.ports import WebPorts
from auricle.web.session.cookie import give, take_back
from auricle.web.session.schemas import (
    BreakGlassNow,
    Method,
    NewAddressView,
    SecondFactorForm,
    SecondFactorView,
    SessionView,
    SignInForm,
    StepUpForm,
)
from auricle.web.signed_in import SecondFactorNeeded, SignedIn

router = APIRouter(prefix="/session", tags=["session"])
Me = Annotated[SignedIn, Depends(Requires(Action.SESSION_READ))]
_SECOND_STEP = {202: {"model": SecondFactorView, "description": "The password was right; a second factor is due"}}


@router.post("", dependencies=[Depends(public)], response_model=SessionView, responses=_SECOND_STEP)  # type: ignore[arg-type]
async def sign_in(form: SignInForm, request: Request, response: Response, ports: Ports) -> Response | SessionView:
    """Start a session, whose token comes as a cookie that scripts cannot read; 202 with a ticket where a second factor is due."""
    found = await ports.sessions.sign_in(form.username, form.password.get_secret_value(), address_of(request))
    if isinstance(found, SecondFactorNeeded):
        due = SecondFactorView(ticket=found.ticket, methods=[cast(Method, method) for method in found.methods])
        return Response(due.model_dump_json(), 202, media_type="application/json")
    give(response, found)
    return session_view(ports, found)


@router.post("/second-factor", dependencies=[Depends(public)])
async def second_factor(form: SecondFactorForm, request: Request, response: Response, ports: Ports) -> SessionView:
    """The second step of a sign-in."""
    session = await ports.sessions.second_factor(
        form.ticket, address_of(request), totp=_text(form.totp), recovery_code=_text(form.recovery_code)
    )
    give(response, session)
    return session_view(ports, session)


@router.post("/step-up", status_code=204)
async def step_up(form: StepUpForm, response: Response, ports: Ports, me: Me) -> None:
    """Prove again who is there, for acts that ask for it within the next five minutes; the cookie changes."""
    give(response, await ports.sessions.step_up(me, password=_text(form.password), totp=_text(form.totp)))


@router.get("")
async def who_am_i(ports: Ports, me: Me) -> SessionView:
    """The session of the cookie; asking counts as use unless `X-Auricle-Background` is sent."""
    return session_view(ports, me)


@router.delete("", status_code=204)
async def sign_out(response: Response, ports: Ports, me: Me) -> None:
    """End the session at once."""
    await ports.sessions.sign_out(me)
    take_back(response)


def session_view(ports: WebPorts, session: SignedIn) -> SessionView:
    """What the console learns of a session."""
    glass = session.break_glass
    return SessionView.model_validate(
        {
            "person": person_ref(ports.practice, session.person),
            "username": session.username,
            "roles": sorted(session.actor.roles),
            "permissions": list(ports.access.permissions(session.actor)),
            "practice": ports.practice.name,
            "idle_s": session.idle_s,
            "expires_at": session.expires_at,
            "stepped_up_until": session.stepped_up_until,
            "second_factor": session.second_factor,
            "must_enrol": session.must_enrol,
            "break_glass": BreakGlassNow(id=glass.id, until=glass.until) if glass else None,
            "new_addresses": [NewAddressView(address=found.address, at=found.at) for found in session.new_addresses],
        }
    )


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
