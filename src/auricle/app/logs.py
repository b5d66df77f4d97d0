"""Logging: one JSON line an event on standard error, UTC; constant messages, identifiers as keys."""

import logging
import sys

import structlog


def set_up_logs(level: str) -> None:
    """Configure structlog and the libraries' own logging."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(levelname)s %(name)s")  # no texts of others
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,  # a logger that is kept would outlive a change of this, as tests and commands make it
    )
