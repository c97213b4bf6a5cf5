"""Every log line of the code is of one form: an event's name, and fields by name; no sentence and no number."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_FILES = [path for part in ("dialer", "jobs") for path in sorted((_ROOT / part).rglob("*.py"))]
_LEVELS = {"debug", "info", "warning", "error", "exception"}
_LOGGERS = {"log", "bound"}
_EVENT = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
_NUMBERS = {"number", "numbers", "to", "from_", "dialed", "msisdn", "name", "text", "url", "body"}
"""Names under which somebody's number, name or text could get into a line."""


def _lines() -> Iterator[tuple[str, ast.Call]]:
    for path in _FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _is_line(node.func):
                yield f"{path.relative_to(_ROOT)}:{node.lineno}", node


def _is_line(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _LEVELS
        and isinstance(function.value, ast.Name)
        and function.value.id in _LOGGERS
    )


LINES = dict(_lines())


def _event(line: ast.Call) -> str | None:
    (first,) = line.args
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def test_all_lines_are_looked_at() -> None:
    """Were they written otherwise, nothing here would be found."""
    assert len(LINES) > 60


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_line_is_an_event_and_fields(line: ast.Call) -> None:
    """One event name, written out or handed in by whoever watches; what it is about stands in fields, unformatted."""
    event = _event(line)
    formatted = [field.arg for field in line.keywords if isinstance(field.value, ast.JoinedStr)]

    assert event is None or _EVENT.fullmatch(event)
    assert event or isinstance(line.args[0], ast.Name)
    assert [] == formatted


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_line_tells_nothing_of_a_person(line: ast.Call) -> None:
    """No name, text or address of anybody; a number only as its mask."""
    telling = [field for field in line.keywords if field.arg in _NUMBERS]

    assert [] == [field.arg for field in telling if not ast.unparse(field.value).startswith("phone.mask(")]


def test_times_tell_their_unit() -> None:
    """A duration is in milliseconds and says so."""
    names = {field.arg for line in LINES.values() for field in line.keywords if field.arg}

    assert set() == {name for name in names if re.search(r"(^|_)(duration|elapsed|took|waited|late)$|_s$", name)}
