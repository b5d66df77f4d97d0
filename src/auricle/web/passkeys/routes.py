"""Passkey ceremonies. The challenge of a sign-in is bound to a cookie of its own, those of signed-in people to their session."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from auricle.access.ceremonies import CEREMONY_S
from auricle.access.model import Action
from auricle.web.guard import Ports, Requires, address_of, public
from auricle.web.passkeys.schemas import (
    AssertionForm,
    CreationOptions,
    PasskeyList,
    PasskeyView,
    RegistrationForm,
    RenameForm,
    RequestOptions,
    passkey_view,
)
from auricle.web.session.cookie import give
from auricle.web.session.routes import session_view
from auricle.web.session.schemas import SessionView
from auricle.web.signed_in import SignedIn

router = APIRouter(tags=["passkeys"])
Me = Annotated[SignedIn, Depends(Requires(Action.ME_SECURITY))]
BINDING = "__Host-auricle-passkey"


@router.get("/me/passkeys")
async def passkeys(ports: Ports, me: Me) -> PasskeyList:
    """My passkeys, oldest first."""
    found = await ports.passkeys.mine(me)
    return PasskeyList(available=ports.passkeys.available(), passkeys=[passkey_view(passkey) for passkey in found])


@router.post("/me/passkeys/options")
async def passkey_registration_options(ports: Ports, me: Me) -> CreationOptions:
    """Begin a registration; its challenge is good for five minutes, once, in this session."""
    return CreationOptions.model_validate(await ports.passkeys.registration_options(me))


@router.post("/me/passkeys", status_code=201)
async def register_passkey(form: RegistrationForm, response: Response, ports: Ports, me: Me) -> PasskeyView:
    """Keep the new passkey; the session has a new token where it is its first second factor."""
    passkey, session = await ports.passkeys.register(me, form.name, form.credential.model_dump())
    if session is not None:
        give(response, session)
    return passkey_view(passkey)


@router.patch("/me/passkeys/{passkey_id}")
async def rename_passkey(passkey_id: str, form: RenameForm, ports: Ports, me: Me) -> PasskeyView:
    """Give it another name."""
    return passkey_view(await ports.passkeys.rename(me, passkey_id, form.name))


@router.delete("/me/passkeys/{passkey_id}", status_code=204)
async def remove_passkey(passkey_id: str, ports: Ports, me: Me) -> None:
    """Forget it; the last second factor stays where the practice requires one."""
    await ports.passkeys.remove(me, passkey_id)


@router.post("/session/passkey/options", dependencies=[Depends(public)])
async def passkey_sign_in_options(request: Request, response: Response, ports: Ports) -> RequestOptions:
    """Begin a sign-in without a user name; a cookie binds its challenge to this browser."""
    binding, options = await ports.passkeys.sign_in_options(address_of(request))
    response.set_cookie(BINDING, binding, max_age=int(CEREMONY_S), secure=True, httponly=True, samesite="strict", path="/")
    return RequestOptions.model_validate(options)


@router.post("/session/passkey", dependencies=[Depends(public)])
async def passkey_sign_in(form: AssertionForm, request: Request, response: Response, ports: Ports) -> SessionView:
    """Start a session by a passkey alone, which counts as two factors: the device, and the finger, face or PIN that unlocks it."""
    session = await ports.passkeys.sign_in(request.cookies.get(BINDING, ""), form.credential.model_dump(), address_of(request))
    response.delete_cookie(BINDING, secure=True, httponly=True, samesite="strict", path="/")
    give(response, session)
    return session_view(ports, session)


@router.post("/session/step-up/passkey/options")
async def passkey_step_up_options(ports: Ports, me: Me) -> RequestOptions:
    """Begin proving again who one is."""
    return RequestOptions.model_validate(await ports.passkeys.step_up_options(me))


@router.post("/session/step-up/passkey", status_code=204)
async def passkey_step_up(form: AssertionForm, response: Response, ports: Ports, me: Me) -> None:
    """The proof: what needs a step-up may be done for the next minutes. The session has a new token then."""
    give(response, await ports.passkeys.step_up(me, form.credential.model_dump()))
