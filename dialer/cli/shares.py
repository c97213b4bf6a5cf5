"""Options that tell how much a campaign takes beside others, and whom it leaves alone."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, cast

import click

from dialer.client.wire import Json

NONE = "none"
_BREAKER = re.compile(r"([1-9][0-9]{0,2})/([1-9][0-9]{0,2})(?:,(probe|person))?")


class LimitType(click.ParamType[Any]):
    """A figure, or `none` for no limit."""

    name = "number|none"

    def __init__(self, figure: click.ParamType[Any]) -> None:
        self._figure = figure

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read one; anything else is a usage error."""
        return value if value == NONE else self._figure.convert(value, param, ctx)


def limit(given: Any) -> Any:
    """What the API is told of it."""
    return None if given == NONE else given


class BreakerType(click.ParamType[Any]):
    """`12/15`: twelve failures among the last fifteen attempts; `12/15,person`; `off`."""

    name = "failures/of"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read one; anything else is a usage error that shows how it is written."""
        found = _BREAKER.fullmatch(str(value))
        if value != "off" and not found:
            self.fail(f"{value!r} is not written like 12/15, 12/15,person or off.", param, ctx)
        if not found:
            return value
        return {"failures": int(found[1]), "of": int(found[2]), "resume": found[3] or "probe"}


def share_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add them; they reach the function as `share`, fields of the API's bodies."""

    @functools.wraps(function)
    def with_share(*args: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in _NAMES}
        return function(*args, share=_share(given), **options)

    for option in reversed(_OPTIONS):
        with_share = option(with_share)
    return cast("Callable[..., Any]", with_share)


_CAPS = ("tries_day", "tries_week", "spacing_s")
_MONEY = {"euros": "total", "euros_day": "day", "euros_call": "per_call"}
_NAMES = ("breaker", *_MONEY, "weight", "slots", "calls_per_second", "suppression_lists", *_CAPS)
_COUNT = LimitType(click.IntRange(1))
_OPTIONS = (
    click.option(
        "--weight", type=click.IntRange(1, 1000), help="Its part of the calls of its priority.  [default: 1]"
    ),
    click.option("--slots", type=_COUNT, help="Calls that are up at the same time.  [default: any number]"),
    click.option(
        "--per-second", "calls_per_second", type=LimitType(click.FloatRange(0.001)),
        help="Calls a second at the most.  [default: as its turn comes]",
    ),
    click.option(
        "--suppression-list", "suppression_lists", multiple=True,
        help="Call nobody on this list either; may be given more than once.",
    ),
    click.option("--euro-cap", "euros", type=LimitType(click.FloatRange(0.01)), help="What all its calls may cost."),
    click.option(
        "--euro-cap-day", "euros_day", type=LimitType(click.FloatRange(0.01)), help="What they may cost a day (UTC)."
    ),
    click.option(
        "--euro-per-call", "euros_call", type=click.FloatRange(0.0001),
        help="Reserved for a call that is up.  [default: DIALER_CALL_EUROS]",
    ),
    click.option(
        "--breaker", type=BreakerType(),
        help="Stop at so many failures of so many calls, such as 12/15, or 12/15,person to wait for one; or off."
        "  [default: DIALER_BREAKER]",
    ),
    click.option(
        "--number-tries-day", "tries_day", type=_COUNT,
        help="Tries at one number within 24 hours, by all campaigns.  [default: DIALER_NUMBER_TRIES_DAY]",
    ),
    click.option(
        "--number-tries-week", "tries_week", type=_COUNT,
        help="The same within seven days.  [default: DIALER_NUMBER_TRIES_WEEK]",
    ),
    click.option(
        "--number-spacing", "spacing_s", type=click.FloatRange(0),
        help="Seconds between two tries at one number.  [default: DIALER_NUMBER_SPACING_S]",
    ),
)  # fmt: skip


def _share(given: Json) -> Json:
    told: Json = {name: limit(value) for name, value in given.items() if value is not None and value != ()}
    caps = {name: told.pop(name) for name in _CAPS if name in told}
    if "suppression_lists" in told:
        told["suppression_lists"] = [name for name in told["suppression_lists"] if name != NONE]
    euro_cap = {_MONEY[name]: told.pop(name) for name in _MONEY if name in told}
    return told | ({"caps": caps} if caps else {}) | ({"euro_cap": euro_cap} if euro_cap else {})
