"""One's own password, second factors and sessions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from auricle.access.model import Action
from auricle.web.guard import Ports, Requires
from auricle.web.me.schemas import (
    CodeForm,
    EndedSessions,
    FactorsView,
    NewTotpView,
    PasswordForm,
    RecoveryCodesView,
    SessionList,
    StrengthForm,
    StrengthView,
    session_row,
)
from auricle.web.session.cookie import give
from auricle.web.signed_in import SignedIn

router = APIRouter(prefix="/me", tags=["me"])
Me = Annotated[SignedIn, Depends(Requires(Action.ME_SECURITY))]


@router.get("/sessions")
async def my_sessions(ports: Ports, me: Me) -> SessionList:
    """Where one is signed in."""
    return SessionList(sessions=[session_row(info) for info in await ports.me.sessions(me)])


@router.delete("/sessions")
async def end_my_other_sessions(ports: Ports, me: Me) -> EndedSessions:
    """Sign out everywhere else."""
    return EndedSessions(ended=await ports.me.end_other_sessions(me))


@router.delete("/sessions/{session}", status_code=204)
async def end_my_session(session: str, ports: Ports, me: Me) -> None:
    """End one of them."""
    await ports.me.end_session(me, session)


@router.delete("/new-addresses", status_code=204)
async def know_my_addresses(ports: Ports, me: Me) -> None:
    """The new addresses the session told of are one's own."""
    await ports.me.know_addresses(me)


@router.post("/password", status_code=204)
async def change_my_password(form: PasswordForm, response: Response, ports: Ports, me: Me) -> None:
    """Take a new password; all other sessions end, and this one's cookie changes."""
    give(response, await ports.me.change_password(me, form.old.get_secret_value(), form.new.get_secret_value()))


@router.post("/password/strength")
async def password_strength(form: StrengthForm, ports: Ports, me: Me) -> StrengthView:
    """A hint while choosing one."""
    found = await ports.me.strength(me, form.password.get_secret_value())
    return StrengthView(score=found.score, warning=found.warning, suggestions=list(found.suggestions), refused=found.refused)


@router.get("/second-factors")
async def my_second_factors(ports: Ports, me: Me) -> FactorsView:
    """What there is besides the password."""
    found = await ports.me.factors(me)
    return FactorsView(
        required=found.required,
        totp=found.totp_since is not None,
        totp_since=found.totp_since,
        recovery_codes_left=found.recovery_codes_left,
        passkeys=found.passkeys,
    )


@router.post("/totp")
async def begin_totp(ports: Ports, me: Me) -> NewTotpView:
    """A new secret for an authenticator app; it counts once a code confirmed it."""
    made = await ports.me.begin_totp(me)
    return NewTotpView(secret=made.secret, uri=made.uri)


@router.post("/totp/confirm")
async def confirm_totp(form: CodeForm, response: Response, ports: Ports, me: Me) -> RecoveryCodesView:
    """The first code of the new secret; the answer has the recovery codes."""
    enrolled = await ports.me.confirm_totp(me, form.code.get_secret_value())
    give(response, enrolled.session)
    return RecoveryCodesView(recovery_codes=list(enrolled.recovery_codes))


@router.delete("/totp", status_code=204)
async def remove_totp(ports: Ports, me: Me) -> None:
    """Remove the authenticator and the recovery codes; needs a step-up."""
    await ports.me.remove_totp(me)


@router.post("/recovery-codes")
async def new_recovery_codes(ports: Ports, me: Me) -> RecoveryCodesView:
    """New codes in place of all old ones; needs a step-up."""
    return RecoveryCodesView(recovery_codes=list(await ports.me.new_recovery_codes(me)))
