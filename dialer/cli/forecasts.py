"""`dialer campaign check` and `start`, and a forecast in the words of a person, on the wall clock of this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

import click

from dialer.cli.client import DialerClient, Json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import clock_text, counts_text
from dialer.cli.showing import shown

_MOST_HOURS = 24
_WIDTH = 40  # of the longest bar


class ShareType(click.ParamType[tuple[str, float]]):
    """`answered=0.7`: part of the attempts that end so."""

    name = "how=part"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, float]:
        """Read one; anything else is a usage error that shows how it is written."""
        from dialer.api.forecast_bodies import Assumable  # noqa: PLC0415 - pydantic is slow to load

        name, _, part = str(value).partition("=")
        try:
            share = float(part)
        except ValueError:
            share = -1.0
        if name not in get_args(Assumable) or not 0 <= share <= 1:
            self.fail(f"{value!r} is not one of {', '.join(get_args(Assumable))}, with a part of 1.", param, ctx)
        return name, share


@click.command("check")
@talks_to_api
@click.argument("campaign_id")
@click.option("--assume", "shares", type=ShareType(), multiple=True, help="Such as answered=0.7, busy=0.1.")
@click.option("--ring-s", type=click.FloatRange(0, 120), help="Seconds until somebody picks up.")
@click.option("--talk-s", type=click.FloatRange(0, 7200), help="Seconds of an answered call.")
@click.option("--price-per-minute", type=click.FloatRange(0, 1000), help="Euro.")
@click.option("--calls-per-second", type=click.FloatRange(0, 10_000, min_open=True), help="With another budget.")
@click.option("--json", "as_json", is_flag=True, help="As the API says it.")
async def check(
    client: DialerClient, /, *, campaign_id: str, shares: tuple[tuple[str, float], ...], as_json: bool, **figures: Any
) -> None:
    """Look ahead: who will be skipped, when a campaign will be done, what that takes and costs.

    Ends with 1 where not everybody can be called in time, and says what would mend it.
    """
    assume = {name: value for name, value in figures.items() if value is not None}
    told = await client.check_campaign(campaign_id, {"assume": assume | ({"shares": dict(shares)} if shares else {})})
    click.echo(json.dumps(told, indent=2) if as_json else forecast_text(told))
    if not told["possible"]:
        raise SystemExit(1)


@click.command("start")
@talks_to_api
@click.argument("campaign_id")
@click.option("--force", is_flag=True, help="Although not everybody can be called in time.")
async def start(client: DialerClient, *, campaign_id: str, force: bool) -> None:
    """Start dialing a campaign; one that cannot be done in time is refused."""
    view = await client.start(campaign_id, force=force)
    click.echo(f"Campaign {view.id} is {view.state}.")


def forecast_line(told: Json) -> str:
    """All that matters in one line."""
    skipped = sum(skip["calls"] for skip in told["skipped"])
    parts = [
        f"done {_finish_text(told)}",
        f"{_range_text(told['attempts'])} calls placed",
        f"{skipped:,} skipped" if skipped else "",
        _cost_text(told) if told["cost"] else "",
    ]
    return f"Forecast: {', '.join(part for part in parts if part)}."


def forecast_text(told: Json) -> str:
    """A forecast as lines of text."""
    lines = {
        "calls": f"{told['calls']:,}{'' if told['counted'] else ', by a sample of them'}",
        "done": _finish_text(told),
        "dialed": _range_text(told["dialed"]),
        "placed": f"{_range_text(told['attempts'])}, redials included",
        "ends": counts_text(told["ends"]) or "-",
        "cost": _cost_text(told),
        "assumed": _assumed_text(told["assumed"]),
    }
    text = [f"{title:<9} {line}" for title, line in lines.items()]
    text += [f"skipped   {skip['calls']:,}: {skip['words']}" for skip in told["skipped"]]
    return "\n".join([*text, *_hours(told["calls_per_hour"]), *_problems(told["problems"])])


def _problems(problems: list[Json]) -> Iterator[str]:
    for problem in problems:
        yield f"IMPOSSIBLE: {shown(problem['detail'])}."
    if problems:
        remedy = shown(problems[0]["remedy"]) or "no change of its end, windows or budget alone"
        yield f"  What would mend it: {remedy}."


def _finish_text(told: Json) -> str:
    if told["stops"] is not None:
        return _stop_text(told["stops"])
    if told["finishes"] is None:
        return f"at no time that can be told: {told['finishes_reason']}"
    earliest, expected, latest = (wall(told["finishes"][name]) for name in ("earliest", "expected", "latest"))
    between = "" if earliest == latest else f" (between {earliest} and {latest})"
    return f"about {expected}, in {clock_text(told['left_s'])}{between}"


def _stop_text(stop: Json) -> str:
    why = {"no_money": "its money ends", "breaker": "its breaker stops it"}[stop["reason"]]
    earliest, expected, latest = (wall(stop["at"][name]) for name in ("earliest", "expected", "latest"))
    between = "" if earliest == latest else f" (between {earliest} and {latest})"
    return f"never: {why} about {expected}{between}, with {stop['calls']:,} calls left"


def _range_text(counts: Json) -> str:
    low, expected, high = (counts[name] for name in ("low", "expected", "high"))
    return f"{expected:,}" if low == high else f"about {expected:,} ({low:,} to {high:,})"


def _cost_text(told: Json) -> str:
    cost = told["cost"]
    if cost is None:
        return f"unknown: {told['cost_reason']}"
    return f"about {cost['expected']:.2f} euro ({cost['low']:.2f} to {cost['high']:.2f})"


def _assumed_text(assumed: Json) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in assumed["shares"].items() if share >= 0.005)  # noqa: PLR2004 - not shown as 0 %
    return f"{shares} ({assumed['sources']['shares']}); {assumed['talk_s']:g} s talked ({assumed['sources']['talk_s']})"


def _hours(hours: list[Json]) -> Iterator[str]:
    most = max((hour["dialed"] for hour in hours), default=0)
    for hour in hours[:_MOST_HOURS]:
        bar = "#" * round(_WIDTH * hour["dialed"] / max(1, most))
        yield f"  {wall(hour['hour'])} {hour['dialed']:>8,} {bar}".rstrip()
    if len(hours) > _MOST_HOURS:
        yield f"  ... and {len(hours) - _MOST_HOURS} hours more"


def wall(moment: str) -> str:
    """`Fri 27 Nov 14:32` by the clock of this machine."""
    return f"{datetime.fromisoformat(moment).astimezone():%a %d %b %H:%M}"
