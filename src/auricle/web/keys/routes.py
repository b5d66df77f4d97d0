"""The practice's keys: their state for those who may see it, rotation for those who may do it."""

from typing import Annotated

from fastapi import APIRouter, Depends

from auricle.access.model import Action
from auricle.web.guard import Ports, Requires
from auricle.web.keys.schemas import KeysPage, RotateForm, keys_page
from auricle.web.ports import SignedIn

router = APIRouter(prefix="/keys", tags=["keys"])


@router.get("")
async def keys(ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.KEYS_READ))]) -> KeysPage:
    """Who holds the keys, their epochs, and how the re-encryption goes."""
    return keys_page(await ports.keys.view(me.actor))


@router.post("/rotate", status_code=202)
async def rotate_keys(form: RotateForm, ports: Ports, me: Annotated[SignedIn, Depends(Requires(Action.KEYS_ROTATE))]) -> None:
    """Start new epochs; records are sealed anew in the background."""
    await ports.keys.rotate(me.actor, form.purpose)
