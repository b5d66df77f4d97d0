"""The app: API under /api/v1, the console's files beside it. Building it fails if a route declares no access."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from auricle.web.access.routes import router as access
from auricle.web.alerts.routes import router as alerts
from auricle.web.api_keys.routes import router as api_keys
from auricle.web.audit.routes import router as audit
from auricle.web.break_glass.routes import router as break_glass
from auricle.web.calls.routes import router as calls
from auricle.web.compliance.routes import router as compliance
from auricle.web.errors import PROBLEM_JSON, Problem, add_error_answers
from auricle.web.events.hub import Hub
from auricle.web.events.routes import router as events
from auricle.web.guard import access_of
from auricle.web.keys.routes import router as keys
from auricle.web.me.routes import router as me
from auricle.web.passkeys.routes import router as passkeys
from auricle.web.people.routes import router as people
from auricle.web.ports import WebPorts
from auricle.web.protect import Protect
from auricle.web.scim.routes import router as scim
from auricle.web.session.routes import router as session
from auricle.web.sso.routes import router as sso
from auricle.web.static import ConsoleFiles, add_console
from auricle.web.system.routes import router as system
from auricle.web.voicemail.routes import router as voicemail

API = "/api/v1"
CONSOLE = Path(__file__).resolve().parents[3] / "console" / "dist"
_FAILURE: dict[int | str, dict[str, Any]] = {
    "default": {"description": "What went wrong", "content": {PROBLEM_JSON: {"schema": Problem.model_json_schema()}}}
}


def create_app(ports: WebPorts, console: Path = CONSOLE) -> FastAPI:
    """The web of one practice. Raises UnguardedRoute."""
    app = FastAPI(
        title="Auricle",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_watching,
        generate_unique_id_function=_operation_id,
        redirect_slashes=False,
    )
    app.state.ports = ports
    app.state.hub = Hub()
    add_error_answers(app)
    api = APIRouter(prefix=API, responses=_FAILURE)
    routers = (
        session, passkeys, sso, calls, voicemail, audit, alerts, system, events, me,
        people, api_keys, scim, compliance, keys, access, break_glass,
    )  # fmt: skip
    for router in routers:
        api.include_router(router)
    app.include_router(api)
    add_console(app, ConsoleFiles(console))
    access_of(app)
    app.add_middleware(Protect)
    return app


@asynccontextmanager
async def _watching(app: FastAPI) -> AsyncIterator[None]:
    """Hear of changes while the server runs."""
    stop = app.state.ports.watch(app.state.hub.publish)
    try:
        yield
    finally:
        stop()
        app.state.hub.close()


def _operation_id(route: APIRoute) -> str:
    return route.name
