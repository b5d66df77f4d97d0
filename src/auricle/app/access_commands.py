"""What `auricle access …` does to a practice that may be running: through the gate, as the actor `cli`; the practice notices at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from auricle.access.grants import TimeGrant, Wanted
from auricle.access.matrix import Cell, Explanation
from auricle.access.subject import COMMAND_LINE
from auricle.app.instance import Instance
from auricle.kernel.errors import PeerError
from auricle.kernel.ids import PersonId
from auricle.kernel.phi import Phi
from auricle.web.access.ports import WhatIf
from auricle.web.ports import NotFound

T = TypeVar("T")


class NobodyLikeThat(PeerError):
    """The practice has no such person and no such account; the text says where both stand."""

    code = "access.nobody"


async def matrix(settings: Path, passphrase: str | None) -> list[Cell]:
    """The whole table, with this practice's settings."""

    async def read(instance: Instance) -> list[Cell]:
        return list(await instance.access.admin.matrix(COMMAND_LINE))

    return await _with(settings, passphrase, read)


async def explain(settings: Path, passphrase: str | None, user: str, question: WhatIf) -> Explanation:
    """One decision about a person or an account of this practice. Raises NobodyLikeThat."""

    async def ask(instance: Instance) -> Explanation:
        person = await _person(instance, user)
        asked = WhatIf(question.action, question.kind, person, question.roles, question.id, question.mailbox, question.stepped_up)
        return await instance.access.admin.what_if(COMMAND_LINE, asked)

    return await _with(settings, passphrase, ask)


async def grants(settings: Path, passphrase: str | None) -> list[TimeGrant]:
    """All grants, newest first."""

    async def read(instance: Instance) -> list[TimeGrant]:
        return list(await instance.access.admin.grants(COMMAND_LINE))

    return await _with(settings, passphrase, read)


async def grant(settings: Path, passphrase: str | None, user: str, asked: tuple[str, str, str], hours: float, reason: str) -> TimeGrant:
    """Give one; `asked` is action, record and mailbox. Raises BadGrant or NobodyLikeThat."""

    async def give(instance: Instance) -> TimeGrant:
        action, record, mailbox = asked
        until = datetime.now(UTC) + timedelta(hours=hours)
        wanted = Wanted(await _person(instance, user), action, until, Phi(reason), record, mailbox)
        return await instance.access.admin.grant(COMMAND_LINE, wanted)

    return await _with(settings, passphrase, give)


async def revoke(settings: Path, passphrase: str | None, grant_id: str) -> None:
    """End one at once. Raises NobodyLikeThat where there is none of this id."""

    async def end(instance: Instance) -> None:
        try:
            await instance.access.admin.revoke(COMMAND_LINE, grant_id)
        except NotFound:
            raise NobodyLikeThat(f"there is no grant '{grant_id}': auricle access grants lists them") from None

    await _with(settings, passphrase, end)


async def _person(instance: Instance, user: str) -> PersonId:
    """A person by id, or by the user name of an account."""
    if PersonId(user) in instance.practice.people:
        return PersonId(user)
    for line in await instance.identity.users.lines():
        if line.username == user:
            return PersonId(line.person)
    raise NobodyLikeThat(f"'{user}' is no person of the settings and no account: auricle user list shows both")


async def _with(settings: Path, passphrase: str | None, work: Callable[[Instance], Awaitable[T]]) -> T:
    instance = Instance(settings, passphrase)
    try:
        return await work(instance)
    finally:
        await instance.stop()
