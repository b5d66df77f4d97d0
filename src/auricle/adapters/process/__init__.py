"""Child processes that are kept running, without privileges."""

from auricle.adapters.process.supervised import MissingProgram, ServiceState, StartFailed, Supervised
from auricle.adapters.process.unprivileged import runtime_dir, unprivileged

__all__ = ["MissingProgram", "ServiceState", "StartFailed", "Supervised", "runtime_dir", "unprivileged"]
