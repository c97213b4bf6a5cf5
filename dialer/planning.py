"""From a campaign in Redis to the plan that a forecast is made of: its people, its rates, and who shares the budget.

The virtual runs are pure and take some 0.1 s; they go to a thread, so that webhooks do not wait for them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from dialer.built_in import BUILT_IN
from dialer.clock import Clock, to_ms
from dialer.dispositions import Disposition
from dialer.forecast import Brake, Line, Money, Outlook, Plan, Problem, Rates, is_possible, look_ahead, problems_of
from dialer.forecast.talking import talk_s
from dialer.kinds import KINDS, Callee, default_success, steps_of
from dialer.model import MAIN, Campaign, Priority
from dialer.pacing import MARGIN_LEAST_PPM
from dialer.redis.batch import Batch
from dialer.settings import Settings
from dialer.store import Store
from dialer.store.forecasts import People
from dialer.store.prospects import Prospects

_URGENCY = {priority: number for number, priority in enumerate(Priority, 1)}
_PPM = 1_000_000
_SAMPLE_OF_OTHERS, _SEEN_OF_OTHERS = 200, 40
"""So few calls of each other campaign are looked at: it only has to be known about how long it takes."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What a request says of how calls will go, in the place of what is known.

    Attributes:
        shares: parts of all attempts by how they end.
        calls_per_second: another budget.
    """

    shares: Mapping[Disposition, float] = field(default_factory=dict)
    ring_s: float | None = None
    talk_s: float | None = None
    price_per_minute: float | None = None
    calls_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is told of a campaign.

    Attributes:
        at_ms: when it was made.
        problems: why it cannot be done; none where it can.
        whole: whether its people were counted one by one.
    """

    at_ms: int
    outlook: Outlook
    problems: tuple[Problem, ...]
    whole: bool


class Planning:
    """Makes forecasts. Every method raises StoreUnavailable when Redis is away."""

    def __init__(self, store: Store, batch: Batch, clock: Clock, settings: Settings) -> None:
        self._store, self._batch, self._clock, self._settings = store, batch, clock, settings

    async def forecast(self, campaign: Campaign, assumed: Assumed | None = None, *, whole: bool = False) -> Forecast:
        """The forecast of a campaign as if it were started or resumed now, with whatever runs beside it."""
        people = await self._people(campaign, whole=whole)
        return await self.forecast_of(campaign, people, assumed)

    def prospects(self, campaign: Campaign) -> Prospects:
        """Counts the people of a list for a campaign that is not stored, for `forecast_of`."""
        now, region = self._clock.now_us() / 1_000_000, self._settings.default_region
        return Prospects(self._store, campaign, now, region=region, beginnings=self._beginnings)

    async def forecast_of(self, campaign: Campaign, people: People, assumed: Assumed | None = None) -> Forecast:
        """The same for these people, of a campaign that is stored or not."""
        plan = await self._plan(campaign, assumed or Assumed(), people)
        outlook, problems = await asyncio.to_thread(_looked_ahead, plan, people)
        return Forecast(round(plan.starts * 1000), outlook, problems, people.whole)

    async def problems(self, campaign: Campaign) -> tuple[Problem, ...]:
        """Why a campaign that is about to start cannot be done; nothing where nobody can say so.

        Urgent campaigns, conferences and escalations are never doubted, nor is one that has all the time in the world.
        """
        if not can_be_impossible(campaign):
            return ()
        people = await self._people(campaign, whole=False)
        plan = await self._plan(campaign, Assumed(), people)
        if await asyncio.to_thread(is_possible, plan):
            return ()
        if not people.whole:  # a sample says so; whoever refuses a campaign must have counted
            plan = await self._plan(campaign, Assumed(), await self._people(campaign, whole=True))
        return await asyncio.to_thread(problems_of, plan)

    async def _people(self, campaign: Campaign, *, whole: bool) -> People:
        region, beginnings = self._settings.default_region, self._beginnings
        return await self._store.people_left(campaign, region=region, whole=whole, beginnings=beginnings)

    async def _plan(self, campaign: Campaign, assumed: Assumed, people: People) -> Plan:
        trunks = [trunk for trunk in campaign.trunks if trunk in self._settings.trunk_names] or [MAIN]
        others, now = await asyncio.gather(self._store.others_running(campaign.id), self._store.trunks(trunks))
        rates = {trunk: self._settings.over(trunk).calls_per_second for trunk in trunks}
        line = _line(campaign, people, self._rates(campaign).learned(await self._store.seen(campaign)))
        line = _given(line, assumed)
        line = replace(line, rates=_priced(campaign, line.rates), money=_money(campaign, line.rates))
        beside = [await self._other(other, rates) for other in others if set(other.trunks) & set(trunks)]
        return Plan(
            line=line,
            others=tuple(other for other in beside if other.people),
            starts=self._clock.now_us() / 1_000_000 + min(one.gate_ms for one in now.values()) / 1000,
            calls_per_second=assumed.calls_per_second or sum(rates.values()),
            margin=sum(now[trunk].budget.margin_ppm * rate for trunk, rate in rates.items())
            / sum(rates.values())
            / _PPM,
            least_margin=MARGIN_LEAST_PPM / _PPM,
            slots=self._slots(trunks),
            shares=self._settings.shares,
        )

    def _slots(self, trunks: Sequence[str]) -> int | None:
        """How many calls may be up over these trunks together; None where one of them takes any number."""
        each = [self._settings.over(trunk).slots for trunk in trunks]
        return sum(each) if all(each) else None

    @property
    def _beginnings(self) -> frozenset[str]:
        """Of numbers that have but a share of the budget, which is the same of each trunk."""
        return frozenset(self._settings.shares)

    async def _other(self, campaign: Campaign, rates: Mapping[str, float]) -> Line:
        """Another campaign; where it is not on all of these trunks, it takes no more than theirs."""
        people, seen = await asyncio.gather(
            self._store.people_left(
                campaign,
                region=self._settings.default_region,
                sample=_SAMPLE_OF_OTHERS,
                beginnings=self._beginnings,
            ),
            self._store.seen_alone(campaign, calls=_SEEN_OF_OTHERS),
        )
        line = _line(campaign, people, _priced(campaign, self._rates(campaign).learned(seen)))
        shared = set(rates) & set(campaign.trunks)
        return line if shared == set(rates) else replace(line, calls_per_second=sum(rates[trunk] for trunk in shared))

    def _rates(self, campaign: Campaign) -> Rates:
        terms, settings = campaign.terms, self._settings
        ringing = terms.ringing_timer_s or settings.ringing_timer_s
        length = terms.length_timer_s or settings.length_timer_s
        if campaign.id in BUILT_IN.values():  # single calls have scripts of their own
            return Rates.default(talk_s=_SINGLE_TALK_S, ringing_timer_s=ringing)
        steps = steps_of(campaign.kind, json.dumps(campaign.script), Callee(campaign.id))
        asks = Disposition.ANSWERED not in default_success(steps)
        detects = bool(terms.machine_detection or terms.advanced_mode)
        takes_s = min(talk_s(steps.steps), float(length))
        return Rates.default(talk_s=takes_s, ringing_timer_s=ringing, asks=asks, detects=detects)


