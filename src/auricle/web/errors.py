"""The one place that turns errors into HTTP answers (RFC 9457 problem details). Texts say what to do and never repeat the input."""

from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from auricle.access.api_keys import BadKeyRequest
from auricle.access.break_glass import AlreadyBroken, AlreadyReviewed, BadBreakGlass, NothingBroken
from auricle.access.grants import BadGrant
from auricle.access.passkeys import CeremonyOver, LastFactor, PasskeyKnown, PasskeyRefused, PasskeysUnavailable, TooManyPasskeys
from auricle.access.password import BadPassword
from auricle.access.patients import BadPatient
from auricle.compliance.errors import AgreementMissing, AgreementWrong, HoldWrong, PreviewNeeded, ScheduleWrong, UnderHold
from auricle.kernel.errors import AuricleError, PeerError
from auricle.vault.errors import NotPermitted, SealingRefused, Shredded, VaultError
from auricle.web.people.ports import OwnAccess
from auricle.web.ports import NotFound
from auricle.web.signed_in import BadCode, BadCredentials, EnrolmentNeeded, StepUpNeeded, Throttled, TicketOver, WrongPassword

log = structlog.get_logger(__name__)

PROBLEM_JSON = "application/problem+json"


class Problem(BaseModel):
    """What went wrong: `type` is a stable name, `detail` says what to do, `request_id` finds it in the log."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str


class NotSignedIn(PeerError):
    """No session, or it has ended."""

    code = "session.none"


class Refused(PeerError):
    """A request that is refused before anything is looked at; `code`, status and texts are given by who refuses."""

    def __init__(self, status: int, code: str, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.refused_code = code
        self.title = title
        self.detail = detail
        self.headers = headers


class BadCursor(PeerError):
    """A page cursor that we did not make."""

    code = "web.bad_cursor"


_TEXTS: dict[type[AuricleError], tuple[int, str, str]] = {
    NotSignedIn: (401, "You are not signed in", "Sign in and do it again."),
    BadCredentials: (401, "Sign-in failed", "The user name and password do not match. Check both and try again."),
    BadCode: (401, "The code is not right", "Type the code that is shown now; each is good once. A recovery code also works, once."),
    WrongPassword: (403, "The password is not right", "Type the password you have now, then try again."),
    OwnAccess: (403, "You cannot end your own access", "Ask somebody else who may do it."),
    TicketOver: (401, "The sign-in took too long", "Start again with your user name and password."),
    StepUpNeeded: (403, "Prove again that it is you", "Give your password and second factor again, then repeat this within five minutes."),
    EnrolmentNeeded: (403, "A second factor is needed", "Set up an authenticator app or a passkey first; until then nothing else is open."),
    Throttled: (429, "Too many tries", "Wait, then try again with the right password."),
    NotFound: (404, "Not found", "It may have been deleted. Go back to the list and load it again."),
    BadCursor: (400, "That page does not exist", "Load the list from its start."),
    PasskeyRefused: (401, "That passkey was not accepted", "Try again, use another passkey, or sign in with your password."),
    CeremonyOver: (400, "That took too long", "Start again; a passkey prompt is good for five minutes, once."),
    PasskeysUnavailable: (409, "No passkeys at this address", "Open the console by its name instead of a number."),
    TooManyPasskeys: (409, "You have too many passkeys", "Remove one that you no longer use, then add the new one."),
    PasskeyKnown: (409, "That passkey is known already", "Use it to sign in, or choose another device."),
    LastFactor: (409, "This is your last second factor", "Your practice requires one. Add another, then remove this one."),
    PreviewNeeded: (409, "Preview this change first", "It would delete records. Look at what it deletes, then confirm within 15 minutes."),
    UnderHold: (409, "A legal hold keeps this", "It was not deleted. Release the hold first, if you may."),
    Shredded: (404, "This was destroyed", "Its key was deleted, so nobody can open it any more. Load the list again."),
    SealingRefused: (503, "Nothing new can be protected now", "The keys' provider refuses. Tell your administrator."),
    VaultError: (
        500,
        "This cannot be opened",
        "The stored data is damaged or its key is gone. Nothing was changed; tell your administrator.",
    ),
    PeerError: (400, "The request cannot be used", "Check what was sent and try again."),
}
_OWN_WORDS: dict[type[AuricleError], tuple[int, str]] = {
    BadPassword: (400, "This password cannot be taken"),
    BadKeyRequest: (400, "This key cannot be made"),
    AgreementWrong: (400, "This agreement cannot be noted"),
    ScheduleWrong: (400, "This schedule cannot be used"),
    HoldWrong: (400, "This hold cannot be placed"),
    BadGrant: (400, "This grant cannot be given"),
    BadPatient: (400, "This mark cannot be kept"),
    BadBreakGlass: (400, "The glass cannot be broken like this"),
    AlreadyBroken: (409, "The glass is broken already"),
    NothingBroken: (404, "There is no such emergency access"),
    AlreadyReviewed: (409, "This was reviewed already"),
}
"""Errors whose texts are sentences of our own, and say more than a title could."""
_STATUS_TEXTS = {
    404: ("Not found", "There is nothing at this address."),
    405: ("Method not allowed", "This address does not do that."),
    500: ("Something failed on our side", "Nothing was lost. Try again; if it stays, give your administrator the request id."),
}


def problem(request_id: str, status: int, code: str, title: str, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An RFC 9457 answer."""
    body = Problem(type=code, title=title, status=status, detail=detail, request_id=request_id)
    return JSONResponse(body.model_dump(), status, headers, PROBLEM_JSON)


