"""The forecast against the run that follows it: the real engine on real Redis, its clock jumping from event to event.

It is nine in the morning in Amsterdam. What was said beforehand of the end and of the calls placed must lie within a
tenth of what came.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from dialer import keys
from dialer.dispositions import Disposition
from dialer.model import Caps, EuroCap, NewCall, Priority, Redial, Share
from dialer.planning import Assumed, Forecast, Planning
from dialer.settings import Settings
from dialer.window_text import parse_windows
from tests.fakes.clock import START_MS
from tests.fakes.engine import Engine, make_engine, new_calls
from tests.fakes.virtual_run import Ran, VirtualRun, people

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
EVERYBODY = {Disposition.ANSWERED: 1.0}
MIXED = {
    Disposition.ANSWERED: 0.60,
    Disposition.BUSY: 0.12,
    Disposition.NO_ANSWER: 0.23,
    Disposition.INVALID_NUMBER: 0.05,
}
LASTS_S = {
    Disposition.ANSWERED: 30.0,
    Disposition.BUSY: 2.0,
    Disposition.NO_ANSWER: 47.0,
    Disposition.INVALID_NUMBER: 2.0,
}
ASSUMED = {"ring_s": 10.0, "talk_s": 20.0}
AGAIN = {
    Disposition.BUSY: Redial(3, 5 * MINUTE_MS, 200),
    Disposition.NO_ANSWER: Redial(2, 20 * MINUTE_MS),
}
SOON_AGAIN = {Disposition.BUSY: Redial(2, 30_000), Disposition.NO_ANSWER: Redial(1, MINUTE_MS)}
NEXT_NUMBER = {Disposition.NO_ANSWER: Redial(2, 5 * MINUTE_MS, next_number=True)}


@dataclass(frozen=True)
class Scenario:
    """A campaign, its people, and what runs beside it."""

    calls: int
    shares: dict[Disposition, float]
    fields: dict[str, Any] = field(default_factory=dict)
    beside: int = 0
    beside_fields: dict[str, Any] = field(default_factory=dict)
    zones: tuple[str | None, ...] = (None,)
    numbers: int = 1
    calls_per_second: float = 3
    shares_of: dict[str, float] = field(default_factory=dict)
    dialed_before: tuple[int, ...] = ()
    price_per_minute: float | None = None


SCENARIOS = {
    "everybody answers": Scenario(400, EVERYBODY),
    "nobody is called again": Scenario(400, MIXED),
    "redials with waits": Scenario(600, MIXED, {"redial": AGAIN}),
    "redials in between": Scenario(900, MIXED, {"redial": SOON_AGAIN}),
    "at most two tries": Scenario(500, MIXED, {"redial": AGAIN, "max_tries": 2}),
    "windows close in between": Scenario(700, EVERYBODY, {"windows": parse_windows("09:00-09:02 11:00-12:00")}),
    "windows and redials": Scenario(
        600, MIXED, {"windows": parse_windows("09:00-09:02 10:00-10:30 14:00-16:00"), "redial": SOON_AGAIN}
    ),
    "two time zones": Scenario(
        500, EVERYBODY, {"windows": parse_windows("09:00-09:20")}, zones=("Europe/Amsterdam", "Europe/London")
    ),
    "as many beside it": Scenario(300, EVERYBODY, beside=300),
    "more beside it": Scenario(200, MIXED, {"redial": SOON_AGAIN}, beside=600),
    "fewer beside it": Scenario(600, MIXED, {"redial": SOON_AGAIN}, beside=150),
    "behind urgent ones": Scenario(200, EVERYBODY, beside=400, beside_fields={"priority": Priority.URGENT}),
    "before background ones": Scenario(300, EVERYBODY, beside=400, beside_fields={"priority": Priority.BACKGROUND}),
    "two numbers each": Scenario(300, MIXED, {"redial": NEXT_NUMBER}, numbers=2),
    "three times the weight of the other": Scenario(300, EVERYBODY, {"share": Share(weight=3)}, beside=600),
    "twenty slots": Scenario(300, EVERYBODY, {"share": Share(slots=20)}),
    "slots and redials": Scenario(400, MIXED, {"share": Share(slots=30), "redial": SOON_AGAIN}),
    "one call a second": Scenario(200, EVERYBODY, {"share": Share(calls_per_second=1.0)}, beside=300),
    "an hour between tries": Scenario(300, MIXED, {"caps": Caps(spacing_ms=HOUR_MS), "redial": SOON_AGAIN}),
    "two tries a day": Scenario(300, MIXED, {"caps": Caps(day=2), "redial": AGAIN}),
    "thirty a second": Scenario(900, EVERYBODY, calls_per_second=30),
    "money for half of it": Scenario(
        600, EVERYBODY, {"euro_cap": EuroCap(total=Decimal("1.1"), per_call=Decimal("0.004"))}, price_per_minute=0.01
    ),
    "money runs short": Scenario(
        600,
        MIXED,
        {"euro_cap": EuroCap(total=Decimal("1.2"), per_call=Decimal("0.02")), "redial": SOON_AGAIN},
        price_per_minute=0.01,
    ),
    "money of two days": Scenario(
        500, EVERYBODY, {"euro_cap": EuroCap(day=Decimal(1), per_call=Decimal("0.01"))}, price_per_minute=0.01
    ),
    "a third begins alike": Scenario(400, EVERYBODY, shares_of={"+31612": 0.2}),
    "most begin alike": Scenario(300, MIXED, {"redial": SOON_AGAIN}, shares_of={"+3161": 0.25}),
    "at another hour": Scenario(
        300, MIXED, {"redial": {Disposition.NO_ANSWER: Redial(3, 5 * MINUTE_MS, other_hour=True)}}
    ),
    "at another hour within windows": Scenario(
        300,
        MIXED,
        {
            "windows": parse_windows("09:00-18:00"),
            "redial": {
                Disposition.NO_ANSWER: Redial(2, 5 * MINUTE_MS, other_hour=True),
                Disposition.BUSY: Redial(2, 5 * MINUTE_MS),
            },
        },
    ),
    "a third was dialed an hour ago": Scenario(300, MIXED, {"caps": Caps(day=1)}, dialed_before=(HOUR_MS,)),
    "dialed twice this week": Scenario(
        300, MIXED, {"caps": Caps(week=3), "redial": SOON_AGAIN}, dialed_before=(30 * HOUR_MS, 50 * HOUR_MS)
    ),
    "dialed just now": Scenario(
        300, MIXED, {"caps": Caps(spacing_ms=HOUR_MS), "redial": SOON_AGAIN}, dialed_before=(10 * MINUTE_MS,)
    ),
}


def planning(engine: Engine, calls_per_second: float, shares: dict[str, float] | None = None) -> Planning:
    """What the API makes forecasts with."""
    told = frozenset(f"{beginning}={share}" for beginning, share in (shares or {}).items())
    settings = Settings(calls_per_second=calls_per_second, prefix_shares=told)
    return Planning(engine.store, engine.batch, engine.clock, settings)


async def dial_before(engine: Engine, calls: list[NewCall], ago_ms: tuple[int, ...]) -> None:
    """Every third was dialed so long ago by another campaign."""
    for call in calls[::3]:
        for ago in sorted(ago_ms, reverse=True):
            at = engine.now_ms - ago
            [key] = keys.dialed(call.number, at, days=1)
            before = await engine.batch.command("HGET", key, call.number) or "c9-1"
            await engine.batch.command("HSET", key, call.number, f"{before} {at % keys.DAY_MS}")


async def add(engine: Engine, campaign_id: str, calls: list[NewCall], **fields: Any) -> None:
    """A draft with these calls."""
    await engine.run_campaign(campaign_id, calls=0, **fields)
    for first in range(0, len(calls), 1000):
        await engine.store.add_calls(campaign_id, calls[first : first + 1000], import_id="i1")
    await engine.store.end_import(campaign_id, "i1")


def listed(scenario: Scenario) -> list[NewCall]:
    """The people of a campaign."""
    plain = new_calls(scenario.calls)
    return [
        NewCall(
            number=call.number,
            timezone=scenario.zones[place % len(scenario.zones)],
            others=tuple(f"+3162{place:07d}" for _ in range(scenario.numbers - 1)),
        )
        for place, call in enumerate(plain)
    ]


async def foreseen(engine: Engine, scenario: Scenario) -> tuple[Forecast, Ran]:
    """What was said, and what came."""
    if scenario.beside:
        await add(engine, "c2", new_calls(scenario.beside, first=500_000), **scenario.beside_fields)
    await add(engine, "c1", listed(scenario), **scenario.fields)
    await dial_before(engine, listed(scenario), scenario.dialed_before)
    campaign = await engine.store.campaign("c1")
    assumed = Assumed(scenario.shares, **ASSUMED, price_per_minute=scenario.price_per_minute)
    made = planning(engine, scenario.calls_per_second, scenario.shares_of)
    forecast = await made.forecast(campaign, assumed, whole=True)
    run = VirtualRun(engine, people(scenario.shares, LASTS_S))
    ran = await run.until_done({"c1": scenario.calls} | ({"c2": 0} if scenario.beside else {}))
    return forecast, ran["c1"]


def off(said: float, came: float) -> float:
    """How far off it was, in parts of what came."""
    return abs(said - came) / came


@pytest.mark.parametrize("name", SCENARIOS)
async def test_forecast_is_within_a_tenth_of_the_run(engine: Engine, name: str) -> None:
    """The expected end and the calls placed lie within 10 % of the real engine's."""
    scenario = SCENARIOS[name]
    faster = make_engine(engine.redis, calls_per_second=scenario.calls_per_second, prefix_shares=scenario.shares_of)
    forecast, ran = await foreseen(faster, scenario)
    stops = forecast.outlook.stops
    finishes = stops.at if stops else forecast.outlook.finishes
    assert finishes is not None
    lasted = ran.finished - START_MS / 1000
    said = finishes.expected.timestamp() - START_MS / 1000

    assert off(said, lasted) <= 0.1
    assert off(forecast.outlook.attempts.expected, ran.attempts) <= 0.1


