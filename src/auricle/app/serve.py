"""Running a practice until it is told to stop."""

import asyncio
import json
import os
import signal
from pathlib import Path

from auricle.app.instance import Instance


async def serve_until_stopped(settings: Path, passphrase: str | None, parts: Path | None) -> None:
    """Start the practice; stop it on SIGINT or SIGTERM. `parts` gets the process ids once all is up."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    instance = Instance(settings, passphrase)
    await instance.start()
    try:
        if parts is not None:
            written = parts.with_suffix(".part")
            written.write_text(json.dumps({"python": os.getpid(), **instance.parts()}))
            written.replace(parts)
        await stop.wait()
    finally:
        await instance.stop()
