"""Keys of a practice that runs: rotated by the command line under a call, refused by their provider, sealed anew through kills."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auricle.adapters.clock import SystemEntropy
from auricle.adapters.keys import FileKeys
from auricle.adapters.keys.vault_transit import TransitKey, VaultTransitProvider
from auricle.app.demo.practice import ADMIN_USER, MAIN_NUMBER, make_demo_practice
from auricle.app.instance import Instance
from auricle.calls.records import CallRecord, Direction, Disposition, Protection
from auricle.kernel.ids import CallId
from auricle.kernel.phi import Phi
from auricle.vault.keyring import Purpose
from real.keys.rekeying_child import Kept
from real.test_instance import SRTP_SDP, Practice, until

pytestmark = pytest.mark.real
HERE = Path(__file__).parent
PEER = HERE.parents[1] / "peers" / "kms_vault.py"


class KeyService:
    """The running peer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def control(self, mode: str) -> None:
        data = json.dumps({"mode": mode}).encode()
        request = urllib.request.Request(f"{self.url}/control", data, {"Content-Type": "application/json"})
        await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=5).read())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyService]:
    monkeypatch.setenv("VAULT_TOKEN", "hvs.test")
    process = subprocess.Popen([sys.executable, str(PEER), "hvs.test"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield KeyService(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


@pytest.fixture
async def practice(service: KeyService, tmp_path: Path) -> AsyncIterator[Practice]:
    """A demo practice whose root key is held by a key service that is asked every second."""
    made = make_demo_practice(tmp_path, 0)
    keys = f'\n[keys]\nprovider = "vault"\nkey = "auricle"\nendpoint = "{service.url}"\ncheck_s = 1\ngrace_s = 1\ntimeout_s = 1\n'
    made.settings.write_text(made.settings.read_text() + keys)
    flow = (
        "id: main\nstart: hello\nsteps:\n  hello: {do: say, text: Please wait., next: box}\n"
        "  box: {do: voicemail, mailbox: nurses, next: bye}\n  bye: {do: hang_up}\n"
    )
    (tmp_path / "main.yaml").write_text(flow)
    provider = VaultTransitProvider(TransitKey(service.url, "auricle", lambda: "hvs.test"))
    FileKeys(tmp_path / "data" / "keys", SystemEntropy(), provider=provider).create(None)
    instance = Instance(made.settings, None)
    await instance.start()
    await instance.add_account(ADMIN_USER, "dana-reyes", made.console_password)
    try:
        yield Practice(made, instance)
    finally:
        await instance.stop()


def invite() -> dict[str, str]:
    return {"uri": f"sip:{MAIN_NUMBER}@127.0.0.1", "body": SRTP_SDP, "extra": "Content-Type: application/sdp\r\n"}


async def auricle(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "auricle", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_rotation_by_the_command_line_while_a_call_runs(practice: Practice) -> None:
    instance = practice.instance
    ring = instance.keys.keeper.keyring
    line = await practice.connect()
    await line.say("INVITE", **invite())
    answer = await line.final()
    assert answer.startswith("SIP/2.0 200")
    await line.ack(answer)
    (call,) = instance.live_calls()
    turned = asyncio.Event()
    instance.keys.keeper.on_change(turned.set)
    file = instance.data_directory / "keys" / "keys.json"
    before = file.stat().st_ino
    rotating = asyncio.ensure_future(auricle("keys", "rotate", "--settings", str(practice.made.settings)))

    async def written() -> bool:
        return file.stat().st_ino != before

    async with asyncio.timeout(60):
        while not await written():
            await asyncio.sleep(0.005)
    at = time.monotonic()
    await asyncio.wait_for(turned.wait(), 5)
    took = time.monotonic() - at
    assert took < 1.0, f"the running practice took {took:.2f} s to use the new epoch"
    code, output = await rotating
    assert code == 0, output
    assert {ring.epoch(purpose) for purpose in Purpose} == {2}
    assert [running.id for running in instance.live_calls()] == [call.id], "the call went on"
    line.close()  # the carrier's connection is gone; the call ends by its own timers or is ended here
    code, output = await auricle("keys", "status", "--json", "--settings", str(practice.made.settings))
    assert code == 0, output
    found = json.loads(output)
    assert (found["provider"], found["state"]["state"]) == ("vault", "up")

    async def sealed_anew() -> bool:
        return set((await instance.keys.job.behind()).values()) == {0}

    await until(sealed_anew, 30)
    report = await instance.verify_audit()
    assert report.ok, report.fault


async def test_a_revoked_key_stops_new_records_and_nothing_else(practice: Practice, service: KeyService) -> None:
    instance = practice.instance
    async with practice.browser() as browser:
        await browser.post("/api/v1/session", json={"username": ADMIN_USER, "password": practice.made.console_password})

        async def state(wanted: str) -> bool:
            services = (await browser.get("/api/v1/system")).json()["services"]
            return [one["state"] for one in services if one["name"] == "keys"] == [wanted]

        async def up() -> bool:
            return await state("up")

        async def refused() -> bool:
            return await state("refused")

        await until(up)
        line = await practice.connect()
        await line.say("INVITE", **invite())
        running = await line.final()
        await line.ack(running)
        (before,) = instance.live_calls()

        async def records() -> bool:
            return bool(list((instance.data_directory / "blobs").glob("*.part")))

        await until(records)
        await service.control("denied")
        await until(refused)
        assert instance.keys.keeper.state.text.startswith("keys: refused by provider since ")
        assert [call.id for call in instance.live_calls()] == [before.id]
        assert await records(), "the recording that ran goes on"
        again = await practice.connect()
        await again.say("INVITE", **invite())
        assert (await again.final()).startswith("SIP/2.0 200"), "calls are taken on"
        parts = len(list((instance.data_directory / "blobs").glob("*.part")))
        assert parts == 1, "and nothing new is recorded"
        assert (await browser.get("/api/v1/calls")).status_code in (200, 403)
        await service.control("ok")
        await until(up)
        assert instance.keys.keeper.keyring.refused is None
        line.close()
        again.close()
    await instance.keys.store.checkpoint()
    exported = await asyncio.to_thread(lambda: [json.loads(line) for line in instance.keys.store.audit_export()])
    leaves = [json.loads(line["leaf"]) for line in exported if "leaf" in line]
    outcomes = [(leaf["action"], leaf["outcome"]) for leaf in leaves]
    assert ("keys.provider", "refused") in outcomes
    assert ("keys.provider", "done") in outcomes


async def test_a_practice_whose_provider_refuses_does_not_start(practice: Practice, service: KeyService) -> None:
    await practice.instance.stop()
    await service.control("denied")
    code, output = await auricle("serve", str(practice.made.settings))
    assert (code, output.count("\n")) == (1, 1), output
    assert "Vault refuses the key 'auricle'" in output
    await service.control("sealed")
    code, output = await auricle("serve", str(practice.made.settings))
    assert (code, "is it sealed?" in output) == (1, True), output
    await service.control("ok")


def a_call(number: int) -> CallRecord:
    started = datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=number)
    return CallRecord(
        id=CallId(f"c{number:06}"),
        direction=Direction.INBOUND,
        caller=Phi("+12025550142"),
        caller_name=Phi("Maria Alvarez"),
        called=Phi("+12025550100"),
        started_at=started,
        answered_at=None,
        ended_at=started + timedelta(seconds=9),
        disposition=Disposition.ABANDONED,
        answered_by=None,
        steps=("greeting",),
        protection=Protection.TO_GATEWAY,
        legs=(),
    )


def epochs(directory: Path) -> dict[str, int]:
    connection = sqlite3.connect(directory / "auricle.db")
    try:
        return dict(connection.execute("SELECT hex(substr(sealed, 1, 2)), count(*) FROM call GROUP BY 1").fetchall())
    finally:
        connection.close()


async def test_sealing_anew_survives_being_killed_again_and_again(tmp_path: Path) -> None:
    calls = 1500
    kept = Kept(tmp_path)
    for start in range(0, calls, 250):
        await asyncio.gather(*(kept.store.add_call(a_call(number)) for number in range(start, start + 250)))
    await kept.keeper.change(lambda ring: ring.rotate(Purpose.CALL_RECORD, SystemEntropy()) and None)  # type: ignore[func-returns-value]
    kept.store.close()
    for turn in range(3):
        child = subprocess.Popen([sys.executable, str(HERE / "rekeying_child.py"), str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "began\n"
        time.sleep(0.01 * turn)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    between = epochs(tmp_path)
    assert set(between) == {"0001", "0002"}, between
    assert sum(between.values()) == calls
    again = Kept(tmp_path)
    await again.job.once()
    assert epochs(tmp_path) == {"0002": calls}
    (progress,) = [one for one in await again.store.rekey_progress() if one.purpose == Purpose.CALL_RECORD]
    assert (progress.state, progress.damaged) == ("done", 0)
    again.store.close()
    assert replace(progress).total == progress.done
