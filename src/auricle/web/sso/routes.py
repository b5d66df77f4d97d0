"""The way to a provider and back. Both ways are navigations of the browser, so they answer with a redirect and pages, not with JSON."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from auricle.access.ceremonies import CEREMONY_S
from auricle.access.sso import Problem, SsoRefused
from auricle.web.guard import Ports, address_of, public
from auricle.web.session.cookie import give
from auricle.web.sso.pages import arrived_page, refused_page
from auricle.web.sso.schemas import ProviderList, ProviderView

router = APIRouter(tags=["single sign-on"])
BINDING = "__Host-auricle-sso"
MAX_ANSWER_CHARS = 4096  # of one parameter; the longest codes seen are under 2000
ANSWER = ("state", "code", "iss", "error")
ProviderId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


@router.get("/sso", dependencies=[Depends(public)])
async def sso_providers(ports: Ports) -> ProviderList:
    """The providers the sign-in page offers."""
    return ProviderList(providers=[ProviderView(id=provider.id, name=provider.name) for provider in ports.sso.providers()])


@router.get("/session/sso/{provider}/start", dependencies=[Depends(public)], response_class=HTMLResponse)
async def start_sso(provider: ProviderId, request: Request, ports: Ports) -> Response:
    """To the provider. The cookie must be SameSite=Lax: the way back begins at another site."""
    try:
        departure = await ports.sso.depart(provider, address_of(request))
    except SsoRefused as refused:
        return refused_page(refused.problem, _language(request))
    response = RedirectResponse(departure.url, 303)
    response.set_cookie(BINDING, departure.binding, max_age=int(CEREMONY_S), secure=True, httponly=True, samesite="lax", path="/")
    return response


@router.get("/session/sso/{provider}/callback", dependencies=[Depends(public)], response_class=HTMLResponse)
async def finish_sso(provider: ProviderId, request: Request, ports: Ports) -> Response:
    """Back from the provider: sets the session's cookie and goes on to the console, or says why not."""
    response: Response
    try:
        session = await ports.sso.arrive(provider, _answer(request), request.cookies.get(BINDING, ""), address_of(request))
    except SsoRefused as refused:
        response = refused_page(refused.problem, _language(request))
    else:
        response = arrived_page(_language(request))
        give(response, session)
    response.delete_cookie(BINDING, secure=True, httponly=True, samesite="lax", path="/")
    return response


@router.post("/session/sso/{provider}/backchannel-logout", dependencies=[Depends(public)])
async def sso_backchannel_logout(provider: ProviderId, request: Request, ports: Ports) -> Response:
    """From the provider itself (Back-Channel Logout 1.0, 2.5): a signed token in a form, no cookie, no browser."""
    form = parse_qs((await request.body()).decode("ascii", "replace"), max_num_fields=16)
    tokens = form.get("logout_token", [])
    try:
        if len(tokens) != 1:
            raise SsoRefused(Problem.WRONG_ANSWER, "the form has no logout token, or several")
        await ports.sso.logout(provider, tokens[0], address_of(request))
    except SsoRefused:
        return JSONResponse({"error": "invalid_request"}, 400)
    return Response(status_code=200)


def _answer(request: Request) -> dict[str, str]:
    """The parameters we use. None at all where one comes twice (RFC 6749 3.1) or is too long: nothing then fits a sign-on of ours."""
    found = {name: request.query_params.getlist(name) for name in ANSWER}
    if any(len(values) > 1 or any(len(value) > MAX_ANSWER_CHARS for value in values) for values in found.values()):
        return {}
    return {name: values[0] for name, values in found.items() if values}


def _language(request: Request) -> str:
    return request.headers.get("accept-language", "")
