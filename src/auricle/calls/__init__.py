"""Calls: legs, how they are joined, what a caller is led through, and the record that remains."""
