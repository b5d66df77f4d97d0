"""Children as they really behave: killed, stubborn, absent, orphaned."""

import asyncio
import os
import pwd
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from auricle.adapters.process import MissingProgram, ServiceState, StartFailed, Supervised, runtime_dir

pytestmark = pytest.mark.real

WAIT_S = 10.0
CHILD = """
import os, signal, subprocess, sys, time
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "fails" in sys.argv: sys.exit("CRITICAL: port is taken")
if "worker" in sys.argv: subprocess.Popen(["sleep", "300"])
print("ERROR: <core> [a.c:1]: f(): body of a message", file=sys.stderr, flush=True)
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(300)
"""


class Child:
    """A supervised Python process that writes its pid to a file once it is up."""

    def __init__(self, directory: Path, *words: str, program: str = "/usr/bin/python3") -> None:
        self.note = directory / "pids"
        self.note.touch()
        self.note.chmod(0o666)
        directory.chmod(0o755)
        self.states: asyncio.Queue[ServiceState] = asyncio.Queue()
        self.seen: list[str] = []
        command = [program, "-c", CHILD, str(self.note), *words]
        self.service = Supervised("child", command, "python3", ready=self.ready, on_state=self.on_state, describe=self.describe)

    async def ready(self) -> bool:
        return str(self.service.pid) in self.pids()

    def on_state(self, _name: str, state: ServiceState) -> None:
        self.states.put_nowait(state)

    def describe(self, line: str) -> None:
        self.seen.append(line)

    def pids(self) -> list[str]:
        return self.note.read_text().split() if self.note.is_file() else []

    async def state(self) -> ServiceState:
        return await asyncio.wait_for(self.states.get(), WAIT_S)


@pytest.fixture
async def child_of(tmp_path: Path) -> AsyncIterator[Callable[..., Child]]:
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)  # pytest's own are closed to the unprivileged child
    children: list[Child] = []

    def make(*words: str, program: str = "/usr/bin/python3") -> Child:
        children.append(Child(tmp_path, *words, program=program))
        return children[-1]

    yield make
    for child in children:
        await child.service.stop()


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.02)


async def test_a_killed_child_is_started_again_and_every_state_is_told(child_of: Callable[..., Child]) -> None:
    child = child_of("worker")
    await child.service.start()
    first = child.service.pid
    assert first is not None
    workers = [int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
    os.kill(first, signal.SIGKILL)
    assert [await child.state() for _ in range(4)] == [ServiceState.STARTING, ServiceState.UP, ServiceState.RESTARTING, ServiceState.UP]
    assert child.service.pid not in (None, first)
    assert len(workers) == 1
    await until(lambda: gone(workers[0]))
    await child.service.stop()
    assert await child.state() is ServiceState.STOPPED
    assert child.service.pid is None


async def test_the_child_has_none_of_our_privileges(child_of: Callable[..., Child]) -> None:
    child = child_of()
    await child.service.start()
    status = dict(line.split(":\t") for line in Path(f"/proc/{child.service.pid}/status").read_text().splitlines() if ":\t" in line)
    limits = Path(f"/proc/{child.service.pid}/limits").read_text()
    assert status["NoNewPrivs"] == "1"
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]
    if os.geteuid() == 0:
        assert status["Uid"].split()[0] == str(pwd.getpwnam("nobody").pw_uid)
        assert [int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")] == [0] * 5
        assert status["Groups"].strip() == ""


async def test_a_child_that_will_not_end_is_killed(child_of: Callable[..., Child], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auricle.adapters.process.supervised.STOP_TIMEOUT_S", 0.2)
    child = child_of("stubborn")
    await child.service.start()
    pid = child.service.pid
    await child.service.stop()
    assert pid is not None
    assert gone(pid)


async def test_a_child_that_ends_at_once_says_why(child_of: Callable[..., Child]) -> None:
    child = child_of("fails")
    with pytest.raises(StartFailed, match=r"^child ended at once: CRITICAL: port is taken$"):
        await child.service.start()
    assert child.service.state is ServiceState.STOPPED


async def test_a_missing_program_is_one_line_that_names_the_package(child_of: Callable[..., Child]) -> None:
    child = child_of(program="no-such-program")
    with pytest.raises(MissingProgram, match=r"^child is not installed: apt-get install python3$"):
        await child.service.start()


async def test_a_restart_that_fails_is_tried_again(child_of: Callable[..., Child]) -> None:
    child = child_of()
    await child.service.start()
    child.note.rename(child.note.with_name("away"))
    child.note.mkdir()  # the child cannot write its note: it fails
    os.kill(child.service.pid or 0, signal.SIGKILL)
    await until(lambda: child.service.state is ServiceState.RESTARTING and child.service.pid is None)
    await until(lambda: sum("IsADirectoryError" in line for line in child.seen) >= 2)
    child.note.rmdir()
    child.note.with_name("away").rename(child.note)
    await until(lambda: child.service.state is ServiceState.UP)


async def test_giving_up_or_stopping_during_a_start_leaves_nothing(child_of: Callable[..., Child], monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> bool:
        return False

    for interrupt in ("cancel", "stop"):
        child = child_of()
        monkeypatch.setattr(child.service, "_ready", never)
        starting = asyncio.ensure_future(child.service.start())
        await until(lambda child=child: child.service.pid is not None)  # type: ignore[misc]
        pid = child.service.pid
        await (child.service.stop() if interrupt == "stop" else asyncio.sleep(0))
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        assert pid is not None
        assert gone(pid)
        assert child.service.state is ServiceState.STOPPED


async def test_what_a_child_says_is_logged_without_its_text(child_of: Callable[..., Child], capsys: pytest.CaptureFixture[str]) -> None:
    child = child_of()
    await child.service.start()
    await until(lambda: bool(child.seen))
    assert child.seen == ["ERROR: <core> [a.c:1]: f(): body of a message"]
    assert "body of a message" not in capsys.readouterr().out


async def test_no_child_outlives_us(tmp_path: Path) -> None:
    """The process that supervises is killed -9; its child ends by the signal the kernel sends (prctl PR_SET_PDEATHSIG)."""
    program = (
        "import asyncio, os, sys\n"
        "from auricle.adapters.process import Supervised\n"
        "async def main():\n"
        "    async def ready(): return True\n"
        "    s = Supervised('c', ['sleep', '300'], 'coreutils', ready=ready, on_state=lambda n, s: None)\n"
        "    await s.start(); print(s.pid, file=sys.stderr, flush=True); await asyncio.sleep(300)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    assert process.stderr is not None
    pid = int(await asyncio.wait_for(process.stderr.readline(), WAIT_S))
    await until(lambda: Path(f"/proc/{pid}/comm").read_text().strip() == "sleep")  # past the wrapper that asks for the signal
    process.kill()
    await process.wait()
    await until(lambda: gone(pid))


async def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    """Runtime directories may hold copies of keys."""
    program = (
        "import os; from auricle.adapters.process import runtime_dir; print(runtime_dir('leftover'), flush=True); os.kill(os.getpid(), 9)"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=tmp_path)
    out, _ = await process.communicate()
    left = Path(out.decode().strip())
    assert left.is_dir()
    mine = runtime_dir("leftover")
    other = runtime_dir("leftover")
    try:
        assert not left.exists()
        assert mine.is_dir()
        assert mine.stat().st_mode & 0o077 == 0
    finally:
        mine.rmdir()
        other.rmdir()
