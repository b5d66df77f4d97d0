"""Live changes as server-sent events."""
