"""What an explanation looks at, read at one moment: a campaign in one script, however many calls it has; one call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dialer import keys
from dialer.clock import moment
from dialer.dialing import Pace
from dialer.dispositions import Disposition
from dialer.errors import NotFound
from dialer.explaining.seen import Seen, SeenCall, Trunk
from dialer.holding import Held, read_held
from dialer.model import MAIN, Call, CallRef, Campaign, Tripped
from dialer.pacing import MARGIN_PPM
from dialer.states import CallState
from dialer.store.calls import CallStore
from dialer.store.campaign_fields import campaign_from_fields
from dialer.store.campaigns import is_campaign_id
from dialer.trunks import trunks_of

_DAYS = keys.DIALED_DAYS


@dataclass(frozen=True, slots=True)
class Hours:
    """What is stored of a campaign's hours: its cohorts by number, and the stretch of each as it is written down."""

    cohorts: Mapping[int, str]
    stretches: Mapping[int, str]


class ExplainStore(CallStore):
    """What stands against calls."""

    async def look_at_campaign(
        self, campaign_id: str, paces: Mapping[str, Pace], unknown_hold_ms: int
    ) -> tuple[Seen, Hours]:
        """A campaign and what its calls wait for, by the one of its trunks that takes the next. Raises NotFound.

        All of it is read at one moment. Of a trunk that is not set up here no worker is known.
        """
        if not is_campaign_id(campaign_id):
            raise NotFound(f"there is no campaign {campaign_id!r}")
        name = MAIN if len(paces) == 1 else await self._likeliest(campaign_id, paces)
        pace = paces.get(name, paces[MAIN])
        now_us = self._clock.now_us()
        now = now_us // 1000
        names = [keys.campaign(campaign_id), keys.held(campaign_id), keys.zones(campaign_id)]
        # Where there are several, the leases are of all of them.
        names += [keys.trunk(name), keys.LEASES if len(paces) == 1 else keys.trunk_up(name), keys.WORKERS]
        names += [*keys.lines([name]), *keys.call_sets(campaign_id)]
        args: list[str | int] = [now, now - keys.WORKER_ALIVE_MS, len(Held)]
        answer, known = await asyncio.gather(
            self._batch.run("explain_campaign", names, args), self._batch.command("HGET", keys.LIFE, "known")
        )
        flat, zones, sizes, due, later, later_ms, held, parked, trunk, up, workers, ready, unknown_since = answer
        fields = _pairs(flat)
        if "state" not in fields:
            raise NotFound(f"there is no campaign {campaign_id!r}")
        ended = sizes[len(keys.IN_FLIGHT) :]
        campaign = campaign_from_fields(campaign_id, fields, now)
        dials = name in paces and name in campaign.trunks
        seen = Seen(
            now_us=now_us,
            campaign=campaign,
            states=dict(zip(keys.IN_FLIGHT, sizes, strict=False)),
            dispositions=dict(zip(Disposition, ended, strict=True)),
            due=due,
            later=later,
            later_ms=float(later_ms) if later_ms else None,
            held={reason: (count, int(until)) for reason, (count, until) in zip(Held, held, strict=True)},
            parked=[(int(opens), count) for opens, count in parked],
            release=frozenset(Held(int(reason)) for reason in fields.get("release", "").split()),
            unpark=[int(opens) for opens in fields.get("unpark", "").split()],
            pace_at_us=float(fields.get("pace_at", 0)) if "pace" in fields else 0,
            unknown_since_ms=float(unknown_since) if unknown_since else None,
            trunk=_trunk(name, trunk, (up, workers if dials else 0, ready)),
            pace=pace,
            unknown_hold_ms=unknown_hold_ms,
            is_old=known is not None,
        )
        return seen, _hours(fields, _pairs(zones))

    async def _likeliest(self, campaign_id: str, paces: Mapping[str, Pace]) -> str:
        """The trunk of a campaign by which its next call may leave first."""
        named = await trunks_of(self._batch, campaign_id)
        there = [trunk for trunk in named if trunk in paces] or [named[0]]
        if len(there) == 1:
            return there[0]
        waits = await asyncio.gather(*(self._waits(trunk, paces[trunk]) for trunk in there))
        return min(zip(waits, there, strict=True))[1]

    async def _waits(self, trunk: str, pace: Pace) -> tuple[bool, float]:
        """Whether a trunk is full, and from when (us) it has a token."""
        (tat, *closed), up = await asyncio.gather(
            self._batch.command("HMGET", keys.trunk(trunk), "tat", "gate", "tripped_until"),
            self._batch.command("ZCARD", keys.trunk_up(trunk)),
        )
        return 0 < pace.slots <= up, max(float(tat or 0), *(float(until or 0) * 1000 for until in closed))

    async def look_at_call(self, call: Call, campaign: Campaign, digests: Sequence[str]) -> SeenCall:
        """One call. `digests` tell each of its numbers where it was erased, '' for none. Raises NotFound."""
        ref = CallRef.parse(call.id)
        assert ref is not None  # noqa: S101 - it was read under this id
        numbers, sets = [call.number, *call.others], keys.call_sets(ref.campaign_id)
        lists = [keys.SUPPRESSED, *map(keys.suppressed_on, campaign.lists)]
        now = self._now_ms()
        dialed = [key for number in numbers for key in keys.dialed(number, now)]
        names = [keys.LEASES, keys.held(ref.campaign_id), keys.cohorts(ref.campaign_id), keys.bucket(*ref)]
        args: list[str | int] = [call.id, ref.seq, len(sets), len(lists), len(numbers), *numbers, *digests, now]
        answer = await self._batch.run("explain_call", [*names, *sets, *lists, *dialed, keys.DOUBTFUL], args)
        where, score, lease, held, cohort, before, tries, told = answer
        if not where:
            raise NotFound(f"there is no call {call.id!r}")
        counted = json.loads(tries or "{}")
        suppressed = {n: moment(since) for n, (since, _, _) in zip(numbers, told, strict=True) if since}
        place = _next_place(numbers, counted, suppressed)
        _, days, other = told[(place or 1) - 1]
        return SeenCall(
            where=_state(sets[where - 1].rpartition(":")[2]),
            at_ms=float(score),
            lease_ms=int(float(lease)) if lease else None,
            held=read_held(float(held)) if held else None,
            cohort=cohort,
            before=before,
            expires_ms=counted.get("x"),
            number=numbers[place - 1] if place else None,
            suppressed=suppressed,
            dialed_ms=_moments(days, now),
            other_up=other or None,
        )


