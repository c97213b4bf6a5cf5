"""From raw rows to calls: what is checked of each row, as plain values that travel cheaply between processes.

This is where an import spends its time (the number's rules cost about 30 µs), so it is one function of plain lists
that a process pool can run. One row's fault never touches another row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, TypeVar

from dialer.addresses import EVERYWHERE, check_destination, is_phone, parse_address
from dialer.clock import in_utc
from dialer.cohorts import cohort_of, given_zone, zones_for
from dialer.errors import InvalidInput
from dialer.forms import OWN_ID
from dialer.importing.columns import AS_NAMED, ColumnMap
from dialer.importing.faults import Fault
from dialer.importing.rows import (
    EXPIRES_AT,
    FURTHER,
    ID,
    MAX_ID,
    MAX_NAME,
    MAX_NUMBERS,
    MAX_VALUE,
    MAX_VARIABLES,
    NUMBER,
    TIMEZONE,
    UNSTORABLE,
    BrokenRow,
    RawRow,
    shorten,
)
from dialer.speech import plain, variable_name
from dialer.windows import Windows

T = TypeVar("T")
_OWN_ID = re.compile(OWN_ID)
_name = lru_cache(maxsize=1024)(variable_name)

Hours = tuple[str | None, datetime | None, str]
"""zone where it was given and tells more than the numbers, end of its own, cohort"""
Taken = tuple[int, list[str], str | None, dict[str, str], Hours]
"""row, numbers, external id, variables, hours"""
TakenNumbers = tuple[int, list[str]]
"""row, numbers"""
Refused = tuple[int, str | None, str, str, Fault]
"""row, column, value, reason, code: the fields of a Rejection"""


@dataclass(frozen=True, slots=True)
class RowChecks:
    """What a row must have to become a call of this campaign.

    Attributes:
        region: the country of numbers written nationally (`settings.default_region`).
        allowed: beginnings of the numbers that may be called (`settings.destinations`).
        required: the variables without which the script cannot be spoken (`CallScript.variables()`).
        windows: those of the campaign: somebody whom they never let be called is refused.
        columns: new names for columns.
    """

    region: str
    required: frozenset[str] = frozenset()
    allowed: tuple[str, ...] = EVERYWHERE
    windows: Windows | None = None
    columns: ColumnMap = AS_NAMED


class _RowRefusedError(Exception):
    """Ends the checks of one row. Its arguments are column, value, reason and code."""


def check_rows(
    checks: RowChecks, columns: tuple[str, ...], rows: Iterable[RawRow]
) -> tuple[list[Taken], list[Refused]]:
    """Check each row by itself. `columns` names the fields of CSV rows and is not used for others."""
    return _each(checks, columns, rows, lambda row, fields: (row, *_check(checks, fields)))


def check_numbers(
    region: str, columns: tuple[str, ...], rows: Iterable[RawRow]
) -> tuple[list[TakenNumbers], list[Refused]]:
    """The same of rows of which nothing but the numbers is wanted, wherever in the world they are."""
    checks = RowChecks(region)
    return _each(checks, columns, rows, lambda row, fields: (row, _numbers(fields, checks)))


def _each(
    checks: RowChecks, columns: tuple[str, ...], rows: Iterable[RawRow], check: Callable[[int, dict[str, str]], T]
) -> tuple[list[T], list[Refused]]:
    taken: list[T] = []
    refused: list[Refused] = []
    for row, raw in rows:
        try:
            taken.append(check(row, _fields(checks.columns, columns, raw)))
        except _RowRefusedError as error:
            column, value, reason, code = error.args
            refused.append((row, column, shorten(value), reason, code))
    return taken, refused


def _check(checks: RowChecks, fields: dict[str, str]) -> tuple[list[str], str | None, dict[str, str], Hours]:
    numbers = _numbers(fields, checks)
    external_id = _external_id(fields.pop(ID, ""))
    hours = _hours(checks, numbers, fields)
    if len(fields) > MAX_VARIABLES:
        reason = f"has {len(fields)} variables, {MAX_VARIABLES} at most are allowed"
        raise _RowRefusedError(None, "", reason, Fault.TOO_MANY_VARIABLES)
    for name, value in fields.items():
        _check_value(name, value)
    missing = sorted(name for name in checks.required if not plain(fields.get(name, "")).strip())
    if missing:
        reason = f"the text needs a value for {', '.join(map(repr, missing))}"
        raise _RowRefusedError(missing[0], "", reason, Fault.VALUE_MISSING)
    return numbers, external_id, fields, hours


def _hours(checks: RowChecks, numbers: list[str], fields: dict[str, str]) -> Hours:
    """Zone, end and cohort; a text that speaks of either column has its variable as well."""
    zone, end = (fields.get(name, "").strip() for name in (TIMEZONE, EXPIRES_AT))
    for name in (TIMEZONE, EXPIRES_AT):
        if name not in checks.required:
            fields.pop(name, None)
    try:
        timezone = given_zone(numbers, zone)
    except InvalidInput as error:
        raise _RowRefusedError(TIMEZONE, zone, str(error), Fault.TIMEZONE_INVALID) from None
    cohort = cohort_of(numbers, timezone)
    if checks.windows and "+" in cohort and not _ever_open(checks.windows, cohort, checks.region, _today()):
        reason = "the campaign's windows are never open in all zones where this number may be: give its timezone"
        raise _RowRefusedError(TIMEZONE, zone, reason, Fault.NEVER_OPEN)
    return timezone, _end(end) if end else None, cohort


def _end(text: str) -> datetime:
    try:
        end = datetime.fromisoformat(text)
        kept = in_utc(end) if end.tzinfo else None
    except ValueError:
        kept = None
    if kept is None:
        reason = "must be a time with its zone, such as 2026-12-01T17:00:00+01:00"
        raise _RowRefusedError(EXPIRES_AT, text, reason, Fault.EXPIRES_AT_INVALID)
    return kept


def _today() -> date:
    return datetime.now(UTC).date()


@lru_cache(maxsize=4096)
def _ever_open(windows: Windows, cohort: str, region: str, today: date) -> bool:
    now = datetime.combine(today, time(), UTC)
    return windows.next_open(now, zones_for(cohort, windows, region)) is not None


def _numbers(fields: dict[str, str], checks: RowChecks) -> list[str]:
    """The numbers of a row's person, each once; a further column that the text speaks of is left a variable."""
    columns = [NUMBER, *(name for name in FURTHER if name in fields and name not in checks.required)]
    written = [(name, text) for name in columns for text in _split(fields.pop(name, ""))]
    found = dict.fromkeys(_number(name, text, checks) for name, text in written or [(NUMBER, "")])
    if len(found) > MAX_NUMBERS:
        reason = f"has {len(found)} numbers, {MAX_NUMBERS} at most are dialed"
        raise _RowRefusedError(NUMBER, "", reason, Fault.TOO_MANY_NUMBERS)
    return list(found)


