"""The options that describe a campaign, and the API's body that follows from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from dialer.callbacks.events import CallbackEvent
from dialer.cli.hours import window_options
from dialer.cli.policies import EscalationType, RedialType, script_options, terms_options
from dialer.cli.shares import LimitType, limit, share_options
from dialer.client.wire import Json
from dialer.dispositions import Disposition
from dialer.model import Priority, UnknownPolicy


def redial_options(function: Any) -> Any:
    """Add when somebody is dialed again, and how often."""
    redial = click.option(
        "--redial",
        type=RedialType(),
        multiple=True,
        help="Such as busy=2/5m, or no_answer=5/10m,x2,max=4h,next; may be given more than once.",
    )
    most = click.option(
        "--max-tries",
        type=LimitType(click.IntRange(1)),
        callback=lambda _context, _option, given: {} if given is None else {"max_tries": limit(given)},
        help="How often one call is tried at the most.",
    )
    return redial(most(function))


def describes_campaign(function: Any, *, says: Callable[[Any], Any] = script_options) -> Any:
    """Add the options that make a campaign; `says` those of what its calls say."""
    options = (
        click.option(
            "--priority", type=click.Choice([p.value for p in Priority]), help="Who goes first.  [default: normal]"
        ),
        redial_options,
        click.option(
            "--escalation",
            metavar="FILE",
            type=EscalationType(),
            help="What then=escalate begins for a call that is given up: JSON as POST /v1/escalations takes it.",
        ),
        click.option(
            "--unknown",
            type=click.Choice([p.value for p in UnknownPolicy]),
            help="Calls that may or may not have rung.  [default: hold]",
        ),
        click.option(
            "--success",
            type=click.Choice([d.value for d in Disposition]),
            multiple=True,
            help="Counts as success.  [default: confirmed where a key confirms, else answered too]",
        ),
        click.option(
            "--trunk",
            "trunks",
            multiple=True,
            help="Call by this carrier account; may be given more than once.  [default: main]",
        ),
        click.option(
            "--retention-days",
            type=click.IntRange(1, 3650),
            help="Delete all of it so many days after its end.  [default: DIALER_RETENTION_DAYS]",
        ),
        click.option(
            "--expires-at",
            metavar="TIME",
            help="What is not dialed by then is not dialed any more, such as 2026-12-01T17:00:00+01:00.",
        ),
        click.option("--callback-url", help="Tell your own system there.  [default: DIALER_CALLBACK_URL]"),
        click.option(
            "--callback-event",
            "callback_events",
            type=click.Choice([e.value for e in CallbackEvent]),
            multiple=True,
            help="What to tell it.  [default: DIALER_CALLBACK_EVENTS]",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return says(terms_options(window_options(share_options(function))))


def body_of(  # noqa: PLR0913 - the options of a campaign
    name: str,
    *,
    says: Json,
    terms: Json,
    share: Json,
    max_tries: Json,
    redial: tuple[tuple[str, Json], ...],
    success: tuple[str, ...],
    callback_events: tuple[str, ...],
    trunks: tuple[str, ...],
    **chosen: Any,
) -> Json:
    """As `POST /v1/campaigns` takes it."""
    body: Json = {"name": name, "redial": dict(redial)} | says | terms | share | max_tries | chosen.pop("windows")
    listed = {"success": list(success), "callback_events": list(callback_events), "trunks": list(trunks)}
    body |= {key: value for key, value in listed.items() if value}
    return body | {key: value for key, value in chosen.items() if value is not None}