def _pairs(flat: Sequence[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _trunk(name: str, fields: Sequence[str | None], shared: tuple[int, int, Sequence[int]]) -> Trunk:
    tat, gate, closed_by, margin, tripped_until, tripped_why = fields
    up, workers, ready = shared
    return Trunk(
        name=name,
        tat_us=float(tat or 0),
        margin_ppm=int(margin or MARGIN_PPM),
        gate_ms=int(float(gate or 0)),
        closed_by=closed_by,
        tripped=Tripped.read(tripped_until, tripped_why),
        up=up,
        workers=workers,
        ready=tuple(ready),
    )


def _hours(fields: Mapping[str, str], zones: Mapping[str, str]) -> Hours:
    cohorts = dict(sorted((int(number), cohort) for cohort, number in zones.items())) or {1: ""}
    return Hours(cohorts, {number: fields[f"h{number}"] for number in cohorts if f"h{number}" in fields})


def _state(name: str) -> CallState | Disposition:
    return CallState(name) if name in set(keys.IN_FLIGHT) else Disposition(name)


def _next_place(numbers: Sequence[str], counted: Mapping[str, Any], barred: Mapping[str, datetime]) -> int | None:
    """Which of the numbers the next try dials, as `next_place` in `lua/parts/call.lua` turns to it; None for none."""
    place, spent = counted.get("place", 1), counted.get("spent", 0)
    if numbers[place - 1] not in barred:
        return int(place)
    turns = ((place + step) % len(numbers) for step in range(len(numbers)))
    return next((at + 1 for at in turns if not spent >> at & 1 and numbers[at] not in barred), None)


def _moments(days: Sequence[str], now: int) -> list[int]:
    """When a number was dialed, newest first; `days` hold the call that did it last, then the moments of that day."""
    today = now // keys.DAY_MS
    found = [(today - back) * keys.DAY_MS + int(at) for back, noted in enumerate(days) for at in noted.split()[1:]]
    return sorted(found, reverse=True)
