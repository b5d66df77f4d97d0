"""Keys for programs; all of it needs a step-up."""

from typing import Annotated

from fastapi import APIRouter, Depends

from auricle.access.model import Action
from auricle.web.api_keys.ports import KeyInfo
from auricle.web.api_keys.schemas import ApiKeyForm, ApiKeyList, ApiKeyView, NewApiKeyView
from auricle.web.guard import Ports, Requires
from auricle.web.names import person_ref
from auricle.web.ports import WebPorts
from auricle.web.signed_in import SignedIn

router = APIRouter(prefix="/api-keys", tags=["api-keys"])
Manager = Annotated[SignedIn, Depends(Requires(Action.API_KEYS_MANAGE))]


@router.get("")
async def api_keys(ports: Ports, me: Manager) -> ApiKeyList:
    """All keys in force."""
    keys = [_view(ports, key) for key in await ports.api_keys.keys(me)]
    return ApiKeyList(keys=keys, scopes=list(await ports.api_keys.scopes(me)))


@router.post("", status_code=201)
async def make_api_key(form: ApiKeyForm, ports: Ports, me: Manager) -> NewApiKeyView:
    """A key of one's own, shown this once."""
    made = await ports.api_keys.make(me, form.name, form.scopes, form.expires_at)
    return NewApiKeyView(id=made.info.id, key=made.key, expires_at=made.info.expires_at)


@router.delete("/{key}", status_code=204)
async def revoke_api_key(key: str, ports: Ports, me: Manager) -> None:
    """End it at once."""
    await ports.api_keys.revoke(me, key)


def _view(ports: WebPorts, key: KeyInfo) -> ApiKeyView:
    return ApiKeyView(
        id=key.id,
        name=key.name,
        owner=person_ref(ports.practice, key.owner),
        scopes=list(key.scopes),
        created_at=key.created_at,
        expires_at=key.expires_at,
        last_used_at=key.last_used_at,
    )
