"""What `auricle database …` leaves in the audit log of the practice."""

from pathlib import Path
from typing import ClassVar

from auricle.access.subject import COMMAND_LINE
from auricle.adapters.store.authority import Difference
from auricle.adapters.store.schema.authority import COUNTED
from auricle.app.instance import Instance
from auricle.kernel.errors import PeerError
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Keyring, Purpose


class NoSuchTable(PeerError):
    """Not a table that is counted."""

    code: ClassVar[str] = "database.no_such_table"


async def check_authority(settings: Path, passphrase: str | None) -> list[Difference]:
    """Tables of authority that are not as they were left; each is an entry. Raises what opening the practice raises."""
    instance = Instance(settings, passphrase)
    try:
        found = await instance.authority.step()
        purpose = f"{len(found)} tables are not as they were left"
        await instance.keys.store.record(COMMAND_LINE, "authority.check", Ref("authority", "*"), Outcome.DONE, purpose)
        return found
    finally:
        await instance.stop()


async def accept_authority(settings: Path, passphrase: str | None, table: str) -> None:
    """Take a table as it is now, with an entry; who was dismissed stays dismissed. Raises NoSuchTable."""
    if table not in COUNTED:
        raise NoSuchTable(f"{table}: none of {', '.join(sorted(COUNTED))}")
    instance = Instance(settings, passphrase)
    try:
        await instance.keys.store.accept_authority(COMMAND_LINE, table)
    finally:
        await instance.stop()


async def take_back_epochs(settings: Path, passphrase: str | None) -> int:
    """Let rows count again that are vouched for under retired epochs, with an entry; how many epochs that were.

    For a database that was put back from a backup of before a rotation: its rows are vouched for anew, and the epochs retired again.
    """
    instance = Instance(settings, passphrase)
    keeper = instance.keys.keeper
    try:
        retired = [number for number, epoch in keeper.keyring.epochs(Purpose.AUTH).items() if epoch.retired_at is not None]

        def turn(ring: Keyring) -> None:
            for number in retired:
                ring.retire(Purpose.AUTH, number, None)

        if retired:
            await keeper.change(turn)
        purpose = f"{len(retired)} retired epochs count again"
        await instance.keys.store.record(COMMAND_LINE, "authority.restored", Ref("keys", Purpose.AUTH.value), Outcome.DONE, purpose)
        return len(retired)
    finally:
        await instance.stop()


async def record_migration(settings: Path, passphrase: str | None, role: str) -> None:
    """The entry about a new schema, and who may now write. Raises what opening the practice raises."""
    instance = Instance(settings, passphrase)
    try:
        await instance.keys.store.record(COMMAND_LINE, "database.migrate", Ref("database", role or "*"), Outcome.DONE, "by the owner")
    finally:
        await instance.stop()