_SINGLE_TALK_S = 20.0


def can_be_impossible(campaign: Campaign) -> bool:
    """Whether a start may be refused: of no urgent campaign, conference or escalation, and of none without limits."""
    is_bound = campaign.expires_at is not None or (campaign.windows is not None and not campaign.override_windows)
    is_list = KINDS[campaign.kind].most is None
    return is_bound and is_list and campaign.priority is not Priority.URGENT


def _looked_ahead(plan: Plan, people: People) -> tuple[Outlook, tuple[Problem, ...]]:
    return look_ahead(plan, suppressed=people.suppressed), problems_of(plan)


def _line(campaign: Campaign, people: People, rates: Rates) -> Line:
    keeps = campaign.windows is not None and not campaign.override_windows
    return Line(
        id=campaign.id,
        urgency=_URGENCY[campaign.priority],
        rates=rates,
        lots=people.lots,
        up=people.up,
        windows=campaign.windows if keeps else None,
        zones=people.zones,
        redial=campaign.redial,
        max_tries=campaign.max_tries,
        expires=to_ms(campaign.expires_at) / 1000 if campaign.expires_at else inf,
        tokens=1 + campaign.terms.connects,
        weight=campaign.share.weight,
        slots=campaign.share.slots,
        calls_per_second=campaign.share.calls_per_second,
        spacing_s=campaign.caps.spacing_ms / 1000,
        most_a_day=campaign.caps.day,
        most_a_week=campaign.caps.week,
        money=_money(campaign, rates),
        brake=_brake(campaign),
    )


def _money(campaign: Campaign, rates: Rates) -> Money | None:
    cap = campaign.euro_cap
    if cap.total is None and cap.day is None:
        return None
    return Money(
        total=inf if cap.total is None else float(cap.total),
        day=inf if cap.day is None else float(cap.day),
        reserve=float(max(cap.per_call, campaign.dearest)),
        spent=float(campaign.spent),
        spent_today=float(campaign.spent_today),
        is_known=rates.price_per_minute is not None,
    )


def _priced(campaign: Campaign, rates: Rates) -> Rates:
    """Where no price is known, a call that is picked up is taken to cost what a cap in euro reserves for it."""
    per_call, talk_s = campaign.euro_cap.per_call, rates.talk_s
    if rates.price_per_minute is not None or not per_call or not talk_s:
        return rates
    sources = {**rates.sources, "price_per_minute": "what the euro cap reserves for a call"}
    return replace(rates, price_per_minute=float(per_call) / talk_s * 60, sources=sources)


def _brake(campaign: Campaign) -> Brake | None:
    if campaign.breaker is None:
        return None
    return Brake(campaign.breaker, to_ms(campaign.tripped.until) / 1000 if campaign.tripped else None)


def _given(line: Line, assumed: Assumed) -> Line:
    figures = {name: getattr(assumed, name) for name in ("ring_s", "talk_s", "price_per_minute")}
    return replace(line, rates=line.rates.given(assumed.shares, **figures))
