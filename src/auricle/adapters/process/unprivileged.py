"""Running children with less than we have: never root, no capabilities, no way to gain any, no core dumps, gone when we are gone."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from auricle.adapters.process.errors import MissingProgram

NOBODY = "nobody"
DAEMON_PATH = "/usr/local/sbin:/usr/sbin:/sbin"  # daemons live here, and an ordinary account's PATH leaves it out


def find_program(program: str, name: str, package: str) -> str:
    """The program's absolute path. Raises MissingProgram with the one line that says which package has it."""
    found = shutil.which(program) or shutil.which(program, path=DAEMON_PATH)
    if found is None:
        raise MissingProgram(f"{name} is not installed: apt-get install {package}")
    return found


def account_of(daemon: str) -> str:
    """The account the daemon's package made for it, so that daemons cannot read each other's keys; `nobody` where there is none."""
    try:
        return pwd.getpwnam(daemon).pw_name
    except KeyError:
        return NOBODY


def unprivileged(command: Sequence[str], run_as: str = NOBODY) -> list[str]:
    """The command wrapped so that it runs as `run_as` without capabilities when we are root, dumps no core and dies with us.

    Raises MissingProgram where the wrapper is missing: better no child than one with our privileges.
    """
    setpriv = find_program("setpriv", "setpriv", "util-linux")
    prlimit = find_program("prlimit", "prlimit", "util-linux")
    drop: list[str] = []
    if os.geteuid() == 0:
        account = pwd.getpwnam(run_as)
        drop = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    # A core dump would hold keys and what was said.
    return [prlimit, "--core=0", setpriv, "--no-new-privs", "--pdeathsig=TERM", *drop, "--", *command]


def runtime_dir(name: str, run_as: str = NOBODY) -> Path:
    """A fresh directory that only we and children of this account can enter; the caller removes it.

    Those of processes that were killed before they could are removed here: they may hold copies of keys.
    """
    base = Path("/run" if os.geteuid() == 0 and os.access("/run", os.W_OK) else tempfile.gettempdir())
    for left in base.glob(f"auricle-{name}-*-*"):
        owner = left.name.split("-")[-2]
        if owner.isdigit() and not Path("/proc", owner).exists():
            shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=f"auricle-{name}-{os.getpid()}-", dir=base))
    give_to_children(path, run_as)
    return path


def give_to_children(path: Path, run_as: str = NOBODY) -> None:
    """Hand a file or directory to the account the children run as."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(run_as)
        os.chown(path, account.pw_uid, account.pw_gid)
