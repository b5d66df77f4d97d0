"""`make bench`: the call rate of this system beside Asterisk 22, on this machine, in the same run.

SIPp (carrier) → edge → B2BUA → edge → SIPp (far side); INVITE/180/200/ACK/BYE at once, PCMU offers, no media sent.
CPU is utime + stime of each part's process tree (/proc/PID/stat), so it holds whatever else the cores do; every *maximum* is one
with the load generator on the same two cores. A step is clean when < 0.1 % of its calls failed and <= 1 % were retransmitted.
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
SID = Path("/var/tmp/auricle-bench-sid")
NUMBER = "+12025550100"
UAC, UAS, UAS_PORT, UAC_PORT = "127.0.1.1", "127.0.1.2", 5070, 5080
TICK = os.sysconf("SC_CLK_TCK")
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """One rate against one system."""

    system: str
    rate: int
    calls: int
    failed: int
    retransmitted: int
    wall_s: float
    cpu_s_per_1000: dict[str, float]
    clean: bool


def tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        queue.extend(children.get(pid, ()))
    return found


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds used so far by these processes."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:13]))
    return total / TICK


@contextmanager
def sipp(scenario: str, *args: str, directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One SIPp, ended by its own process id."""
    command = ["sipp", "-sf", str(HERE / "scenarios" / scenario), "-nostdin", "-buff_size", "4000000", "-trace_stat", "-fd", "1", *args]
    process = subprocess.Popen(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()


def last_row(path: Path) -> dict[str, str]:
    """SIPp's final counters."""
    with path.open() as file:
        return list(csv.DictReader(file, delimiter=";"))[-1]


def cpu_by_part(parts: dict[str, int]) -> dict[str, float]:
    """CPU seconds of each part. Kamailio and rtpengine are children of the Python process: each counts with its own workers only."""
    trees = {name: set(tree(root)) for name, root in parts.items()}
    inner = [pids for pids in trees.values() if not any(pids > other for other in trees.values())]
    own = {name: pids.difference(*(other for other in inner if other is not pids and other < pids)) for name, pids in trees.items()}
    return {name: cpu_s(sorted(pids)) for name, pids in own.items()}


def run_step(system: str, target: str, parts: dict[str, int], rate: int, seconds: int) -> Step:
    """Drive one rate and count CPU by part. `parts` maps a name to the root process id."""
    calls = rate * seconds
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        uas_args = ("-i", UAS, "-p", str(UAS_PORT), "-stf", f"{scratch}/uas.csv")
        uac_args = (target, "-s", NUMBER, "-i", UAC, "-p", str(UAC_PORT), "-r", str(rate), "-m", str(calls), "-l", "20000")
        with sipp("uas.xml", *uas_args, directory=directory):
            time.sleep(1.0)  # SIPp prints nothing when it listens
            before = cpu_by_part(parts)
            began = time.monotonic()
            with sipp("uac.xml", *uac_args, "-stf", f"{scratch}/uac.csv", "-timeout", f"{seconds + 40}s", directory=directory) as uac:
                uac.wait(seconds + 60)
            wall = time.monotonic() - began
            time.sleep(1.0)
            after = cpu_by_part(parts)
        row, far = last_row(directory / "uac.csv"), last_row(directory / "uas.csv")
    good = int(row["SuccessfulCall(C)"])
    again = int(row["Retransmissions(C)"]) + int(far["Retransmissions(C)"])
    per_1000 = {name: round((after[name] - before[name]) / max(good, 1) * 1000, 3) for name in parts}
    clean = calls - good < 0.001 * calls and again <= 0.01 * calls and wall < seconds + 6
    return Step(system, rate, calls, calls - good, again, round(wall, 1), per_1000, clean)


@contextmanager
def asterisk() -> Iterator[dict[str, int]]:
    """Asterisk 22 in its own directory, ended when the bench is done with it."""
    process = subprocess.Popen([str(HERE / "peers" / "asterisk.sh"), "start", str(SID)], stdin=subprocess.DEVNULL)
    try:
        time.sleep(4.0)
        yield {"asterisk": process.pid}
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def auricle(directory: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """One Auricle instance on a practice made for the bench; its parts report their process ids in `parts.json`."""
    from bench_practice import write_bench_practice

    settings, target = write_bench_practice(directory, uac=UAC, uas=f"{UAS}:{UAS_PORT}", number=NUMBER)
    command = [str(HERE.parent / ".venv/bin/python"), "-m", "auricle", "serve", str(settings), "--parts", str(directory / "parts.json")]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (directory / "parts.json").exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((directory / "log").read_text()[-2000:])
            time.sleep(0.1)
        time.sleep(1.0)
        yield target, json.loads((directory / "parts.json").read_text())
    finally:
        process.terminate()
        process.wait(30)


def measure(rates: Sequence[int], seconds: int, *, with_asterisk: bool) -> list[Step]:
    """All steps of both systems; a system stops at its first step that is not clean."""
    steps: list[Step] = []
    if with_asterisk:
        subprocess.run([str(HERE / "peers" / "asterisk.sh"), "prepare", str(SID)], check=True)
        with asterisk() as parts:
            steps += climb("asterisk 22", "127.0.0.1:5160", parts, rates, seconds)
    with tempfile.TemporaryDirectory(prefix="auricle-bench-") as scratch, auricle(Path(scratch)) as (target, parts):
        steps += climb("auricle", target, parts, rates, seconds)
    return steps


def climb(system: str, target: str, parts: dict[str, int], rates: Sequence[int], seconds: int) -> list[Step]:
    """Raise the rate until a step is not clean. Prints each step."""
    steps = []
    for rate in rates:
        step = run_step(system, target, parts, rate, seconds)
        steps.append(step)
        print(json.dumps(asdict(step)), flush=True)
        if not step.clean:
            break
        time.sleep(SETTLE_S)
    return steps


def report(steps: Sequence[Step]) -> str:
    """The table for docs/evidence.md and bench/README.md."""
    lines = ["| system | calls/s | failed | CPU-s per 1000 calls | clean |", "|---|---|---|---|---|"]
    peer = {step.rate: step.cpu_s_per_1000["asterisk"] for step in steps if step.system.startswith("asterisk")}
    for step in steps:
        parts = ", ".join(f"{name} {value:.2f}" for name, value in step.cpu_s_per_1000.items())
        mine = step.cpu_s_per_1000.get("python")
        ratio = ""
        if mine and step.rate in peer:
            whole = sum(step.cpu_s_per_1000.values())
            ratio = f"; python/asterisk {mine / peer[step.rate]:.2f}, all parts/asterisk {whole / peer[step.rate]:.2f}"
        lines.append(f"| {step.system} | {step.rate} | {step.failed}/{step.calls} | {parts}{ratio} | {'yes' if step.clean else 'no'} |")
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=[50, 100, 200, 300, 400])
    parser.add_argument("--seconds", type=int, default=10, help="of load at each rate")
    parser.add_argument("--no-asterisk", action="store_true")
    arguments = parser.parse_args()
    steps = measure(arguments.rates, arguments.seconds, with_asterisk=not arguments.no_asterisk)
    table = report(steps)
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    (out / "callrate.json").write_text(json.dumps([asdict(step) for step in steps], indent=1))
    (out / "callrate.md").write_text(table + "\n")
    print(table)


if __name__ == "__main__":
    main()
