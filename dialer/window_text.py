"""Windows as people write them: `mo-fr=09:00-20:00`, and whole windows in one line for a setting.

Reading and writing are each other's inverse. Whatever is wrong is told with how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from dialer.errors import InvalidInput
from dialer.windows import DAYS, MIDNIGHT, Hours, Windows, check_holidays, check_zone

_HOURS = re.compile(r"(?:(?P<days>[a-z,-]+)=)?(?P<start>[0-9]{1,2}:[0-9]{2})-(?P<end>[0-9]{1,2}:[0-9]{2})")
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


def parse_windows(text: str) -> Windows:
    """`mo-fr=09:00-20:00 sa=10:00-17:00 holidays=NL closed=2026-12-31 timezone=Europe/Paris`. Raises InvalidInput."""
    hours: list[Hours] = []
    named: dict[str, list[str]] = {"holidays": [], "closed": [], "timezone": []}
    for part in text.split():
        name, _, value = part.partition("=")
        if name in named:
            named[name] += value.split(",")
        else:
            hours.append(parse_hours(part))
    if len(named["holidays"]) > 1 or len(named["timezone"]) > 1:
        raise InvalidInput("one country's holidays and one timezone can be given", field="windows")
    return Windows(
        hours=tuple(hours),
        closed=parse_dates(named["closed"]),
        holidays=check_holidays(named["holidays"][0]) if named["holidays"] else None,
        zone=check_zone(named["timezone"][0]) if named["timezone"] else None,
    )


def parse_hours(text: str) -> Hours:
    """`mo-fr=09:00-20:00`, `sa,su=22:00-02:00` (over midnight) or `09:00-20:00` (every day). Raises InvalidInput."""
    found = _HOURS.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text[:40]!r} is not written like mo-fr=09:00-20:00", field="hours")
    return hours_of(found["days"] or "mo-su", found["start"], found["end"])


def hours_of(days: str, start: str, end: str) -> Hours:
    """Hours from their three parts. Raises InvalidInput (field `days`, `from` or `to`)."""
    first, last = _minutes(start, "from"), _minutes(end, "to")
    if first == MIDNIGHT:
        raise InvalidInput("begins at 00:00 rather than at 24:00", field="from")
    # 00:00 as an end is that of the day: `18:00-00:00` is what people write.
    return Hours(parse_days(days), first, last or MIDNIGHT)


def parse_days(text: str) -> frozenset[int]:
    """`mo-fr`, `sa,su`, `fr-mo`: 0 for Monday to 6 for Sunday. Raises InvalidInput."""
    days: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            message = f"{text[:40]!r} are no days: write them like mo-fr or mo,we,sa ({', '.join(DAYS)})"
            raise InvalidInput(message, field="days")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days |= {day % 7 for day in range(start, end + 1 + (7 if end < start else 0))}
    return frozenset(days)


def parse_dates(texts: Iterable[str]) -> frozenset[date]:
    """Dates as 2026-12-31. Raises InvalidInput."""
    try:
        return frozenset(date.fromisoformat(text) for text in texts)
    except ValueError:
        raise InvalidInput("must be dates such as 2026-12-31", field="closed") from None


def format_hours(hours: Hours) -> str:
    """As `parse_hours` reads it."""
    return f"{format_days(hours.days)}={format_time(hours.start)}-{format_time(hours.end)}"


def format_days(days: frozenset[int]) -> str:
    """As `parse_days` reads them: days that follow each other as one stretch."""
    parts: list[list[int]] = []
    for day in sorted(days):
        if parts and parts[-1][-1] == day - 1:
            parts[-1].append(day)
        else:
            parts.append([day])
    return ",".join(DAYS[part[0]] if len(part) == 1 else f"{DAYS[part[0]]}-{DAYS[part[-1]]}" for part in parts)


def format_time(minutes: int) -> str:
    """`09:00`."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def format_windows(windows: Windows) -> str:
    """As `parse_windows` reads it; when it begins is no part of it."""
    parts = [format_hours(hours) for hours in windows.hours]
    parts += [f"holidays={windows.holidays}"] if windows.holidays else []
    parts += [f"closed={','.join(sorted(map(str, windows.closed)))}"] if windows.closed else []
    parts += [f"timezone={windows.zone}"] if windows.zone else []
    return " ".join(parts)


def _minutes(text: str, field: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None or (minutes := int(found[1]) * 60 + int(found[2])) > MIDNIGHT:
        raise InvalidInput(f"{text[:20]!r} is no time of day: write it like 09:00, at most 24:00", field=field)
    return minutes