def _split(cell: str) -> list[str]:
    # Semicolons in a SIP address begin its parameters.
    parts = [cell] if "://" in cell or cell.lstrip().startswith("sip") else cell.split(";")
    return [part for part in parts if part.strip()]


def _number(column: str, text: str, checks: RowChecks) -> str:
    try:
        address = parse_address(text, checks.region)
    except InvalidInput as error:
        code = Fault.NUMBER_INVALID if text.strip() else Fault.NUMBER_MISSING
        raise _RowRefusedError(column, text, str(error), code) from None
    try:
        return check_destination(address, checks.allowed) if is_phone(address) else address
    except InvalidInput as error:
        raise _RowRefusedError(column, text, str(error), Fault.DESTINATION_REFUSED) from None


def _external_id(text: str) -> str | None:
    stripped = text.strip()
    if len(stripped) > MAX_ID or not _OWN_ID.fullmatch(stripped) or UNSTORABLE.search(stripped):
        reason = f"an id has at most {MAX_ID} characters: letters, digits, signs and plain spaces"
        raise _RowRefusedError(ID, text, reason, Fault.ID_INVALID)
    return stripped or None


def _check_value(name: str, value: str) -> None:
    if len(value) > MAX_VALUE:
        reason = f"has {len(value)} characters, {MAX_VALUE} at most are allowed"
        raise _RowRefusedError(name, value, reason, Fault.VALUE_TOO_LONG)
    if UNSTORABLE.search(value):
        reason = "has NUL bytes or half characters, which no text has: remove them"
        raise _RowRefusedError(name, value, reason, Fault.VALUE_UNREADABLE)


def _fields(names: ColumnMap, columns: tuple[str, ...], raw: Any) -> dict[str, str]:
    """A row's texts by name, whatever it was read from."""
    if isinstance(raw, BrokenRow):
        raise _RowRefusedError(None, raw.text, raw.reason, raw.code)
    if columns:
        return _csv_fields(columns, raw)
    return _json_fields(names, raw)


def _csv_fields(columns: tuple[str, ...], raw: list[str]) -> dict[str, str]:
    if len(raw) != len(columns):
        reason = f"the row has {len(raw)} fields, the header has {len(columns)}: is there a delimiter in a value?"
        raise _RowRefusedError(None, ", ".join(raw), reason, Fault.FIELD_COUNT)
    return dict(zip(columns, raw, strict=True))


def _json_fields(names: ColumnMap, pairs: tuple[tuple[str, Any], ...]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in pairs:
        name = names.renamed(_name(key))
        problem = _key_problem(name, fields)
        if problem:
            raise _RowRefusedError(shorten(name), "", problem, Fault.NAME_INVALID)
        if value is not None:
            fields[name] = _json_text(name, value)
    return fields


def _key_problem(name: str, before: dict[str, str]) -> str | None:
    if not name or len(name) > MAX_NAME or UNSTORABLE.search(name):
        return f"a name has 1 to {MAX_NAME} characters and no NUL bytes"
    return "stands twice: names must differ in more than case, spaces and hyphens" if name in before else None


def _json_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # figures, too: the reader keeps them as written
        return value
    reason = "a value must be a text, a number, true, false or null"
    raise _RowRefusedError(name, "", reason, Fault.VALUE_NOT_TEXT)
