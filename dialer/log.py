"""Logging: structlog, JSON on standard output, pretty on a terminal; event names are `noun.past_verb`.

One wide line per unit of work. Nothing personal: numbers are masked by whoever logs them (`dialer.phone.mask`), and
the last processor masks whatever still looks like one, in the lines of libraries too.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Any

import structlog

from dialer.masking import masked, masked_text

_SECRET_FIELDS = frozenset({"authorization", "token", "secret", "api_key", "password", "client_secret"})


def set_up(level: str = "info") -> None:
    """Configure logging for this process; call it once, before anything logs."""
    pretty = sys.stdout.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _masked,
            structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Libraries speak through the standard library; arq's own lines are left out, ours say the same without payloads.
    # aiohttp writes a traceback for each malformed request line: anybody could fill the log with them.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_MaskedFormatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def add_processor(processor: structlog.typing.Processor) -> None:
    """Have each line of this process pass it too, from now on and before its numbers are masked."""
    # In place, for loggers that were used already keep the list.
    structlog.get_config()["processors"].insert(1, processor)


def remove_processor(processor: structlog.typing.Processor) -> None:
    """The opposite; one that is not there is no error."""
    with suppress(ValueError):
        structlog.get_config()["processors"].remove(processor)


class _MaskedFormatter(logging.Formatter):
    """The standard library's lines, tracebacks included, with numbers masked."""

    def format(self, record: logging.LogRecord) -> str:
        return masked_text(super().format(record))


def _masked(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {name: _mask(name, value) for name, value in event.items()}


def _mask(name: str, value: Any) -> Any:
    if name in _SECRET_FIELDS:
        return "***"
    if isinstance(value, dict):
        return {inner: _mask(str(inner), part) for inner, part in value.items()}
    return masked(value)
