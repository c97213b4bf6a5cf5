"""Cohorts: whose clocks count for a call."""

from __future__ import annotations

import pytest

from dialer.cohorts import cohort_of, given_zone, zones_for
from dialer.errors import InvalidInput
from dialer.phone import zones_in, zones_of
from dialer.windows import Windows

NOWHERE = "sip:desk@pbx.example.com"


@pytest.mark.parametrize(
    ("expected", "number"),
    [
        (("Europe/Amsterdam",), "+31612345678"),
        (("America/Los_Angeles",), "+14155552671"),
        (("Asia/Calcutta",), "+919876543210"),
        (("Europe/London",), "+442079460000"),
        ((), "+870773111632"),
        ((), "+1"),
        ((), "no number"),
    ],
)
def test_number_tells_its_zones(expected: tuple[str, ...], number: str) -> None:
    """Mostly one; none where the number is of no country."""
    assert expected == zones_of(number)


def test_number_of_a_large_country_may_be_in_many_zones() -> None:
    """A Russian mobile may be anywhere from Kaliningrad's side to Kamchatka; so may a country as a whole."""
    assert {"Europe/Moscow", "Asia/Kamchatka"} < set(zones_of("+79161234567"))
    assert {"America/New_York", "Pacific/Honolulu"} < set(zones_in("US"))


def test_zone_given_for_the_call_goes_first() -> None:
    """Before the windows' own zone, which goes before that of the number, which goes before that of the region."""
    windows, elsewhere = Windows(), Windows(zone="Europe/Paris")
    number, given = (cohort_of(["+31612345678"], zone) for zone in (None, "Asia/Tokyo"))
    nowhere = cohort_of([NOWHERE], None)

    assert ("Europe/Amsterdam",) == zones_for(number, windows, "DE")
    assert ("Europe/Paris",) == zones_for(number, elsewhere, "DE")
    assert ("Asia/Tokyo",) == zones_for(given, elsewhere, "DE")
    assert zones_in("DE") == zones_for(nowhere, windows, "DE")


def test_zone_that_the_number_tells_is_not_kept() -> None:
    """It would only make a second cohort of the same hours."""
    assert given_zone(["+31612345678"], "Europe/Amsterdam") is None
    assert given_zone(["+31612345678"], "") is None
    assert "Asia/Tokyo" == given_zone([NOWHERE], "Asia/Tokyo")
    with pytest.raises(InvalidInput):
        given_zone(["+31612345678"], "Tokyo")


def test_an_address_tells_no_zone() -> None:
    """Nor does a number within it: the desk that answers may be anywhere."""
    assert "" == cohort_of(["sip:+31612345678@pbx.example.com"], None)


def test_hours_of_all_numbers_of_a_person_are_kept() -> None:
    """Somebody with a Dutch and an Indian number is in one cohort, whichever of them is dialed."""
    numbers = ["+919876543210", NOWHERE, "+31612345678"]
    assert ("Asia/Calcutta", "Europe/Amsterdam") == zones_for(cohort_of(numbers, None), Windows(), "NL")
    assert "Europe/Amsterdam" == given_zone(numbers, "Europe/Amsterdam")
