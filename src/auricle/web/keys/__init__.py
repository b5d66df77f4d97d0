"""The practice's keys, to look at and to rotate."""
