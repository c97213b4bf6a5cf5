"""When somebody may be called: against a model that looks at every minute on the wall, and the days that go wrong."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.window_text import format_windows, parse_hours, parse_windows
from dialer.windows import Hours, Windows, check_holidays, check_zone

MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Amsterdam", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu",
    "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Pacific/Chatham", "America/Santiago", "UTC",
)  # fmt: skip
TURNS = [
    datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 3, 7, tzinfo=UTC),
    datetime(2026, 10, 31, tzinfo=UTC), datetime(2026, 4, 4, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC),
    datetime(2026, 2, 14, tzinfo=UTC), datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 9, 5, tzinfo=UTC),
]  # fmt: skip
"""Days around which one of the zones changes its clock (Morocco's for Ramadan as well), and Christmas."""

hours = st.builds(
    Hours,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1440),
)
windows = st.builds(
    Windows,
    hours=st.lists(hours, max_size=3).map(tuple),
    closed=st.frozensets(
        st.sampled_from([turn.date() + timedelta(days=d) for turn in TURNS for d in range(3)]), max_size=5
    ),
    holidays=st.sampled_from([None, None, "NL", "DE-BY"]),
    zone=st.none(),
)
zone_sets = st.sets(st.sampled_from(ZONES), min_size=1, max_size=3).map(lambda names: tuple(sorted(names)))


def on_the_wall(windows: Windows, at: datetime, zone: str) -> bool:
    """Whether one minute is open in one zone, seen with nothing but a clock and a calendar."""
    wall = at.astimezone(ZoneInfo(zone))
    today, minute = wall.date(), wall.hour * 60 + wall.minute
    if windows.is_closed_on(today):
        return False
    if not windows.hours:
        return True
    yesterday = today - timedelta(days=1)
    for each in windows.hours:
        over = each.end <= each.start
        if today.weekday() in each.days and each.start <= minute and (over or minute < each.end):
            return True
        if over and yesterday.weekday() in each.days and minute < each.end and not windows.is_closed_on(yesterday):
            return True
    return False


@settings(max_examples=60, deadline=None)
@given(windows, zone_sets, st.sampled_from(TURNS), st.integers(0, 2 * 1440))
def test_every_minute_is_as_on_the_wall(windows: Windows, zones: tuple[str, ...], turn: datetime, first: int) -> None:
    """For a day around a change of the clock each minute is open exactly if the walls of all zones say so."""
    start = turn + first * MINUTE
    minutes = [start + number * MINUTE for number in range(0, 1440, 1)]
    expected = [all(on_the_wall(windows, at, zone) for zone in zones) for at in minutes]
    assert expected == [windows.is_open(at, zones) for at in minutes]


@settings(max_examples=60, deadline=None)
@given(windows, zone_sets, st.sampled_from(TURNS), st.integers(0, 1440), st.integers(0, 59_999))
def test_next_opening_is_the_first_and_its_end_the_next(
    windows: Windows, zones: tuple[str, ...], turn: datetime, first: int, ms: int
) -> None:
    """Up to the opening no minute is open, from then to the end all are, and at the end none is."""
    at = turn + first * MINUTE + timedelta(milliseconds=ms)
    found = windows.next_open(at, zones)
    opens, closes = found or (at + timedelta(days=3), at + timedelta(days=3))
    looked = [turn + number * MINUTE for number in range(first + 1, first + 3 * 1440)]

    assert not any(windows.is_open(m, zones) for m in looked if at <= m < opens)
    assert all(windows.is_open(m, zones) for m in looked if max(opens, at) <= m < closes)
    assert found is None or (at < closes and windows.is_open(max(opens, at), zones))
    assert found is None or closes - opens > timedelta(days=59) or not windows.is_open(closes, zones)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


NINE_TO_FIVE = Windows(hours=(Hours(frozenset(range(7)), 540, 1020),))


def test_hour_that_is_skipped_never_opens() -> None:
    """Hours that lie within the hour which spring skips do not open on that day."""
    night = Windows(hours=(Hours(frozenset(range(7)), 125, 175),))
    found = night.next_open(_at("2026-03-29T00:00+01:00"), ["Europe/Amsterdam"])
    assert (_at("2026-03-30T02:05+02:00"), _at("2026-03-30T02:55+02:00")) == found


def test_hour_that_is_doubled_opens_twice() -> None:
    """Hours that lie within the hour which autumn doubles open in both."""
    night = Windows(hours=(Hours(frozenset(range(7)), 125, 175),))
    zones = ["Europe/Amsterdam"]
    assert (_at("2026-10-25T02:05+02:00"), _at("2026-10-25T02:55+02:00")) == night.next_open(
        _at("2026-10-25T00:00+02:00"), zones
    )
    assert (_at("2026-10-25T02:05+01:00"), _at("2026-10-25T02:55+01:00")) == night.next_open(
        _at("2026-10-25T02:55+02:00"), zones
    )


def test_opening_follows_the_wall_over_a_change_of_the_clock() -> None:
    """Nine in the morning is nine before and after: 24 hours apart but for one."""
    saturday, _ = NINE_TO_FIVE.next_open(_at("2026-03-28T05:00Z"), ["Europe/Amsterdam"]) or (None, None)
    sunday, _ = NINE_TO_FIVE.next_open(_at("2026-03-29T00:00Z"), ["Europe/Amsterdam"]) or (None, None)
    assert saturday
    assert sunday
    assert timedelta(hours=23) == sunday - saturday


