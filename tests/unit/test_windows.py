"""When somebody may be called: against a model that looks at every minute on the wall, and the days that go wrong."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.window_text import (
    format_hours,
    format_windows,
    hours_of,
    parse_dates,
    parse_days,
    parse_hours,
    parse_windows,
)
from dialer.windows import GUARD, LONGEST_OPEN_DAYS, SEARCHED_DAYS, Hours, Windows, check_holidays, check_zone

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


@settings(max_examples=60)
@given(windows, zone_sets, st.sampled_from(TURNS), st.integers(0, 2 * 1440))
def test_every_minute_is_as_on_the_wall(windows: Windows, zones: tuple[str, ...], turn: datetime, first: int) -> None:
    """For a day around a change of the clock each minute is open exactly if the walls of all zones say so."""
    start = turn + first * MINUTE
    minutes = [start + number * MINUTE for number in range(0, 1440, 1)]
    expected = [all(on_the_wall(windows, at, zone) for zone in zones) for at in minutes]
    assert expected == [windows.is_open(at, zones) for at in minutes]


@settings(max_examples=60)
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


def test_what_is_always_open_is_told_until_sixty_days_on() -> None:
    """From the beginning of the day, in one stretch; whoever asks then learns the next end."""
    found = Windows().next_open(_at("2026-01-01T12:00Z"), ["UTC"])

    assert (_at("2026-01-01T00:00Z"), _at("2026-03-02T00:00Z")) == found
    assert 60 == LONGEST_OPEN_DAYS


def test_an_opening_is_looked_for_two_months_ahead_and_a_day_for_each_closed_date() -> None:
    """The last day that is looked at counts, the one after does not."""
    mondays = [date(2026, 1, 5) + timedelta(weeks=number) for number in range(10)]
    windows = Windows(hours=(Hours(frozenset({0}), 540, 1020),), closed=frozenset(mondays))
    opens, _ = windows.next_open(_at("2026-01-04T12:00Z"), ["UTC"]) or (None, None)

    assert _at("2026-03-16T09:00Z") == opens
    assert timedelta(days=SEARCHED_DAYS + 10 - 1) == date(2026, 3, 16) - date(2026, 1, 4)
    assert None is windows.next_open(_at("2026-01-03T12:00Z"), ["UTC"])


def test_a_stretch_is_told_from_its_beginning() -> None:
    """Whoever asks while it is open learns since when, but for a campaign that began within it."""
    eleven = _at("2026-01-05T11:00Z")
    asked = _at("2026-01-05T12:00Z")

    assert (_at("2026-01-05T09:00Z"), _at("2026-01-05T17:00Z")) == NINE_TO_FIVE.next_open(asked, ["UTC"])
    begun = Windows(hours=NINE_TO_FIVE.hours, not_before=eleven)
    assert (eleven, _at("2026-01-05T17:00Z")) == begun.next_open(asked, ["UTC"])
    assert (_at("2026-01-06T09:00Z"), _at("2026-01-06T17:00Z")) == begun.next_open(_at("2026-01-05T17:00Z"), ["UTC"])


def test_a_campaign_is_open_from_its_very_beginning() -> None:
    """Not a millisecond before, and then at once."""
    begins = _at("2026-01-05T11:00Z")
    windows = Windows(not_before=begins)

    assert windows.is_open(begins, ["UTC"])
    assert not windows.is_open(begins - timedelta(milliseconds=1), ["UTC"])


def test_the_last_second_of_a_stretch_is_not_used() -> None:
    """A request may leave late and takes its time; whoever asks within it is told the next stretch."""
    day = timedelta(days=1)
    opens, closes = _at("2026-01-05T09:00Z"), _at("2026-01-05T16:59:59Z")

    assert timedelta(seconds=1) == GUARD
    assert (opens, closes) == NINE_TO_FIVE.usable(_at("2026-01-05T16:59:58.999Z"), ["UTC"])
    assert (opens + day, closes + day) == NINE_TO_FIVE.usable(_at("2026-01-05T16:59:59Z"), ["UTC"])
    assert None is NINE_TO_FIVE.usable(opens, ["Pacific/Honolulu", "Europe/Amsterdam"])


def test_hours_that_touch_are_one_stretch() -> None:
    """Written in any order, one within the other, or one after the other."""
    every = frozenset(range(7))
    for pairs in (((540, 720), (720, 1020)), ((600, 1020), (540, 660)), ((540, 1020), (600, 660))):
        windows = Windows(hours=tuple(Hours(every, start, end) for start, end in pairs))

        assert NINE_TO_FIVE.next_open(_at("2026-01-05T00:00Z"), ["UTC"]) == windows.next_open(
            _at("2026-01-05T00:00Z"), ["UTC"]
        )


def test_looking_again_works_nothing_out() -> None:
    """A known day and set of zones is looked at with a handful of calls: 100,000 times a second on a usual machine."""
    windows = Windows(hours=NINE_TO_FIVE.hours * 3, holidays="NL", closed=frozenset({date(2026, 12, 31)}))
    zones = ("Europe/Amsterdam", "Europe/London")
    windows.is_open(_at("2026-06-01T12:00Z"), zones)
    later = _at("2026-06-01T12:01Z")
    called: list[str] = []
    sys.setprofile(lambda _frame, event, _: called.append(event))
    windows.is_open(later, zones)
    sys.setprofile(None)

    assert len([event for event in called if event.endswith("call")]) < 20


@given(windows)
def test_stored_windows_are_read_as_they_were(windows: Windows) -> None:
    """What is written as JSON, or as one line, is read again as the same."""
    assert windows == Windows.from_dict(windows.to_dict())
    assert windows == parse_windows(format_windows(windows))


def test_a_beginning_and_a_zone_are_stored() -> None:
    """As a moment in ms and a name; what was not said is not written."""
    windows = Windows(not_before=_at("2026-01-05T11:00Z"), zone="Europe/Paris", holidays="NL")
    told = windows.to_dict()

    assert {"not_before": 1_767_610_800_000, "zone": "Europe/Paris", "holidays": "NL"} == told
    assert windows == Windows.from_dict(told)
    assert Windows() == Windows.from_dict({})
    assert {"hours": [[[0, 6], 540, 1020]], "closed": ["2026-01-05", "2026-12-31"]} == Windows(
        hours=(Hours(frozenset({6, 0}), 540, 1020),), closed=frozenset({date(2026, 12, 31), date(2026, 1, 5)})
    ).to_dict()


def test_a_line_is_written_as_people_would() -> None:
    """Days that follow each other as one stretch, dates in order, the zone last."""
    line = "mo-we,fr,su=09:05-20:00 sa=22:00-02:00 holidays=NL closed=2026-01-05,2026-12-31 timezone=Europe/Paris"

    assert line == format_windows(parse_windows(line))
    assert "timezone=Europe/Paris" == format_windows(Windows(zone="Europe/Paris"))
    assert "" == format_windows(Windows())
    assert "mo-su=00:00-24:00" == format_hours(parse_hours("0:00-24:00"))


def test_days_go_round_the_week() -> None:
    """A stretch may begin late in the week and end early; a single day is one."""
    assert frozenset({5, 6, 0, 1}) == parse_days("sa-tu")
    assert frozenset({2}) == parse_days("we") == parse_days("we-we")
    assert frozenset({0, 1, 2, 3, 4, 5, 6}) == parse_days("mo-su") == parse_days("tu-mo")


def test_dates_are_read_in_any_order() -> None:
    """Each counts once; none is none."""
    assert frozenset({date(2026, 12, 31), date(2026, 1, 1)}) == parse_dates(["2026-12-31", "2026-01-01", "2026-12-31"])
    assert frozenset() == parse_dates([])


@pytest.mark.parametrize(
    ("days", "start", "end", "field", "message"),
    [
        ("mo-", "09:00", "24:01", "to", "'24:01' is no time of day: write it like 09:00, at most 24:00"),
        ("mo", "9", "10:00", "from", "'9' is no time of day"),
        ("mo", "09:00", "9" * 30, "to", f"{'9' * 20!r} is no time of day"),
        ("mo", "24:00", "24:00", "from", "begins at 00:00 rather than at 24:00"),
        ("mo,xx", "09:00", "10:00", "days", "'mo,xx' are no days: write them like mo-fr or mo,we,sa (mo, tu, we, "),
        ("mo-xx", "09:00", "10:00", "days", "are no days"),
        ("xx-mo", "09:00", "10:00", "days", "are no days"),
    ],
)
def test_parts_that_cannot_be_read_are_told(days: str, start: str, end: str, field: str, message: str) -> None:
    """With the part's name, what was written, and how to write it."""
    with pytest.raises(InvalidInput) as refused:
        hours_of(days, start, end)

    assert field == refused.value.field
    assert message in str(refused.value)


