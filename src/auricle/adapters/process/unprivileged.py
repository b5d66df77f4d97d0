"""Running children with less than we have: never root, no capabilities, no way to gain any, gone when we are gone."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

RUN_AS = "nobody"


def unprivileged(command: Sequence[str]) -> list[str]:
    """The command wrapped so that it runs as `nobody` without capabilities when we are root, and dies with us in any case."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        return list(command)
    options = [setpriv, "--no-new-privs", "--pdeathsig=TERM"]
    if os.geteuid() == 0:
        account = pwd.getpwnam(RUN_AS)
        options += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    return [*options, "--", *command]


def runtime_dir(name: str) -> Path:
    """A fresh directory that only we and our children can enter; the caller removes it."""
    base = "/run" if os.geteuid() == 0 and os.access("/run", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix=f"auricle-{name}-", dir=base))
    give_to_children(path)
    return path


def give_to_children(path: Path) -> None:
    """Hand a file or directory to the account the children run as."""
    if os.geteuid() == 0:
        account = pwd.getpwnam(RUN_AS)
        os.chown(path, account.pw_uid, account.pw_gid)
