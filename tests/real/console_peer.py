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
from types import MappingProxyType

import tests.conftest  # noqa: F401 - makes `fakes` importable
from tests.fakes.web_ports import PASSWORD, FakeSessions, FakeWorld, a_message, a_running_call, spoken
from tests.real.console_world import fill, full_world

from auricle.access.break_glass import BreakGlass
from auricle.access.passkeys import relying_party
from auricle.adapters.certificates import ensure_demo_ca
from auricle.kernel.ids import PersonId, VoicemailId
from auricle.kernel.phi import Phi
from auricle.practice.model import Person
from auricle.web.alerts.ports import AlertFound, AlertRaised
from auricle.web.app import create_app
from auricle.web.keys.ports import KeyJob, KeysChanged
from auricle.web.ports import AccessChanged, GlassChanged, ServiceState, VoicemailChanged
from auricle.web.server import server
from fakes.passkeys import FakePasskeys


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
        case _:
            _protect(world, words)


def _protect(world: FakeWorld, words: list[str]) -> None:
    now = world.now()
    match words:
        case ["require", what]:
            world.identities.required = what == "on"
        case ["alert"]:
            _alert(world)
        case ["break", person]:
            world.given.glasses["bg9"] = BreakGlass("bg9", PersonId(person), "", now, now + timedelta(minutes=30), reason=Phi("A test"))
            world.tell(GlassChanged("bg9", person, "broken"))
        case ["mask", person]:
            world.practice = replace(world.practice, people=MappingProxyType(_with_roles(world, PersonId(person), "auditor")))
            world.tell(AccessChanged())
        case ["rekeyed", done, total]:
            world.tell(KeysChanged(KeyJob("done" if done == total else "running", int(done), int(total), 0), "up"))


def _alert(world: FakeWorld) -> None:
    assert world.alerts is not None
    at = world.now()
    text = "Ben Tran was refused 12 times in 10 minutes; 10 are the limit."
    world.alerts.found.append(AlertFound("al9", "repeated-refusals", at, len(world.entries) - 1, "ben-tran", "*", 12, text))
    world.tell(AlertRaised("al9"))


def _with_roles(world: FakeWorld, person: PersonId, role: str) -> dict[PersonId, Person]:
    return dict(world.practice.people) | {person: replace(world.practice.people[person], roles=frozenset({role}))}


async def serve(host: str, port: int) -> None:
    """Until standard input ends."""
    world = full_world()
    ports = world.ports()
    fill(ports, world.now())
    sessions, passkeys = ports.sessions, ports.passkeys
    assert isinstance(sessions, FakeSessions)
    assert isinstance(passkeys, FakePasskeys)
    app = create_app(ports)
    with TemporaryDirectory() as directory:
        certificates = ensure_demo_ca(Path(directory), [host], datetime.now(UTC))
        running = server(app, host, port, certificates.certificate, certificates.private_key)
        serving = asyncio.ensure_future(running.serve())
        while not running.started:
            await asyncio.sleep(0.01)
        chosen = running.servers[0].sockets[0].getsockname()[1]
        passkeys.party = relying_party(f"https://{host}:{chosen}", world.practice.name)
        print(json.dumps({"url": f"https://{host}:{chosen}", "username": "iris.moreno", "password": PASSWORD}), flush=True)
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