def test_zone_of_half_hours_opens_on_its_own_half_hour() -> None:
    """Nine in Kolkata is half past three in UTC."""
    found = NINE_TO_FIVE.next_open(_at("2026-01-01T00:00Z"), ["Asia/Kolkata"])
    assert (_at("2026-01-01T03:30Z"), _at("2026-01-01T11:30Z")) == found


def test_strictest_of_several_zones_counts() -> None:
    """A number that may be in New York or Los Angeles is called from nine in the west until five in the east."""
    found = NINE_TO_FIVE.next_open(_at("2026-01-01T00:00Z"), ["America/Los_Angeles", "America/New_York"])
    assert (_at("2026-01-01T17:00Z"), _at("2026-01-01T22:00Z")) == found


def test_zones_that_are_never_open_together_never_open() -> None:
    """Eleven hours apart there is no hour of both."""
    assert NINE_TO_FIVE.next_open(_at("2026-01-01T00:00Z"), ["Pacific/Honolulu", "Europe/Amsterdam"]) is None


def test_holiday_of_the_country_is_closed() -> None:
    """On King's Day nobody is called; the library knows that it is on the 27th, or the 26th if that is a Sunday."""
    windows = Windows(hours=NINE_TO_FIVE.hours, holidays="NL")
    assert not windows.is_open(_at("2026-04-27T12:00+02:00"), ["Europe/Amsterdam"])
    assert windows.is_open(_at("2026-04-28T12:00+02:00"), ["Europe/Amsterdam"])


def test_holiday_of_a_part_of_a_country_is_closed_there_alone() -> None:
    """Bavaria has Epiphany, Germany as a whole has not."""
    at = _at("2026-01-06T12:00+01:00")
    assert not Windows(holidays="DE-BY").is_open(at, ["Europe/Berlin"])
    assert Windows(holidays="DE").is_open(at, ["Europe/Berlin"])


def test_night_before_a_closed_date_ends_at_midnight() -> None:
    """Hours over midnight stop where a closed date begins, and those of a closed date do not begin at all."""
    windows = Windows(hours=(parse_hours("22:00-02:00"),), closed=frozenset({date(2026, 12, 31)}))
    assert windows.is_open(_at("2026-12-30T23:59+01:00"), ["Europe/Amsterdam"])
    for closed in ("2026-12-31T00:00", "2026-12-31T23:00", "2027-01-01T01:00"):
        assert not windows.is_open(_at(f"{closed}+01:00"), ["Europe/Amsterdam"])


def test_nothing_opens_before_the_start() -> None:
    """A campaign that begins at eleven opens then, though its hours began at nine."""
    windows = Windows(hours=NINE_TO_FIVE.hours, not_before=_at("2026-01-05T11:00+01:00"))
    assert not windows.is_open(_at("2026-01-05T10:59+01:00"), ["Europe/Amsterdam"])
    opens, closes = windows.next_open(_at("2026-01-01T00:00Z"), ["Europe/Amsterdam"]) or (None, None)
    assert (_at("2026-01-05T11:00+01:00"), _at("2026-01-05T17:00+01:00")) == (opens, closes)


def test_what_is_always_open_has_an_end_far_off() -> None:
    """Without hours and dates it is open; the end that is told is weeks away."""
    at = _at("2026-01-01T12:00Z")
    opens, closes = Windows().next_open(at, ["UTC"]) or (at, at)
    assert opens <= at < closes - timedelta(days=50)


def test_looking_is_fast() -> None:
    """A known set of zones is looked at 100,000 times a second; a tenth of that is asked of a busy machine."""
    windows = Windows(hours=NINE_TO_FIVE.hours * 3, holidays="NL", closed=frozenset({date(2026, 12, 31)}))
    at, zones = _at("2026-06-01T12:00Z"), ("Europe/Amsterdam", "Europe/London")
    windows.is_open(at, zones)
    started = time.perf_counter()
    for _ in range(2_000):
        windows.is_open(at, zones)
    assert time.perf_counter() - started < 0.2


@given(windows)
def test_stored_windows_are_read_as_they_were(windows: Windows) -> None:
    """What is written as JSON, or as one line, is read again as the same."""
    assert windows == Windows.from_dict(windows.to_dict())
    assert windows == parse_windows(format_windows(windows))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mo-fr=09:00-20:00", Hours(frozenset(range(5)), 540, 1200)),
        ("sa,su=22:00-02:00", Hours(frozenset({5, 6}), 1320, 120)),
        ("fr-mo=9:00-24:00", Hours(frozenset({4, 5, 6, 0}), 540, 1440)),
        ("18:00-00:00", Hours(frozenset(range(7)), 1080, 1440)),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, expected: Hours) -> None:
    """Days in stretches or one by one, hours over midnight, until midnight either way."""
    assert expected == parse_hours(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("mo-xx=09:00-20:00", "days"), ("mo-fr=9-20", "hours"), ("mo-fr=09:00-25:00", "to"), ("mo=09:60-10:00", "from"),
        ("mo=24:00-10:00", "from"), ("holidays=Atlantis", "holidays"), ("closed=31-12-2026", "closed"),
        ("timezone=Amsterdam", "timezone"), ("timezone=Europe/Amsterdam timezone=Europe/London", "windows"),
    ],
)  # fmt: skip
def test_what_is_no_window_is_told(text: str, field: str) -> None:
    """Whatever cannot be read is refused with the name of its part."""
    with pytest.raises(InvalidInput) as refused:
        parse_windows(text)
    assert field == refused.value.field


def test_names_of_zones_and_countries_are_checked() -> None:
    """Known ones are taken as they are."""
    assert ("Europe/Amsterdam", "NL", "DE-BY") == (
        check_zone("Europe/Amsterdam"),
        check_holidays("NL"),
        check_holidays("DE-BY"),
    )
