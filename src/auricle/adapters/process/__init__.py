"""Child processes that are kept running, without privileges."""

from auricle.adapters.process.errors import MissingProgram, StartFailed
from auricle.adapters.process.supervised import ServiceState, Supervised
from auricle.adapters.process.unprivileged import account_of, find_program, give_to_children, runtime_dir, unprivileged

__all__ = [
    "MissingProgram",
    "ServiceState",
    "StartFailed",
    "Supervised",
    "account_of",
    "find_program",
    "give_to_children",
    "runtime_dir",
    "unprivileged",
]
