"""A forecast as a client is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Self

from pydantic import Field

from dialer.api.answers import ImportOut
from dialer.api.models import Outgoing
from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.forecast import Change, Problem, Range, Rates, Stop
from dialer.model import Campaign
from dialer.planning import Forecast

Reason = Literal["suppressed", "own_end", "no_window", "out_of_time", "no_money", "breaker"]
WORDS: Mapping[str, str] = {
    "suppressed": "suppressed: no campaign calls their numbers",
    "own_end": "their own end comes before their turn",
    "no_window": "never within their hours before the campaign ends",
    "out_of_time": "the campaign ends before their turn",
    "no_money": "the campaign's money (euro_cap) ends before their turn",
    "breaker": "the campaign's breaker stops it before their turn",
}
_NO_PRICE = "no price was seen yet, and none was given (assume.price_per_minute)"
_STOPS = "it pauses by itself before (stops)"
_TOO_FAR = "nobody is told of an end more than a year ahead"


class SkippedOut(Outgoing):
    """People who will not be dialed."""

    reason: Reason
    calls: int
    words: str


class MomentsOut(Outgoing):
    """Nine runs of ten end between `earliest` and `latest`, half of them before `expected`."""

    earliest: datetime
    expected: datetime
    latest: datetime

    @classmethod
    def of(cls, found: Range[datetime]) -> Self:
        """The answer for a range."""
        return cls(earliest=found.low, expected=found.expected, latest=found.high)


class CountsOut(Outgoing):
    """Nine runs of ten lie between `low` and `high`."""

    low: int
    expected: int
    high: int


class CostOut(Outgoing):
    """What is still to be paid, by the carrier's price of a minute."""

    low: float
    expected: float
    high: float
    currency: Literal["EUR"] = "EUR"


class StopOut(Outgoing):
    """It pauses by itself before everybody is done."""

    reason: Literal["no_money", "breaker"] = Field(
        description="`no_money`: too little of `euro_cap.total` is left. `breaker`: it opens and stays so."
    )
    at: MomentsOut
    calls: int = Field(description="Calls that are not done by then, as expected.")

    @classmethod
    def of(cls, stop: Stop) -> Self:
        """The answer for one stop."""
        return cls.model_validate({"reason": stop.reason, "at": MomentsOut.of(stop.at), "calls": stop.people})


class HourOut(Outgoing):
    """Calls of one hour, as expected, and where nine runs of ten lie."""

    hour: datetime
    dialed: int
    low: int
    high: int


class ChangeOut(Outgoing):
    """A change that makes the plan possible by itself."""

    field: Literal["expires_at", "windows", "calls_per_second", "euro_cap.total", "euro_cap.day"]
    value: str | int | float = Field(description="The least: a moment, minutes more a day, calls a second, or euros.")
    words: str

    @classmethod
    def of(cls, change: Change) -> Self:
        """The answer for one change."""
        return cls.model_validate(change, from_attributes=True)


class ProblemOfPlanOut(Outgoing):
    """Why it cannot be done, even if all goes well."""

    code: Literal["no_window", "out_of_time", "no_money"]
    calls: int
    detail: str
    remedy: str = Field(description="The least changes, each of which mends it; empty where none of them does.")
    changes: list[ChangeOut]

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """The answer for one problem."""
        changes = [ChangeOut.of(change) for change in problem.changes]
        told = {"code": problem.code, "calls": problem.people, "detail": problem.detail, "remedy": problem.remedy}
        return cls.model_validate(told | {"changes": changes})


class AssumedOut(Outgoing):
    """What the forecast takes for granted, and where that comes from."""

    shares: dict[Disposition, float]
    ring_s: float
    talk_s: float
    price_per_minute: float | None
    calls_seen: int | None = Field(description="How many attempts it is worth; null where the shares were given.")
    sources: dict[str, str]

    @classmethod
    def of(cls, rates: Rates) -> Self:
        """The answer for some rates."""
        return cls(
            shares={d: round(share, 4) for d, share in rates.shares.items() if share},
            ring_s=round(rates.ring_s, 1),
            talk_s=round(rates.talk_s, 1),
            price_per_minute=rates.price_per_minute,
            calls_seen=None if rates.evidence == float("inf") else round(rates.evidence),
            sources=dict(rates.sources),
        )


class ForecastOut(Outgoing):
    """When a campaign will be done, and what that takes, if it starts or goes on now."""

    campaign_id: str | None = Field(description="Null for one that is not created.")
    at: datetime = Field(description="From when it looks ahead.")
    calls: int = Field(description="Calls that are not done yet.")
    counted: bool = Field(description="Whether they were looked at one by one; else a thousand stand for all.")
    possible: bool = Field(description="Whether everybody can be dialed at least once if all goes well.")
    problems: list[ProblemOfPlanOut]
    skipped: list[SkippedOut] = Field(description="Calls that will never be dialed, by reason, as expected.")
    finishes: MomentsOut | None = Field(description="When the last call is over.")
    finishes_reason: str | None = Field(description="Why that cannot be said.")
    stops: StopOut | None = Field(description="Where it pauses by itself before its end, as expected.")
    breaker_opens: int = Field(description="How often its breaker opens, as expected.")
    left_s: int | None = Field(description="Seconds until then, as expected.")
    dialed: CountsOut = Field(description="Calls that are dialed at least once.")
    attempts: CountsOut = Field(description="Calls placed, redials included.")
    calls_per_hour: list[HourOut] = Field(description="The same by hour.")
    ends: dict[Disposition, int] = Field(description="Calls by how they will end, as expected.")
    cost: CostOut | None
    cost_reason: str | None = Field(description="Why that cannot be said.")
    assumed: AssumedOut

    @classmethod
    def of(cls, campaign: Campaign | None, forecast: Forecast) -> Self:
        """The answer for one forecast."""
        outlook = forecast.outlook
        finishes, at = outlook.finishes, moment(forecast.at_ms)
        return cls(
            campaign_id=campaign.id if campaign else None,
            at=at,
            calls=outlook.people,
            counted=forecast.whole,
            possible=not forecast.problems,
            problems=[ProblemOfPlanOut.of(problem) for problem in forecast.problems],
            skipped=[
                SkippedOut.model_validate({"reason": one.reason, "calls": one.people, "words": WORDS[one.reason]})
                for one in outlook.skipped
            ],
            finishes=MomentsOut.of(finishes) if finishes else None,
            finishes_reason=None if finishes else _STOPS if outlook.stops else _TOO_FAR,
            stops=StopOut.of(outlook.stops) if outlook.stops else None,
            breaker_opens=outlook.breaker_opens,
            left_s=round((finishes.expected - at).total_seconds()) if finishes else None,
            dialed=CountsOut.model_validate(outlook.dialed, from_attributes=True),
            attempts=CountsOut.model_validate(outlook.attempts, from_attributes=True),
            calls_per_hour=[
                HourOut(hour=hour, dialed=calls.expected, low=calls.low, high=calls.high)
                for hour, calls in outlook.by_hour
            ],
            ends=dict(outlook.ended),
            cost=CostOut.model_validate(outlook.cost, from_attributes=True) if outlook.cost else None,
            cost_reason=None if outlook.cost else _NO_PRICE,
            assumed=AssumedOut.of(outlook.rates),
        )


class ListForecastOut(ImportOut):
    """What would become of a list's rows, and the forecast for those that are accepted. Nobody is known twice here."""

    forecast: ForecastOut
