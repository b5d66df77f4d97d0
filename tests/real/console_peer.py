"""The real web app over the fakes, on HTTPS, for the console's tests and for working on the console: `python -m tests.real.console_peer`.

Prints one JSON line with its address and sign-in, then obeys lines on standard input (see `obey`).
"""

import asyncio
import json
import sys
from argparse import ArgumentParser
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.web_ports import PASSWORD, FakeSessions, FakeWorld, a_message, a_running_call, busy_world, spoken

from auricle.adapters.certificates import ensure_demo_ca
from auricle.kernel.ids import PersonId, VoicemailId
from auricle.web.app import create_app
from auricle.web.ports import ServiceState, VoicemailChanged
from auricle.web.server import server


def obey(world: FakeWorld, sessions: FakeSessions, words: list[str]) -> None:
    """One command."""
    now = world.now()
    match words:
        case ["service", name, state]:
            world.tell(ServiceState(name, state))
        case ["ring"]:
            world.tell(a_running_call("live9", now, "+12025550157", "Joe Castellano", step="front", with_people=(PersonId("dana-reyes"),)))
        case ["talk"]:
            world.tell(
                a_running_call(
                    "live9",
                    now - timedelta(seconds=5),
                    "+12025550157",
                    "Joe Castellano",
                    step="talking",
                    answered_at=now,
                    with_people=(PersonId("dana-reyes"),),
                )
            )
        case ["end"]:
            world.tell(a_running_call("live9", now - timedelta(seconds=30), over=True))
        case ["voicemail"]:
            text, sound = spoken("This is Grace Kim about the test results.")
            world.messages[VoicemailId("vm9")] = a_message("vm9", now, len(sound) / 8000)
            world.texts[VoicemailId("vm9")], world.sounds[VoicemailId("vm9")] = text, sound
            world.tell(VoicemailChanged(VoicemailId("vm9")))
        case ["expire"]:
            sessions.live.clear()
        case ["empty"]:
            world.calls.clear()
            world.running.clear()
            world.messages.clear()


async def serve(host: str, port: int) -> None:
    """Until standard input ends."""
    world = busy_world()
    ports = world.ports()
    sessions = FakeSessions(world)
    app = create_app(replace(ports, sessions=sessions))
    with TemporaryDirectory() as directory:
        certificates = ensure_demo_ca(Path(directory), [host], datetime.now(UTC))
        running = server(app, host, port, certificates.certificate, certificates.private_key)
        serving = asyncio.ensure_future(running.serve())
        while not running.started:
            await asyncio.sleep(0.01)
        chosen = running.servers[0].sockets[0].getsockname()[1]
        print(json.dumps({"url": f"https://{host}:{chosen}", "username": "dana.reyes", "password": PASSWORD}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            obey(world, sessions, line.split())
            print("ok", flush=True)
        running.should_exit = True
        await serving


if __name__ == "__main__":
    parser = ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.host, arguments.port))
