"""Cohorts: the calls of a campaign that open and close together, because their people may be in the same zones.

A cohort is named by its zones, `Europe/Jersey+Europe/London`, or by the one that was given with the call,
`=Asia/Tokyo`; a call of which nothing is known (a SIP address, a satellite phone) is of the cohort without a name. In
its campaign it has a number, in the order of arrival. Most campaigns have one, for most countries have one zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from dialer.addresses import is_phone
from dialer.phone import zones_in, zones_of
from dialer.windows import Windows, check_zone


def cohort_of(addresses: Sequence[str], timezone: str | None) -> str:
    """The cohort of a call to a person with these addresses, who is in this zone where that is known."""
    return f"={timezone}" if timezone else "+".join(_zones(addresses))


def given_zone(addresses: Sequence[str], timezone: str | None) -> str | None:
    """The zone given for a call, None where the numbers by themselves say the same. Raises InvalidInput."""
    if not timezone or _zones(addresses) == (timezone,):
        return None
    return check_zone(timezone)


@lru_cache(maxsize=4096)
def zones_for(cohort: str, windows: Windows, region: str) -> tuple[str, ...]:
    """Whose clocks count for a cohort; where nothing is known, those of the dialer's own region."""
    if cohort.startswith("="):
        return (cohort[1:],)
    if windows.zone:
        return (windows.zone,)
    return tuple(cohort.split("+")) if cohort else zones_in(region) or ("UTC",)


def _zones(addresses: Sequence[str]) -> tuple[str, ...]:
    """Those in which the person may be: whichever number is dialed, the hours of all of them are kept."""
    first, *others = (zones_of(address) if is_phone(address) else () for address in addresses)
    return tuple(sorted({*first}.union(*others)))
