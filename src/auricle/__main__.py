"""`python -m auricle`."""

from auricle.app.cli import app

app()
