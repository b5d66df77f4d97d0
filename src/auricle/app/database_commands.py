"""What `auricle database …` leaves in the audit log of the practice."""

from pathlib import Path

from auricle.access.subject import COMMAND_LINE
from auricle.app.instance import Instance
from auricle.vault.gate import Outcome, Ref


async def record_migration(settings: Path, passphrase: str | None, role: str) -> None:
    """The entry about a new schema, and who may now write. Raises what opening the practice raises."""
    instance = Instance(settings, passphrase)
    try:
        await instance.keys.store.record(COMMAND_LINE, "database.migrate", Ref("database", role or "*"), Outcome.DONE, "by the owner")
    finally:
        await instance.stop()
