"""Flows: what a caller is led through, as data, and the small loop that runs them."""
