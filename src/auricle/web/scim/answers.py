"""Answers as SCIM wants them: `application/scim+json`, and errors by RFC 7644 3.12, whatever raised them."""

from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import ValidationError
from scim2_models import Context, Error, SCIMException
from starlette.exceptions import HTTPException

from auricle.kernel.errors import AuricleError, PeerError
from auricle.vault.errors import NotPermitted
from auricle.web.errors import NotSignedIn, Refused
from auricle.web.ports import NotFound
from auricle.web.signed_in import Throttled

log = structlog.get_logger(__name__)
SCIM_JSON = "application/scim+json"
CREATING = "People come from the practice's settings file; SCIM can only end their access."
RESTORING = "Access that was ended is given back in the console, by a person."


class ScimRefused(PeerError):
    """A request SCIM answers with this status and text."""

    code = "scim.refused"

    def __init__(self, status: int, detail: str, scim_type: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.scim_type = scim_type


def answer(body: Any, context: Context, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A resource, a list or a message."""
    return Response(body.model_dump_json(scim_ctx=context), status, headers, SCIM_JSON)


_OURS: tuple[tuple[type[AuricleError], int, str], ...] = (
    (NotSignedIn, 401, "Send an API key with the scope people.deprovision as Authorization: Bearer."),
    (NotFound, 404, "There is no such resource."),
    (Throttled, 429, "Too many wrong keys came from this address. Wait."),
    (PeerError, 400, "The request cannot be used."),
    (AuricleError, 500, "Something failed on our side."),
)


def error_of(error: Exception) -> Error:
    """The SCIM error for what a handler raised. Raises it again when it is none of ours."""
    match error:
        case ScimRefused(status=status, detail=detail, scim_type=kind):
            return Error(status=status, scim_type=kind, detail=detail)
        case Refused(status=status, detail=detail):
            return Error(status=status, detail=detail)
        case NotPermitted():
            return Error(status=403, detail=error.reason)
        case AuricleError():
            status, detail = next((status, detail) for kind, status, detail in _OURS if isinstance(error, kind))
            if status == 500:
                log.error("scim_failed", error=type(error).__name__, code=error.code)
            return Error(status=status, detail=detail)
        case SCIMException():
            return error.to_error()
        case ValidationError():
            return Error.from_validation_errors(error)[0]
        case RequestValidationError():
            return Error(status=400, scim_type="invalidValue", detail="A parameter of the query cannot be used.")
        case HTTPException(status_code=status):
            return Error(status=status)
    raise error


class ScimRoute(APIRoute):
    """A route whose errors are SCIM errors, those of its access check included."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, its errors translated."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except (AuricleError, SCIMException, ValidationError, RequestValidationError, HTTPException) as error:
                found = error_of(error)
                headers = {"Retry-After": str(max(1, round(error.retry_after_s + 0.5)))} if isinstance(error, Throttled) else None
                if found.status == 401:
                    headers = {"WWW-Authenticate": 'Bearer realm="scim"'}
                return answer(found, Context.DEFAULT, found.status or 500, headers)

        return handled
