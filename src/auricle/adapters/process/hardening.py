"""This program's own memory: never written to disk by a crash, never read by another program of the same account."""

import ctypes
import resource
import sys

PR_SET_DUMPABLE = 4  # prctl(2)


def keep_memory_private() -> None:
    """No core dumps, also for children; no ptrace and no `/proc/PID/environ` for others than root (45 CFR 164.312(a)(1))."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
