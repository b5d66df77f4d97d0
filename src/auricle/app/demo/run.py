"""`auricle demo`: make the practice, start it, play the story, print what was shown."""

import asyncio
import shutil
import signal
from pathlib import Path

from rich.console import Console

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.app.demo.phone import PhoneFailed
from auricle.app.demo.practice import ADMIN_USER, DemoPractice, make_demo_practice
from auricle.app.demo.story import ClaimFailed, Story
from auricle.app.instance import Instance


async def run_demo(directory: Path, *, once: bool, as_json: bool, console_port: int) -> int:
    """The exit code: 0 only when everything the story claims was checked in this run."""
    screen = Console(stderr=as_json, highlight=False)
    made = _fresh(directory, 0 if once else console_port)
    screen.print("[bold]Auricle demo[/] — Harbor Street Family Medicine, made up, on this machine only.")
    screen.print("Starting Kamailio, rtpengine and the practice …")
    instance = Instance(made.settings, None)
    await instance.start(console=not once)
    try:
        await instance.add_account(ADMIN_USER, "dana-reyes", made.console_password)
        story = Story(instance, made, screen.print)
        try:
            outcome = await story.play()
        except (ClaimFailed, PhoneFailed) as error:
            screen.print(f"[bold red]Not shown:[/] {error}")
            return 1
        if as_json:
            print(outcome.to_json())
        screen.print(f"\n[bold green]Everything above was checked in this run[/] ({outcome.seconds:.0f} s).")
        if not once:
            await _keep_open(instance, made, screen)
    finally:
        await instance.stop()
    return 0


async def _keep_open(instance: Instance, made: DemoPractice, screen: Console) -> None:
    screen.print(f"\nConsole:  [bold]{instance.console_url}[/]   (its certificate is signed by {instance.ca_certificate})")
    screen.print(f"Sign in:  [bold]{ADMIN_USER}[/]   password  [bold]{made.console_password}[/]")
    screen.print("Ctrl-C stops the practice.")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


def _fresh(directory: Path, console_port: int) -> DemoPractice:
    """A new practice in place of the last demo's; only a directory that a demo made is removed."""
    directory = directory.resolve()
    if (directory / "settings.toml").exists():
        shutil.rmtree(directory)
    made = make_demo_practice(directory, console_port)
    FileKeys(directory / "data" / "keys", SystemEntropy()).create(None)
    return made
