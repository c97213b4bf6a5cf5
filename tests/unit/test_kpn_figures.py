"""Figures and moments in each way the carrier writes them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.providers.kpn.figures import read_count, read_decimal, read_moment, read_text, write_moment

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
