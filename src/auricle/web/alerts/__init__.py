"""Alerts, to read and acknowledge."""
