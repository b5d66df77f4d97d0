"""What `auricle keys …` does to a practice that may be running: through the gate, as the actor `cli`; it is noticed within a second."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from auricle.access.subject import COMMAND_LINE
from auricle.adapters.clock import SystemClock, SystemEntropy
from auricle.adapters.keys import FileKeys, KeysReplayed
from auricle.app.instance import Instance
from auricle.app.key_parts import key_files
from auricle.app.settings import load_settings
from auricle.kernel.errors import AuricleError, PeerError
from auricle.vault.gate import Outcome, Ref
from auricle.vault.keyring import Purpose

WHY = "command line"
FILE = Ref("keys", "file")
T = TypeVar("T")


class NoSuchPurpose(PeerError):
    """The text names those there are."""

    code = "keys.no_such_purpose"


def provider_kind(settings: Path) -> str:
    """Who is to hold the root key, by the settings."""
    return load_settings(settings).keys.provider


async def status(settings: Path, passphrase: str | None) -> dict[str, Any]:
    """Everything that may be shown of keys; of a locked file its holders and why it is locked."""
    files = _files(settings)
    found: dict[str, Any] = {
        "file": str(files.file),
        "provider": provider_kind(settings),
        "holders": [{"kind": one.kind, "made_at": datetime.fromtimestamp(one.made_at, UTC).isoformat()} for one in files.holders()],
    }

    async def read(instance: Instance) -> dict[str, Any]:
        await instance.keys.keeper.ask()
        return asdict(await instance.keys.web.view(COMMAND_LINE))

    try:
        return found | {"locked": None} | await _with(settings, passphrase, read) | {"holders": found["holders"]}
    except AuricleError as error:
        return found | {"locked": str(error)}


async def rotate(settings: Path, passphrase: str | None, purpose: str | None) -> None:
    """New epochs of one purpose or of all. Raises NoSuchPurpose."""
    if purpose is not None and purpose not in list(Purpose):
        raise NoSuchPurpose(f"there is no purpose '{purpose}': give one of {', '.join(Purpose)}, or none for all")
    await _with(settings, passphrase, lambda instance: instance.keys.web.rotate(COMMAND_LINE, purpose))


async def change_passphrase(settings: Path, old: str | None, new: str) -> None:
    """Put a new passphrase in the old one's place, or in a development key's."""

    async def work(instance: Instance) -> None:
        del instance
        await asyncio.to_thread(_files(settings).change_passphrase, old, new)

    await _changed(settings, old, "keys.passphrase", work)


async def rewrap(settings: Path, passphrase: str | None, *, only: bool, fresh_root: bool, accept_older: bool) -> None:
    """Give the root key to the configured holder anew."""

    async def work(instance: Instance) -> None:
        newest = await instance.keys.store.key_generation() if accept_older else 0
        await asyncio.to_thread(_files(settings).rewrap, passphrase, only=only, fresh_root=fresh_root, accept_older=newest)

    await _changed(settings, passphrase, "keys.rewrap", work, accept_older=accept_older, look=not fresh_root)


async def export_recovery(settings: Path, passphrase: str | None, shares: int, needed: int) -> list[str]:
    """The words of each share; they are nowhere else."""

    async def work(instance: Instance) -> list[str]:
        return await asyncio.to_thread(_files(settings).export_recovery, instance.keys.keys.root, shares, needed)

    return await _changed(settings, passphrase, "keys.export-recovery", work)


async def recover(settings: Path, shares: Sequence[str], passphrase: str) -> None:
    """Open with shares and set a new passphrase; the entry comes after, since the log cannot be written without keys."""
    await asyncio.to_thread(_files(settings).recover, list(shares), passphrase)

    async def note(instance: Instance) -> None:
        await instance.keys.store.record(COMMAND_LINE, "keys.recover", FILE, Outcome.DONE, WHY)

    await _with(settings, passphrase, note)


async def _changed(
    settings: Path,
    passphrase: str | None,
    action: str,
    work: Callable[[Instance], Awaitable[T]],
    *,
    accept_older: bool = False,
    look: bool = True,
) -> T:
    """Change the file between the entry that allows it and the one that says it was done."""

    async def act(instance: Instance) -> T:
        keys = instance.keys
        await keys.gate.check(COMMAND_LINE, "keys.rotate", FILE, f"{WHY}: {action}")
        done = await work(instance)
        await keys.store.record(COMMAND_LINE, action, FILE, Outcome.DONE, WHY)
        if look:
            await keys.keeper.look()
        return done

    return await _with(settings, passphrase, act, accept_older=accept_older)


async def _with(settings: Path, passphrase: str | None, act: Callable[[Instance], Awaitable[T]], *, accept_older: bool = False) -> T:
    instance = Instance(settings, passphrase)
    try:
        try:
            await instance.keys.keeper.start()
        except KeysReplayed:
            if not accept_older:
                raise
        return await act(instance)
    finally:
        await instance.stop()


def _files(settings: Path) -> FileKeys:
    read, base = load_settings(settings), settings.parent
    return key_files(read.keys, base, (base / read.data.directory).resolve(), SystemEntropy(), SystemClock())
