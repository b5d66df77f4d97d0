"""SCIM 2.0 (RFC 7644) for ending access: people are listed, filtered and read; `active: false` and DELETE end all their access."""

from json import JSONDecodeError
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from scim2_models import Context, InvalidSyntaxException, InvalidValueException, PatchOp, Resource, SearchRequest

from auricle.access.model import Action
from auricle.kernel.ids import PersonId
from auricle.web.guard import Ports, Requires
from auricle.web.scim.answers import CREATING, RESTORING, SCIM_JSON, ScimRefused, ScimRoute, answer
from auricle.web.scim.resources import (
    LENIENT,
    MAX_RESULTS,
    Staff,
    listing,
    resource_types,
    schemas,
    service_provider_config,
    staff,
)
from auricle.web.signed_in import SignedIn

BASE = "/api/v1/scim/v2"
MAX_QUERY_CHARS = 2000
router = APIRouter(prefix="/scim/v2", tags=["scim"], route_class=ScimRoute, include_in_schema=False)
Client = Annotated[SignedIn, Depends(Requires(Action.PEOPLE_DEPROVISION))]


@router.get("/Users")
async def scim_users(request: Request, ports: Ports, me: Client) -> Response:
    """People, filtered and a page of them; sorting is not supported and asked for in vain (RFC 7644 3.4.2.3)."""
    query = _query(request)
    found = [staff(person, _base(request)) for person in await ports.scim.people(me.actor)]
    if query.filter is not None:
        found = [person for person in found if query.filter.match(person)]
    count = MAX_RESULTS if query.count is None else min(query.count, MAX_RESULTS)
    return _shown(listing(Staff, found, query.start_index_0 or 0, count), query)


@router.get("/Users/{person}")
async def scim_user(person: str, request: Request, ports: Ports, me: Client) -> Response:
    """One person."""
    query = _query(request)
    return _shown(staff(await ports.scim.person(me.actor, PersonId(person)), _base(request)), query)


@router.put("/Users/{person}")
async def scim_replace(person: str, request: Request, ports: Ports, me: Client) -> Response:
    """Only `active` counts; what is read-only or unknown is left aside (RFC 7644 3.5.1)."""
    now = staff(await ports.scim.person(me.actor, PersonId(person)), _base(request))
    wanted = Staff.model_validate(await _body(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST, scim_policy=LENIENT)
    return await _made_so(now, wanted.active, request, ports, me)


@router.patch("/Users/{person}")
async def scim_patch(person: str, request: Request, ports: Ports, me: Client) -> Response:
    """The operations of RFC 7644 3.5.2; again only `active` can change."""
    now = staff(await ports.scim.person(me.actor, PersonId(person)), _base(request))
    operations = PatchOp[Staff].model_validate(await _body(request), scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=LENIENT)
    wanted = now.model_copy(deep=True)
    operations.patch(wanted, LENIENT)
    return await _made_so(now, wanted.active, request, ports, me)


@router.delete("/Users/{person}")
async def scim_delete(person: str, ports: Ports, me: Client) -> Response:
    """End all access; the person is then unknown here until restored in the console (RFC 7644 3.6)."""
    await ports.scim.deactivate(me.actor, PersonId(person), delete=True)
    return Response(status_code=204)


@router.post("/Users")
async def scim_create(me: Client) -> Response:
    """Not supported."""
    raise ScimRefused(501, CREATING)


@router.get("/ServiceProviderConfig")
async def scim_config(request: Request, me: Client) -> Response:
    """What this service can do."""
    _no_filter(request)
    return answer(service_provider_config(_base(request)), Context.RESOURCE_QUERY_RESPONSE)


@router.get("/ResourceTypes")
async def scim_resource_types(request: Request, me: Client) -> Response:
    """The types of resources."""
    return _all(request, resource_types(_base(request)))


@router.get("/ResourceTypes/{name}")
async def scim_resource_type(name: str, request: Request, me: Client) -> Response:
    """One of them."""
    return _one(resource_types(_base(request)), name)


@router.get("/Schemas")
async def scim_schemas(request: Request, me: Client) -> Response:
    """Their schemas."""
    return _all(request, schemas(_base(request)))


@router.get("/Schemas/{name}")
async def scim_schema(name: str, request: Request, me: Client) -> Response:
    """One of them."""
    return _one(schemas(_base(request)), name)


@router.api_route("/Me", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
@router.api_route("/Bulk", methods=["POST"])
@router.api_route("/.search", methods=["POST"])
@router.api_route("/Users/.search", methods=["POST"])
async def scim_unsupported(me: Client) -> Response:
    """Parts of RFC 7644 that are optional and not here (3.4.3, 3.7, 3.11)."""
    raise ScimRefused(501, "This service does not do that.")


@router.api_route("/ServiceProviderConfig", methods=["POST", "PUT", "PATCH", "DELETE"])
@router.api_route("/ResourceTypes", methods=["POST", "PUT", "PATCH", "DELETE"])
@router.api_route("/Schemas", methods=["POST", "PUT", "PATCH", "DELETE"])
@router.api_route("/Users", methods=["PUT", "PATCH", "DELETE"])
async def scim_wrong_method(me: Client) -> Response:
    """Not done at this address."""
    raise ScimRefused(405, "This address does not do that.")


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def scim_nothing(rest: str, me: Client) -> Response:
    """Nothing is here."""
    raise ScimRefused(404, "There is no such resource.")


async def _made_so(now: Staff, wanted: bool | None, request: Request, ports: Ports, me: SignedIn) -> Response:
    """Make `active` what was asked for."""
    if wanted is None:
        raise InvalidValueException(detail="active is true or false")
    if wanted and not now.active:
        raise ScimRefused(403, RESTORING)
    if not wanted and now.active:
        now = staff(await ports.scim.deactivate(me.actor, PersonId(now.id or "")), _base(request))
    return answer(now, Context.RESOURCE_REPLACEMENT_RESPONSE)


async def _body(request: Request) -> Any:
    try:
        return await request.json()
    except (JSONDecodeError, UnicodeDecodeError):
        raise InvalidSyntaxException(detail="The body is no JSON") from None


def _query(request: Request) -> Any:
    """The parameters of RFC 7644 3.4.2 and 3.9. Raises ValidationError or SCIMException for what cannot be used."""
    if len(request.url.query) > MAX_QUERY_CHARS:
        raise ScimRefused(414, "The query is too long.")
    return SearchRequest[Staff].model_validate(dict(request.query_params), scim_policy=LENIENT)


def _shown(body: Any, query: Any) -> Response:
    """With `attributes` or `excludedAttributes` (RFC 7644 3.9)."""
    return Response(body.model_dump_json(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=query), media_type=SCIM_JSON)


def _all(request: Request, found: list[Any]) -> Response:
    _no_filter(request)
    return answer(listing(type(found[0]), found, 0, len(found)), Context.RESOURCE_QUERY_RESPONSE)


def _one(found: list[Any], name: str) -> Response:
    match: list[Resource[Any]] = [one for one in found if one.id == name]
    if not match:
        raise ScimRefused(404, "There is no such resource.")
    return answer(match[0], Context.RESOURCE_QUERY_RESPONSE)


def _no_filter(request: Request) -> None:
    """RFC 7644 4: a filter here is refused with 403."""
    if "filter" in request.query_params:
        raise ScimRefused(403, "These are not filtered.")


def _base(request: Request) -> str:
    return f"https://{request.headers.get('host', '')}{BASE}"
