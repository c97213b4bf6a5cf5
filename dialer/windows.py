"""When a person may be called: days and hours on the clock of the person's own wall.

`is_open` and `next_open` answer for a *set* of zones in which the person may be: open only where it is open in all of
them. A minute is open if the wall clock shows it within one of the hours and the calendar beside it shows no closed
date; so an hour that daylight saving skips never comes, and one that it doubles is open twice. Hours over midnight
belong to the day on which they begin. Days are worked out once for each set of zones and kept.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from dialer.clock import moment, to_ms
from dialer.errors import InvalidInput

DAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
MIDNIGHT = 24 * 60
LONGEST_OPEN_DAYS = 60
"""What is open for longer is said to close after so many days; whoever asks then learns the next end."""
SEARCHED_DAYS = 62
"""An opening is looked for so many days ahead, and one more for each closed date."""
GUARD = timedelta(seconds=1)
"""A stretch ends so much before its windows do: a request may leave late (`pacing.LATEST_US`) and takes its time."""
_DAY_S = 86_400
_STEP_S = 6 * 3600  # no zone ever changed its clock twice within six hours

Interval = tuple[int, int]
"""Seconds since 1970: from the first one, up to but not including the second one."""
Zones = tuple[str, ...]
"""IANA names in order, each once."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours of some days, in minutes of the day.

    Attributes:
        days: 0 for Monday to 6 for Sunday.
        start: 0 to 1439.
        end: 1 to 1440, or less than `start` or the same: on the next day.
    """

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """The hours of a campaign.

    Attributes:
        hours: none: all hours of all days.
        closed: dates on which nobody is called.
        holidays: country, perhaps with a part of it (`NL`, `DE-BY`), whose public holidays are closed as well.
        not_before: when the campaign begins.
        zone: whose clock it is, instead of that of where a number may be; a zone given for a call goes before it.
    """

    hours: tuple[Hours, ...] = ()
    closed: frozenset[date] = frozenset()
    holidays: str | None = None
    not_before: datetime | None = None
    zone: str | None = None

    def is_open(self, at: datetime, zones: Sequence[str]) -> bool:
        """Whether somebody may be called at this moment who may be in any of these zones."""
        second = to_ms(at) // 1000
        if self.not_before and at < self.not_before:
            return False
        found = _day(self, tuple(zones), second // _DAY_S)
        position = bisect_right(found, (second, _FOREVER)) - 1
        return position >= 0 and second < found[position][1]

    def next_open(self, at: datetime, zones: Sequence[str]) -> tuple[datetime, datetime] | None:
        """When it is open next and until when, beginning before `at` if it is open then; None if not soon.

        Soon is within SEARCHED_DAYS: zones that are never open together now may be so in another half of the year.

        What is open already is said to be so since the beginning of its stretch, or of the day (UTC).
        """
        least = max(at, self.not_before) if self.not_before else at
        found = self._stretch(to_ms(least) // 1000, tuple(zones))
        if found is None:
            return None
        opens, closes = (moment(second * 1000) for second in found)
        return (max(opens, self.not_before) if self.not_before else opens), closes

    def usable(self, at: datetime, zones: Sequence[str]) -> tuple[datetime, datetime] | None:
        """When calls may be dialed next and until when: as `next_open`, without the last second of each stretch."""
        found = self.next_open(at + GUARD, zones)
        return (found[0], found[1] - GUARD) if found else None

    def _stretch(self, second: int, zones: Zones) -> Interval | None:
        """The first stretch that ends after a moment, all days that follow without a gap put together."""
        opens, closes = 0, 0
        for begins, ends in self._intervals(zones, second // _DAY_S):
            if ends <= second:
                continue
            if closes == 0:
                opens, closes = begins, ends
            elif begins == closes and closes - opens < LONGEST_OPEN_DAYS * _DAY_S:
                closes = ends
            else:
                break
        return (opens, closes) if closes else None

    def _intervals(self, zones: Zones, first: int) -> Iterator[Interval]:
        for number in range(first, first + SEARCHED_DAYS + len(self.closed)):
            yield from _day(self, zones, number)

    def is_closed_on(self, day: date) -> bool:
        """Whether nobody is called on this date."""
        return day in self.closed or (self.holidays is not None and day in _holidays(self.holidays, day.year))

    def to_dict(self) -> dict[str, Any]:
        """As JSON, without what has its default."""
        told = {
            "hours": [[sorted(hours.days), hours.start, hours.end] for hours in self.hours],
            "closed": sorted(day.isoformat() for day in self.closed),
            "holidays": self.holidays,
            "not_before": to_ms(self.not_before) if self.not_before else None,
            "zone": self.zone,
        }
        return {name: value for name, value in told.items() if value}

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Windows:
        """From what `to_dict` wrote."""
        return cls(
            hours=tuple(Hours(frozenset(days), start, end) for days, start, end in told.get("hours", ())),
            closed=frozenset(map(date.fromisoformat, told.get("closed", ()))),
            holidays=told.get("holidays"),
            not_before=moment(told["not_before"]) if "not_before" in told else None,
            zone=told.get("zone"),
        )


_FOREVER = 1 << 60


def check_zone(name: str, *, field: str = "timezone") -> str:
    """An IANA name, as it was given. Raises InvalidInput."""
    if name not in _zone_names():
        raise InvalidInput("is no time zone: give an IANA name such as Europe/Amsterdam", field=field)
    return name


def check_holidays(name: str) -> str:
    """A country or a part of one whose holidays are known, such as NL or DE-BY. Raises InvalidInput."""
    try:
        _holidays(name, 2000)
    except (NotImplementedError, KeyError):
        message = "are not known for it: give a country (ISO 3166), perhaps with a part of it, such as NL or DE-BY"
        raise InvalidInput(f"holidays of {name[:20]!r} {message}", field="holidays") from None
    return name


@lru_cache
def _zone_names() -> frozenset[str]:
    # Without the names that mean no place: `posixrules` and the like have no business in a list.
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


@lru_cache(maxsize=1024)
def _holidays(name: str, year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - costs 0.2 s, and only for whoever asks for holidays

    country, _, part = name.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


@lru_cache(maxsize=8192)
def _day(windows: Windows, zones: Zones, number: int) -> tuple[Interval, ...]:
    """The open stretches of one UTC day, in all of the zones; the day by its number since 1970."""
    found = [(number * _DAY_S, (number + 1) * _DAY_S)]
    for zone in zones:
        found = _both(found, _day_in(windows, zone, number))
    return tuple(found)


@lru_cache(maxsize=8192)
def _day_in(windows: Windows, zone: str, number: int) -> tuple[Interval, ...]:
    """The same in one zone: each stretch without a change of the clock is looked at on the wall."""
    found: list[Interval] = []
    for begins, ends, offset in _steady(ZoneInfo(zone), number * _DAY_S):
        wall = _both([(begins + offset, ends + offset)], _wall(windows, begins + offset, ends + offset))
        found += [(first - offset, last - offset) for first, last in wall]
    return tuple(_joined(found))


def _steady(zone: ZoneInfo, begins: int) -> Iterator[tuple[int, int, int]]:
    """The UTC day cut where the zone changes its clock: from, to and the offset in between (seconds)."""
    for first in range(begins, begins + _DAY_S, _STEP_S):
        last = first + _STEP_S
        before, after = _offset(zone, first), _offset(zone, last - 1)
        if before == after:
            yield first, last, before
            continue
        change = bisect_left(range(first, last), 1, key=lambda second: _offset(zone, second) != before)
        yield from ((first, first + change, before), (first + change, last, after))


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, UTC).astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - an aware moment has one
    return int(offset.total_seconds())


def _wall(windows: Windows, begins: int, ends: int) -> list[Interval]:
    """The open stretches on the wall, in seconds as if the wall showed UTC, that touch `begins` to `ends`."""
    found: list[Interval] = []
    for number in range(begins // _DAY_S - 1, (ends - 1) // _DAY_S + 1):
        day = _EPOCH + timedelta(days=number)
        if not windows.is_closed_on(day):
            found += _of_day(windows, day, number * _DAY_S)
    return _joined(found)


_EPOCH = date(1970, 1, 1)


def _of_day(windows: Windows, day: date, midnight: int) -> Iterator[Interval]:
    """The hours that begin on a day, without what lies on a closed date after it."""
    if not windows.hours:
        yield midnight, midnight + _DAY_S
    for hours in windows.hours:
        if day.weekday() in hours.days:
            end = hours.end if hours.end > hours.start else hours.end + MIDNIGHT
            if end > MIDNIGHT and windows.is_closed_on(day + timedelta(days=1)):
                end = MIDNIGHT
            yield midnight + hours.start * 60, midnight + end * 60


def _joined(found: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for begins, ends in sorted(found):
        if joined and begins <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends, joined[-1][1]))
        else:
            joined.append((begins, ends))
    return joined


def _both(one: Sequence[Interval], other: Sequence[Interval]) -> list[Interval]:
    pairs = ((max(a, c), min(b, d)) for a, b in one for c, d in other)
    return [(begins, ends) for begins, ends in pairs if begins < ends]
