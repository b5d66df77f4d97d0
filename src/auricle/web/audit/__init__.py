"""The audit log, to read."""
