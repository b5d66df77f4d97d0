"""Retention, legal holds, agreements."""
