"""When the cohorts of a campaign open and close: worked out here, kept beside the campaign, obeyed by the scripts.

For each cohort the campaign's hash holds one open stretch, `h1` = `opens closes` (ms): before `opens` the cohort is
closed, from then to `closes` it is open, and after that nobody knows until somebody has looked again (`turn`). Scripts
compare a moment with the stretch and let nothing go that lies outside. A change of the windows deletes all stretches in
its own step, so that what was claimed under the old ones is refused.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dialer import keys
from dialer.clock import Clock, moment, now_ms, to_ms
from dialer.cohorts import zones_for
from dialer.model import Campaign
from dialer.pacing import HORIZON_US
from dialer.redis.batch import Batch
from dialer.windows import GUARD, Windows

log = structlog.get_logger(__name__)

GUARD_MS = GUARD // timedelta(milliseconds=1)
LOOK_AGAIN = timedelta(days=7)
"""What does not open within weeks is looked at again after one: clocks change, and then it may."""
NOT_UNDERSTOOD = timedelta(minutes=1)
"""Windows that this machine cannot work out keep their cohort closed for so long; another machine may know better."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """How a cohort stands now.

    Attributes:
        zones: whose clocks count.
        is_open: whether its calls may be dialed.
        opens_at: when it opens next; None while it is open, and where it does not open soon.
        closes_at: when it closes, now or after that opening.
    """

    zones: tuple[str, ...]
    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None


class Openings:
    """The stretches of campaigns. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, batch: Batch, clock: Clock, region: str) -> None:
        self._batch = batch
        self._clock = clock
        self._region = region

    async def turn(self, campaign_id: str) -> None:
        """Look up the next stretch of each cohort that has none or whose last one is over. Repeatable.

        Whoever is slow writes what was right a moment ago, and it is looked up again.
        """
        key = keys.campaign(campaign_id)
        (windows, version), cohorts = await asyncio.gather(
            self._batch.command("HMGET", key, "windows", "timed"), self._cohorts(campaign_id)
        )
        if not version:
            return
        now, numbers = now_ms(self._clock), [*cohorts]
        stored = await self._batch.command("HMGET", key, *(f"h{number}" for number in numbers))
        over = {n: cohorts[n] for n, known in zip(numbers, stored, strict=True) if not known or _closes(known) <= now}
        # The first look at a country's holidays takes a third of a second, in which requests are to leave.
        found = await asyncio.to_thread(self._stretches, Windows.from_dict(json.loads(windows)), over, now)
        fields = [part for number, stretch in found.items() for part in (f"h{number}", stretch)]
        if fields:
            await self._batch.run("store_hours", [key], [version, *fields])

    def _stretches(self, windows: Windows, cohorts: Mapping[int, str], now: int) -> dict[int, str]:
        return {number: self._stretch(windows, cohort, now) for number, cohort in cohorts.items()}

    def _stretch(self, windows: Windows, cohort: str, now: int) -> str:
        later = moment(now) + LOOK_AGAIN
        try:
            found = windows.usable(moment(now), zones_for(cohort, windows, self._region))
        except (KeyError, NotImplementedError) as error:  # a zone or a country that this machine's tables do not have
            log.exception("windows.not_understood", cohort=cohort, reason=str(error))
            found, later = None, moment(now) + NOT_UNDERSTOOD
        opens, closes = found or (later, later)
        return f"{to_ms(opens)} {to_ms(closes)}"

    async def stretches(
        self, windows: Windows, cohorts: Mapping[int, str], stored: Mapping[int, str], now: int
    ) -> dict[int, tuple[int, int]]:
        """When each cohort opens and closes next (ms), as the scripts have it or will; equal: it does not open soon.

        Args:
            windows: of the campaign.
            cohorts: by number.
            stored: their stretches as they stand beside the campaign, where they do.
            now: the moment (ms). What closes within the horizon of a claim is closed already.
        """
        known = {number: _read(stored[number]) for number in cohorts if number in stored}
        return await asyncio.to_thread(
            lambda: {number: self._next(windows, cohort, known.get(number), now) for number, cohort in cohorts.items()}
        )

    def _next(self, windows: Windows, cohort: str, known: tuple[int, int] | None, now: int) -> tuple[int, int]:
        if known is None or known[1] <= now:
            known = _read(self._stretch(windows, cohort, now))
        opens, closes = known
        if opens <= now and closes <= now + HORIZON_US / 1000:
            return _read(self._stretch(windows, cohort, closes))
        return known

    async def of(self, campaign: Campaign) -> list[Stretch]:
        """How each cohort of a campaign stands, in the order of their numbers; none if it keeps no windows."""
        windows = campaign.windows
        if windows is None or campaign.override_windows:
            return []
        cohorts = await self._cohorts(campaign.id)
        at = moment(now_ms(self._clock))
        sets = dict.fromkeys(zones_for(cohort, windows, self._region) for cohort in cohorts.values())
        return await asyncio.to_thread(lambda: [_seen(windows, zones, at) for zones in sets])

    async def _cohorts(self, campaign_id: str) -> dict[int, str]:
        found: dict[str, str] = await self._batch.command("HGETALL", keys.zones(campaign_id))
        return dict(sorted((int(number), cohort) for cohort, number in found.items())) or {1: ""}


def _closes(stretch: str) -> int:
    return _read(stretch)[1]


def _read(stretch: str) -> tuple[int, int]:
    opens, closes = map(int, stretch.split())
    return opens, closes


def _seen(windows: Windows, zones: tuple[str, ...], at: datetime) -> Stretch:
    found = windows.next_open(at, zones)
    if found is None:
        return Stretch(zones, is_open=False, opens_at=None, closes_at=None)
    opens, closes = found
    return Stretch(zones, is_open=opens <= at, opens_at=opens if opens > at else None, closes_at=closes)