def test_what_is_wrong_with_a_line_is_told() -> None:
    """Each with an example of how it is written, and no more of a long text than its beginning."""
    long = "x" * 50
    for text, message in (
        (long, f"{'x' * 40!r} is not written like mo-fr=09:00-20:00"),
        ("closed=today", "must be dates such as 2026-12-31"),
        ("timezone=Nowhere", "is no time zone: give an IANA name such as Europe/Amsterdam"),
        (f"holidays={long}", f"holidays of {'x' * 20!r} are not known for it: give a country (ISO 3166)"),
        ("holidays=NL holidays=DE", "one country's holidays and one timezone can be given"),
        ("holidays=NL,DE", "one country's holidays and one timezone can be given"),
        ("timezone=UTC,Europe/Paris", "one country's holidays and one timezone can be given"),
    ):
        with pytest.raises(InvalidInput) as refused:
            parse_windows(text)

        assert message in str(refused.value)


@pytest.mark.parametrize("name", ["posixrules", "Factory", "EST5EDT", "localtime", "", "europe/amsterdam"])
def test_a_name_that_means_no_place_is_no_zone(name: str) -> None:
    """Only places, and UTC; the field is that of whoever asks."""
    with pytest.raises(InvalidInput) as refused:
        check_zone(name, field="zone")

    assert "zone" == refused.value.field
    assert "UTC" == check_zone("UTC")


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
        ("closed=2026-12-31=2027-01-01", "closed"),
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