def failure(request_id: str) -> JSONResponse:
    """The answer to an error nobody foresaw."""
    return problem(request_id, 500, "web.failed", *_STATUS_TEXTS[500])


def answer(request_id: str, error: AuricleError) -> JSONResponse:
    """The answer to one of our errors."""
    if isinstance(error, NotPermitted):
        return problem(request_id, 403, error.code, "You may not see or do this", error.reason)
    if isinstance(error, Refused):
        return problem(request_id, error.status, error.refused_code, error.title, error.detail, error.headers)
    if type(error) in _OWN_WORDS:
        return problem(request_id, _OWN_WORDS[type(error)][0], error.code, _OWN_WORDS[type(error)][1], str(error))
    if isinstance(error, AgreementMissing):
        return problem(request_id, 403, error.code, "An agreement is missing", error.reason)
    headers = {"Retry-After": str(max(1, round(error.retry_after_s + 0.5)))} if isinstance(error, Throttled) else None
    for kind in type(error).__mro__:
        if kind in _TEXTS:
            return problem(request_id, _TEXTS[kind][0], error.code, *_TEXTS[kind][1:], headers)
    return failure(request_id)


def request_id_of(request: Request) -> str:
    """The id that `protect` gave this request."""
    return str(request.scope.get("auricle.request_id", ""))


async def _ours(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, AuricleError):
        raise error
    if not isinstance(error, PeerError):
        log.error("request_failed", request_id=request_id_of(request), error=type(error).__name__, code=error.code)
    return answer(request_id_of(request), error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    places = []
    if isinstance(error, RequestValidationError):
        places = sorted({".".join(str(part) for part in item["loc"] if isinstance(part, str)) for item in error.errors()})
    detail = f"Correct these and send it again: {', '.join(places)}." if places else "Correct it and send it again."
    return problem(request_id_of(request), 400, "web.invalid_input", "The request is not in the right form", detail)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title, detail = _STATUS_TEXTS.get(status, (HTTPStatus(status).phrase, "Check what was sent and try again."))
    headers = dict(error.headers) if isinstance(error, HTTPException) and error.headers else None
    return problem(request_id_of(request), status, f"http.{status}", title, detail, headers)


def add_error_answers(app: FastAPI) -> None:
    """Answer every error with a problem."""
    app.add_exception_handler(AuricleError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