async def test_forecast_of_a_running_campaign_learns_from_it(engine: Engine) -> None:
    """Halfway, without a word on how calls go, what is left is said to within a tenth from what was seen so far."""
    calls, fields = 900, {"redial": SOON_AGAIN}
    await add(engine, "c1", listed(Scenario(calls, MIXED)), **fields)
    run = VirtualRun(engine, people(MIXED, LASTS_S))
    half = (await run.until_done({"c1": calls}, most_attempts=500))["c1"].attempts
    forecast = await planning(engine, 3).forecast(await engine.store.campaign("c1"))
    began = engine.now_ms / 1000
    ran = (await run.until_done({"c1": calls}))["c1"]
    outlook = forecast.outlook

    assert "this campaign" == outlook.rates.sources["shares"]
    assert outlook.finishes is not None
    assert off(outlook.finishes.expected.timestamp() - began, ran.finished - began) <= 0.1
    assert off(outlook.attempts.expected, ran.attempts - half) <= 0.1


async def test_next_campaign_of_the_kind_learns_from_the_one_before(engine: Engine) -> None:
    """A new campaign is taken to go like the last one of its kind, which is said; the carrier's price too."""
    await add(engine, "c1", listed(Scenario(300, MIXED)))
    await VirtualRun(engine, people(MIXED, LASTS_S)).until_done({"c1": 300})
    await add(engine, "c2", listed(Scenario(300, MIXED)))
    outlook = (await planning(engine, 3).forecast(await engine.store.campaign("c2"))).outlook

    assert "campaign c1" == outlook.rates.sources["shares"]
    assert 0.6 == pytest.approx(outlook.rates.shares[Disposition.ANSWERED], abs=0.06)
    assert 30 == pytest.approx(outlook.rates.lasts_s[Disposition.ANSWERED], abs=1)
    assert outlook.cost is not None
    assert 300 * 0.6 * 20 / 60 * 0.01 == pytest.approx(outlook.cost.expected, rel=0.2)
    assert outlook.cost.low < outlook.cost.expected < outlook.cost.high


@pytest.mark.parametrize(("trunks", "slots"), [(("main",), 5), (("south",), 2), (("main", "south"), 7)])
async def test_forecast_knows_the_slots_of_the_campaigns_trunks(
    engine: Engine, trunks: tuple[str, ...], slots: int
) -> None:
    """Calls of half a minute take as long as the slots of its own trunks let them."""
    account = dict.fromkeys(("carrier_client_id", "carrier_client_secret", "carrier_application_id"), "south")
    south = {**account, "from_number": "+31201234567", "calls_per_second": 3, "slots": 2}
    settings = Settings(calls_per_second=3, slots=5, trunks={"south": south})
    made = Planning(engine.store, engine.batch, engine.clock, settings)
    await add(engine, "c1", listed(Scenario(210, EVERYBODY)), trunks=trunks)
    forecast = await made.forecast(await engine.store.campaign("c1"), Assumed(EVERYBODY, **ASSUMED))

    assert forecast.outlook.finishes is not None
    lasts = forecast.outlook.finishes.expected.timestamp() - START_MS / 1000
    assert lasts == pytest.approx(210 * 30 / slots, rel=0.1)
