"""Figures and moments in each way the carrier writes them."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.providers.kpn.figures import (
    read_count,
    read_decimal,
    read_figures,
    read_moment,
    read_text,
    write_moment,
)

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.000Z",
        "2026-01-31T12:00:00.000000000Z",
        "2026-01-31T13:00:00+01:00",
        "2026-01-31 12:00:00",
        " 2026-01-31T12:00:00 ",
        "1769860800",
        "1769860800000",
        1769860800,
        1769860800000,
        1769860800.0,
    ],
)
def test_moment_is_read_in_every_notation(text: object) -> None:
    """ISO with and without zone, the 2018 notation and epoch numbers all give the same aware moment."""
    assert NOON == read_moment(text)


@pytest.mark.parametrize(
    "text", [None, "", "now", "31-01-2026", True, [], {}, "0001-01-01T00:00:00+14:00", 5, "9" * 99]
)
def test_what_is_no_moment_is_none(text: object) -> None:
    """Anything else is no moment, and no error."""
    assert read_moment(text) is None


@given(st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the zone is given beside it
def test_written_moment_is_read_again(moment: datetime) -> None:
    """Writing a moment and reading it is exact to the millisecond."""
    exact = moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    assert exact == read_moment(write_moment(moment))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *[("7", 7), (7, 7), (7.9, 7), ("7.0", 7), (" 7 ", 7), ("0", 0), (0, 0), ("1000000000", 10**9)],
        *(
            (nonsense, None)
            for nonsense in ("", "-1", -1, True, None, "1e3", "\u0661", "1000000001", 10**400, "7x", [7])
        ),
        *((nonsense, None) for nonsense in (float("nan"), float("inf"))),
    ],
)
def test_count_is_read_or_left_out(value: object, expected: int | None) -> None:
    """Whole numbers come as numbers or text; nonsense and what no program could hold is left out."""
    assert expected == read_count(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((same, same) for same in ("0.00333333", "0.10000000", "-0.5")),
        *[(0.5, "0.5"), (2, "2")],
        *((nonsense, None) for nonsense in ("1e-5", "", None, "0,5", True, "1.2.3")),
    ],
)
def test_money_keeps_its_digits(value: object, expected: str | None) -> None:
    """Decimals stay the text they came as."""
    assert expected == read_decimal(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\x00b\nc", "abc"), ("\ud800x", "x"), ("  ", None), ("", None), (7, None), ("y" * 999, "y" * 300)],
)
def test_text_is_fit_to_be_stored(value: object, expected: str | None) -> None:
    """Control characters and lone surrogates are taken out, and no text is longer than 300."""
    assert expected == read_text(value)


def test_moment_is_written_as_the_carrier_has_it() -> None:
    """In UTC, to the millisecond."""
    assert "2026-01-31T12:00:00.000Z" == write_moment(NOON)


@pytest.mark.parametrize(
    ("text", "year"), [("100000000000", 1973), ("99999999999", 5138), (100_000_000_000, 1973), ("9" * 10, 2286)]
)
def test_epoch_is_read_in_seconds_as_long_as_that_can_be(text: object, year: int) -> None:
    """From 10^11 on it is milliseconds."""
    moment = read_moment(text)

    assert moment is not None
    assert year == moment.year


def test_epoch_is_the_same_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own zone has nothing to do with it."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    read = read_moment(1769860800)
    monkeypatch.undo()
    time.tzset()

    assert NOON == read


@pytest.mark.parametrize(
    ("value", "expected"),
    [("7" + " " * 299, 7), ("7" + " " * 300, None), (10**9, 10**9), (10**15, None), (-(10**15), None)],
)
def test_what_is_too_long_to_be_a_number_is_none(value: object, expected: int | None) -> None:
    """300 characters, or below 10^15: more is not even looked at."""
    assert expected == read_count(value)
    assert read_count(10**5000) is None  # which costs a second to write down, or an error


@pytest.mark.parametrize(
    ("value", "expected"),
    [(999_999_999_999, "999999999999"), (10**12, None), (10**15 - 1, None), ([1], None), ({}, None), (1e300, None)],
)
def test_money_has_its_bounds(value: object, expected: str | None) -> None:
    """Twelve digits before the point."""
    assert expected == read_decimal(value)


def test_all_figures_of_a_call_are_read() -> None:
    """Under our names, and only those that are there and make sense."""
    payload = {
        "duration": "7",
        "sip_code": 486,
        "size": "12222",
        "rate": "0.10000000",
        "price": 0.5,
        "network": "20408",
        "detail": "cannot_route",
        "disconnected_by": "user",
        "sub_state": "in_progress",
        "reason": "Busy",
        "recording_url": "https://example.com/r",
        "recording_uuid": "r-1",
        "direction": "outbound",
        "start_time": "2026-01-31T12:00:00Z",
        "end_time": "2026-01-31 12:00:07",
    }
    renamed = {"duration": "duration_s", "size": "size_bytes"}
    expected = {renamed.get(name, name): value for name, value in payload.items()} | {
        "duration_s": 7,
        "size_bytes": 12222,
        "price": "0.5",
        "start_time": "2026-01-31T12:00:00.000Z",
        "end_time": "2026-01-31T12:00:07.000Z",
    }

    assert expected == read_figures(payload | {"status": "completed"})
    assert {} == read_figures(dict.fromkeys(payload) | {"duration": "soon", "end_time": "later"})
