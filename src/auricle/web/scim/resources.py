"""What our SCIM service is: one resource type, `User`, of which only `active` can be changed (RFC 7643 4.1, 5, 6, 7)."""

from datetime import datetime
from typing import Annotated, Any

from scim2_models import (
    URN,
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    ListResponse,
    Meta,
    Mutability,
    Patch,
    Resource,
    ResourceType,
    Schema,
    ScimPolicy,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from auricle.web.scim.ports import ScimPerson

MAX_RESULTS = 200
LENIENT = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)  # directories send all they know with a PUT; what we lack is left aside


class Staff(Resource[Any]):
    """A person. The settings make people and name them; SCIM may only end their access."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Mutability.read_only, Uniqueness.server] = None
    """The console account, or the person's id; always there, and not asked for in a PUT, which could not change it."""
    display_name: Annotated[str | None, Mutability.read_only] = None
    """The name."""
    active: bool | None = None
    """False ends all access of this person within a second; true again is for the console."""


def staff(person: ScimPerson, base: str) -> Staff:
    """A person as a SCIM resource; `base` is the service's address."""
    meta: Meta = Meta(resource_type="User", location=f"{base}/Users/{person.id}", last_modified=person.changed_at)
    return Staff(id=person.id, user_name=person.username, display_name=person.name, active=person.active, meta=meta)


def service_provider_config(base: str) -> ServiceProviderConfig:
    """What we can and cannot do (RFC 7643 5)."""
    bearer = AuthenticationScheme(
        type=AuthenticationScheme.Type.oauthbearertoken,
        name="API key",
        description="An API key of the console with the scope people.deprovision, as Authorization: Bearer",
        primary=True,
    )
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=False),
        authentication_schemes=[bearer],
        meta=_meta("ServiceProviderConfig", f"{base}/ServiceProviderConfig"),
    )


def resource_types(base: str) -> list[ResourceType]:
    """The one type there is."""
    kind = ResourceType.from_resource(Staff)
    kind.description = "People of the practice"
    kind.meta = _meta("ResourceType", f"{base}/ResourceTypes/User")
    return [kind]


def schemas(base: str) -> list[Schema]:
    """Its schema."""
    schema = Staff.to_schema()
    schema.name, schema.description = "User", "People of the practice"
    schema.meta = _meta("Schema", f"{base}/Schemas/{schema.id}")
    return [schema]


def listing(kind: type[Resource[Any]], found: list[Any], start: int, count: int) -> Any:
    """One page (RFC 7644 3.4.2.4)."""
    page = found[start : start + count]
    return ListResponse[kind](  # type: ignore[valid-type]
        total_results=len(found), start_index=start + 1, items_per_page=len(page), resources=page
    )


def _meta(kind: str, location: str, changed: datetime | None = None) -> Meta:
    return Meta(resource_type=kind, location=location, last_modified=changed)
