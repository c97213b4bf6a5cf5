"""Options that tell when people may be called, and how a campaign's hours are shown."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import click

from dialer.api.answers import CampaignOut
from dialer.client.wire import Json
from dialer.errors import InvalidInput
from dialer.window_text import format_days, format_time, parse_hours

_NAMES = ("hours", "closed", "holidays", "not_before", "timezone")


class HoursType(click.ParamType[Json]):
    """`mo-fr=09:00-20:00`: hours of some days."""

    name = "days=from-to"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Json:
        """Read one; anything else is a usage error that shows how it is written."""
        try:
            hours = parse_hours(str(value))
        except InvalidInput as error:
            self.fail(f"{error}.", param, ctx)
        return {"days": format_days(hours.days), "from": format_time(hours.start), "to": format_time(hours.end)}


def window_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add when people may be called; reaches the function as `windows`, fields of the API's bodies."""

    @functools.wraps(function)
    def with_windows(*args: Any, override_windows: bool, **options: Any) -> Any:
        chosen = {name: options.pop(name) for name in _NAMES}
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items() if value}
        windows: Json = ({"windows": told} if told else {}) | ({"override_windows": True} if override_windows else {})
        return function(*args, windows=windows, **options)

    for option in reversed(_OPTIONS):
        with_windows = option(with_windows)
    return cast("Callable[..., Any]", with_windows)


_OPTIONS = (
    click.option(
        "--window", "hours", type=HoursType(), multiple=True,
        help="When people may be called, on their own clocks, such as mo-fr=09:00-20:00.  [default: DIALER_WINDOWS]",
    ),
    click.option("--closed", metavar="DATE", multiple=True, help="Nobody is called on it, such as 2026-12-31."),
    click.option("--holidays", metavar="COUNTRY", help="Nor on its public holidays: NL, or a part: DE-BY."),
    click.option("--not-before", metavar="TIME", help="When the campaign begins, such as 2026-12-01T09:00:00+01:00."),
    click.option("--timezone", metavar="ZONE", help="Whose clock it is.  [default: that of where each number is]"),
    click.option("--override-windows", is_flag=True, help="Dial outside of them too (urgent, where allowed)."),
)  # fmt: skip


def hours_text(view: CampaignOut) -> str:
    """A campaign's hours as a person reads them, and how they stand now."""
    windows = view.windows
    if windows is None:
        return "any"
    parts = [f"{hours.days} {hours.from_}-{hours.to}" for hours in windows.hours] or ["any"]
    parts += [f"not on {', '.join(windows.closed)}"] if windows.closed else []
    parts += [f"not on holidays of {windows.holidays}"] if windows.holidays else []
    parts += [f"on the clock of {windows.timezone}"] if windows.timezone else []
    return "; ".join(parts) + f": {_now_text(view)}"


def _now_text(raw: CampaignOut) -> str:
    if raw.override_windows:
        return "OVERRIDDEN, dialed at any hour"
    if raw.open_now:
        closes = [cohort.closes_at for cohort in raw.cohorts if cohort.is_open and cohort.closes_at]
        return f"open until {_local(max(closes))}" if closes else "open"
    opens = [cohort.opens_at for cohort in raw.cohorts if cohort.opens_at]
    return f"closed until {_local(min(opens))}" if opens else "closed, and does not open soon"


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%a %d %b %H:%M %Z")
