"""Who is on a list that is in no campaign yet, for a forecast: counted as it passes by, and nothing is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from dialer import keys
from dialer.clock import to_ms
from dialer.cohorts import cohort_of, zones_for
from dialer.model import Campaign, NewCall
from dialer.store.forecasts import ForecastStore, People
from dialer.store.standing import Cohorts, Looked, Stand, days_back, lots
from dialer.windows import Zones

_EACH = 50  # of so many people in a row one is looked up in the days before, where the campaign has caps


class Prospects:
    """The people of one list. Belongs to one request."""

    def __init__(
        self, store: ForecastStore, campaign: Campaign, now: float, *, region: str, beginnings: frozenset[str]
    ) -> None:
        """For a campaign that is not stored, at a moment (s since 1970)."""
        self._store, self._region = store, region
        self._windows = None if campaign.override_windows else campaign.windows
        listed = (keys.SUPPRESSED, *map(keys.suppressed_on, campaign.lists))
        days = days_back(campaign.caps)
        self._looked = Looked(campaign.id, Cohorts(((),), {1: 0}), listed, now, beginnings, days, _EACH)
        self._zones: dict[Zones, int] = {}
        self._stands: Counter[Stand] = Counter()
        self._suppressed = 0

    async def take(self, calls: Sequence[NewCall]) -> None:
        """Count some more."""
        if not calls:
            return
        stored = [([call.number, *call.others], _own_end(call)) for call in calls]
        dues, cohorts = [self._looked.now] * len(calls), [self._cohort(call) for call in calls]
        stands, suppressed = await self._store.count_stands(self._looked, dues, cohorts, stored)
        self._stands += stands
        self._suppressed += suppressed

    def _cohort(self, call: NewCall) -> int:
        if self._windows is None:
            return self._zones.setdefault((), 0)
        cohort = cohort_of((call.number, *call.others), call.timezone) if call.cohort is None else call.cohort
        return self._zones.setdefault(zones_for(cohort, self._windows, self._region), len(self._zones))

    def people(self) -> People:
        """All of them so far."""
        zones = tuple(self._zones) or ((),)
        return People(lots=(*lots(self._stands, 1),), up=(), suppressed=self._suppressed, zones=zones, whole=True)

    def people_like(self, count: int) -> People:
        """So many of whom nothing is known: with one number each, in the dialer's own region."""
        zones = zones_for("", self._windows, self._region) if self._windows else ()
        stand = self._looked.stand(self._looked.now, 0, (None, 1, ""), ())
        return People(lots=(*lots({stand: count}, 1),), up=(), suppressed=0, zones=(zones,), whole=True)


def _own_end(call: NewCall) -> str | None:
    """As it stands beside a call's tries."""
    return None if call.expires_at is None else f'{{"n": 0, "x": {to_ms(call.expires_at)}}}'
