"""A whole practice, started for real, for a walk of its console: `python -m tests.real.console_practice`.

Prints one JSON line with its address and sign-in; ends with its input.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.app.demo.practice import make_demo_practice
from auricle.app.instance import Instance

OFFICER = """
[[people]]
id = "iris-moreno"
name = "Iris Moreno"
extension = "190"
roles = ["owner", "privacy-officer", "security-officer"]
"""


async def serve() -> None:
    """Until standard input ends."""
    with TemporaryDirectory() as directory:
        made = make_demo_practice(Path(directory), 0)
        text = made.settings.read_text("utf-8")
        made.settings.write_text(text.replace("[[mailboxes]]", f"{OFFICER}\n[[mailboxes]]", 1), "utf-8")
        FileKeys(Path(directory) / "data" / "keys", SystemEntropy()).create(None)
        instance = Instance(made.settings, None)
        await instance.start()
        try:
            await instance.add_account("iris.moreno", "iris-moreno", made.console_password)
            await instance.add_account("dana.reyes", "dana-reyes", made.console_password)
            url = f"https://localhost:{instance.settings.network.console_port}"
            print(json.dumps({"url": url, "username": "iris.moreno", "password": made.console_password}), flush=True)
            await asyncio.to_thread(sys.stdin.read)
        finally:
            await instance.stop()


if __name__ == "__main__":
    asyncio.run(serve())
