"""Logging: structlog, JSON on standard output, pretty on a terminal; event names are `noun.past_verb`.

One wide line per unit of work, with the ids of all that it is about. Nothing personal: numbers are masked by whoever
logs them (`dialer.phone.mask`), and the last processor masks whatever still looks like one. Libraries' lines have the
same form, on standard error.
"""

from __future__ import annotations

import atexit
import json
import logging
import sys
from contextlib import suppress
from typing import Any

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from dialer.log_output import Output
from dialer.masking import masked, masked_text

_SECRET_FIELDS = frozenset({"authorization", "token", "secret", "api_key", "password", "client_secret"})


_ENCODER = json.JSONEncoder()
"""One for all lines: json.dumps would make one for each, as structlog calls it."""


def set_up(level: str = "info") -> None:
    """Configure logging for this process; call it once, before anything logs."""
    ours, theirs = Output(sys.stdout), Output(sys.stderr)
    for output in (ours, theirs):
        atexit.register(output.close)
    finishing: list[Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _masked,
        structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer(_json),
    ]
    beginning: list[Processor] = [structlog.contextvars.merge_contextvars, structlog.processors.add_log_level]
    structlog.configure(
        processors=[*beginning, with_ids, *finishing],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: _Printer(ours),
        cache_logger_on_first_use=True,
    )
    # Libraries speak through the standard library; arq's own lines are left out, ours say the same without payloads.
    # aiohttp writes a traceback for each malformed request line: anybody could fill the log with them.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    handler = _Handler(theirs)
    finishing.insert(0, ProcessorFormatter.remove_processors_meta)
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=[_of_library], processors=finishing))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Printer:
    """Prints; where that fails, a line is lost and not the work that it tells of: the disk is full, or nobody reads."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def msg(self, message: str) -> None:
        _print(message, self._output)

    log = debug = info = warning = error = critical = msg


class _Handler(logging.Handler):
    """The same for libraries' lines."""

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - a line that a library got wrong must not end what it was doing
            self.handleError(record)
        else:
            _print(line, self._output)


def _print(line: str, output: Output) -> None:
    try:
        output.write(line)
    except OSError:
        from dialer import metrics  # noqa: PLC0415 - half of what the command line would load, and it is seldom

        metrics.LOG_LINES_LOST.inc()


def add_processor(processor: Processor) -> None:
    """Have each line of this process pass it too, from now on and before its numbers are masked."""
    # In place, for loggers that were used already keep the list.
    structlog.get_config()["processors"].insert(1, processor)


def remove_processor(processor: Processor) -> None:
    """The opposite; one that is not there is no error."""
    with suppress(ValueError):
        structlog.get_config()["processors"].remove(processor)


def with_ids(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Whoever names an attempt names its call and its campaign too: all lines of one are found by its id."""
    for name, of in (("attempt_id", "call_id"), ("call_id", "campaign_id")):
        if above := str(event.get(name, "")).rpartition("-")[0]:
            event.setdefault(of, above)
    return event


def _of_library(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """A line that came by the standard library: what it says is its own words."""
    record: logging.LogRecord = event["_record"]
    level = record.levelname.lower()
    return {**event, "event": "library.logged", "level": level, "logger": record.name, "said": event["event"]}


def _json(event: EventDict, **_: Any) -> str:
    return _ENCODER.encode(event)  # behind `_masked` there is nothing that JSON does not know


def _masked(_logger: Any, _method: str, event: EventDict) -> EventDict:
    return {name: _mask(name, value) for name, value in event.items()}


def _mask(name: str, value: Any) -> Any:
    if name in _SECRET_FIELDS:
        return "***"
    if isinstance(value, str):  # most are, and the path of every line
        return masked_text(str(value))
    if isinstance(value, dict):
        return {inner: _mask(str(inner), part) for inner, part in value.items()}
    return masked(value)
