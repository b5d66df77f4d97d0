"""The audit log: canonical entries, an RFC 6962 tree, signed checkpoints, and their verification (45 CFR 164.312(b), (c))."""
