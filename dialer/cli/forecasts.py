"""`dialer campaign check` and `start`, and a forecast in the words of a person, on the wall clock of this machine."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from dialer.api.forecast_answers import AssumedOut, CountsOut, ForecastOut, HourOut, ProblemOfPlanOut, StopOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.describing import body_of, describes_campaign
from dialer.cli.policies import other_script_options
from dialer.cli.screens import clock_text, counts_text, open_screen
from dialer.cli.sending import reading_options, report, send_plan
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.client.wire import Json

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


def _assumes(function: Any) -> Any:
    """Add what is taken for granted of how calls go, as `assume`."""
    shares = click.option("--assume", "shares", type=ShareType(), multiple=True, help="Such as answered=0.7, busy=0.1.")
    ring = click.option("--ring-s", type=click.FloatRange(0, 120), help="Seconds until somebody picks up.")
    talk = click.option("--talk-s", type=click.FloatRange(0, 7200), help="Seconds of an answered call.")
    price = click.option("--price-per-minute", type=click.FloatRange(0, 1000), help="Euro.")
    rate = click.option(
        "--calls-per-second",
        "budget",
        type=click.FloatRange(0, 10_000, min_open=True),
        help="With another budget.",
    )

    @shares
    @ring
    @talk
    @price
    @rate
    @functools.wraps(function)
    def assuming(
        *args: Any,
        shares: tuple[tuple[str, float], ...],
        ring_s: float | None,
        talk_s: float | None,
        price_per_minute: float | None,
        budget: float | None,
        **options: Any,
    ) -> Any:
        figures = {
            "ring_s": ring_s,
            "talk_s": talk_s,
            "price_per_minute": price_per_minute,
            "calls_per_second": budget,
        }
        assume = {name: value for name, value in figures.items() if value is not None}
        return function(*args, assume=assume | ({"shares": dict(shares)} if shares else {}), **options)

    return assuming


@click.command("check")
@click.pass_context
@talks_to_api
@click.argument("campaign_id", required=False)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Instead of a campaign: a list, for one with the options below that is not created.",
)
@_assumes
@json_option
@reading_options
@functools.partial(describes_campaign, says=other_script_options)
async def check(  # noqa: PLR0913 - its options
    dialer: AsyncDialer,
    context: click.Context,
    /,
    *,
    campaign_id: str | None,
    file: Path | None,
    assume: Json,
    as_json: bool,
    wishes: dict[str, str],
    **description: Any,
) -> None:
    """Look ahead: who will be skipped, when a campaign will be done, what that takes and costs.

    With --file nothing is stored and nobody is called. Ends with 1 where not everybody can be called in time, and says
    what would mend it.
    """
    if (campaign_id is None) is (file is None):
        raise click.UsageError("Give the id of a campaign, or --file with a list.")
    if file is not None:
        plan = {"campaign": body_of(file.stem, **description), "assume": assume}
        await look_at_list(dialer, file, plan, wishes, as_json=as_json)
        return
    _require_of_check(context)
    told = await dialer.campaigns.check(str(campaign_id), {"assume": assume})
    if as_json:
        print_json(told)
    else:
        click.echo(forecast_text(told))
    _end_as(told)


_OF_CHECK = frozenset({"campaign_id", "url", "api_key", "shares", "as_json"}) | {
    "ring_s", "talk_s", "price_per_minute", "budget",
}  # fmt: skip


def _require_of_check(context: click.Context) -> None:
    """Raise a usage error for options that describe a campaign, where there is one."""
    given = (name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE)
    if other := next((name for name in given if name not in _OF_CHECK), None):
        raise click.UsageError(
            f"--{other.replace('_', '-')} describes a campaign that is not created: give it with --file."
        )


async def look_at_list(
    dialer: AsyncDialer, file: Path, plan: Json, wishes: Mapping[str, str], *, as_json: bool = False
) -> None:
    """Check a list and look ahead for a campaign that is not created."""
    with open_screen() as screen:
        told = await send_plan(dialer, plan, file, screen, wishes)
    if as_json:
        print_json(told)
    else:
        click.echo(f"{report(told)}\n{forecast_text(told.forecast)}")
    _end_as(told.forecast)


def _end_as(told: ForecastOut) -> None:
    if not told.possible:
        raise SystemExit(1)


@click.command("start")
@talks_to_api
@click.argument("campaign_id")
@click.option("--force", is_flag=True, help="Although not everybody can be called in time.")
async def start(dialer: AsyncDialer, *, campaign_id: str, force: bool) -> None:
    """Start dialing a campaign; one that cannot be done in time is refused."""
    view = await dialer.campaigns.start(campaign_id, force=force)
    click.echo(f"Campaign {view.id} is {view.state}.")


def forecast_line(told: ForecastOut) -> str:
    """All that matters in one line."""
    skipped = sum(skip.calls for skip in told.skipped)
    parts = [
        f"done {_finish_text(told)}",
        f"{_range_text(told.attempts)} calls placed",
        f"{skipped:,} skipped" if skipped else "",
        _cost_text(told) if told.cost else "",
    ]
    return f"Forecast: {', '.join(part for part in parts if part)}."


def forecast_text(told: ForecastOut) -> str:
    """A forecast as lines of text."""
    lines = {
        "calls": f"{told.calls:,}{'' if told.counted else ', by a sample of them'}",
        "done": _finish_text(told),
        "dialed": _range_text(told.dialed),
        "placed": f"{_range_text(told.attempts)}, redials included",
        "ends": counts_text(told.ends) or "-",
        "cost": _cost_text(told),
        "assumed": _assumed_text(told.assumed),
    }
    text = [f"{title:<9} {line}" for title, line in lines.items()]
    text += [f"skipped   {skip.calls:,}: {skip.words}" for skip in told.skipped]
    return "\n".join([*text, *_hours(told.calls_per_hour), *_problems(told.problems)])


def _problems(problems: Sequence[ProblemOfPlanOut]) -> Iterator[str]:
    for problem in problems:
        yield f"IMPOSSIBLE: {shown(problem.detail)}."
    if problems:
        remedy = shown(problems[0].remedy) or "no change of its end, windows or budget alone"
        yield f"  What would mend it: {remedy}."


def _finish_text(told: ForecastOut) -> str:
    if told.stops is not None:
        return _stop_text(told.stops)
    if told.finishes is None:
        return f"at no time that can be told: {told.finishes_reason}"
    earliest, expected, latest = (wall(getattr(told.finishes, name)) for name in ("earliest", "expected", "latest"))
    between = "" if earliest == latest else f" (between {earliest} and {latest})"
    return f"about {expected}, in {clock_text(told.left_s or 0)}{between}"


def _stop_text(stop: StopOut) -> str:
    why = {"no_money": "its money ends", "breaker": "its breaker stops it"}[stop.reason]
    earliest, expected, latest = (wall(getattr(stop.at, name)) for name in ("earliest", "expected", "latest"))
    between = "" if earliest == latest else f" (between {earliest} and {latest})"
    return f"never: {why} about {expected}{between}, with {stop.calls:,} calls left"


def _range_text(counts: CountsOut) -> str:
    low, expected, high = counts.low, counts.expected, counts.high
    return f"{expected:,}" if low == high else f"about {expected:,} ({low:,} to {high:,})"


def _cost_text(told: ForecastOut) -> str:
    cost = told.cost
    if cost is None:
        return f"unknown: {told.cost_reason}"
    return f"about {cost.expected:.2f} euro ({cost.low:.2f} to {cost.high:.2f})"


def _assumed_text(assumed: AssumedOut) -> str:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in assumed.shares.items() if share >= 0.005)  # noqa: PLR2004 - not shown as 0 %
    return f"{shares} ({assumed.sources['shares']}); {assumed.talk_s:g} s talked ({assumed.sources['talk_s']})"


def _hours(hours: Sequence[HourOut]) -> Iterator[str]:
    most = max((hour.dialed for hour in hours), default=0)
    for hour in hours[:_MOST_HOURS]:
        bar = "#" * round(_WIDTH * hour.dialed / max(1, most))
        between = "" if hour.low == hour.high else f" ({hour.low:,} to {hour.high:,})"
        yield f"  {wall(hour.hour)} {hour.dialed:>8,} {bar}{between}".rstrip()
    if len(hours) > _MOST_HOURS:
        yield f"  ... and {len(hours) - _MOST_HOURS} hours more"


def wall(moment: datetime) -> str:
    """`Fri 27 Nov 14:32` by the clock of this machine."""
    return f"{moment.astimezone():%a %d %b %H:%M}"
