"""The one place that sees everything: settings, wiring, command line, demo."""
