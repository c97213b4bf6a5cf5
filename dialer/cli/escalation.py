"""`dialer escalation ...`: call people step by step until enough have confirmed, see who has, and end it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from dialer.cli.connection import talks_to_api
from dialer.cli.durations import DurationType
from dialer.cli.escalation_screen import VIEWS
from dialer.cli.gatherings import add_views
from dialer.cli.people import read_people
from dialer.cli.policies import RedialType, terms_options
from dialer.client import AsyncDialer
from dialer.client.wire import Json
from dialer.errors import DialerError, InvalidInput
from dialer.escalations.escalation import STEP
from dialer.model import NewCall, Priority

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_NAME = "name"


@click.group("escalation")
def command() -> None:
    """Call people step by step until enough have confirmed, and see who has."""


add_views(command, VIEWS)


@command.command("start")
@talks_to_api
@click.argument("file", type=_FILE)
@click.option("--name", help="What to call it.  [default: the file's name]")
@click.option("--text", help="What is said; {{ name }} is the list's column `name`.")
@click.option("--language", help="Such as nl-NL.  [default: the dialer's DIALER_DEFAULT_LANGUAGE]")
@click.option("--style", type=int, help="Number of the voice among those of the language; see `dialer voices`.")
@click.option("--confirm-key", metavar="KEY", help="The key that confirms.  [default: 1]")
@click.option("--confirm-text", help="Said after it.  [default: our own words]")
@click.option("--settled-text", help="Said after it when it is settled already.  [default: our own words]")
@click.option("--keys-text", help="Tells the key.  [default: our own words, where the text does not]")
@click.option(
    "--wait", "waits", type=DurationType(), multiple=True, help="Of each step, or one for all.  [default: 5m]"
)
@click.option("--needed", type=click.IntRange(min=1), help="So many different people must confirm.  [default: 1]")
@click.option("--repeat", type=click.IntRange(min=1), help="So many times all steps are gone through.  [default: 1]")
@click.option("--after-wait", is_flag=True, help="No step begins before its time, whoever can still confirm.")
@click.option("--deadline", type=DurationType(), help="It is over then.  [default: an hour after the last step's wait]")
@click.option(
    "--redial", type=RedialType(), multiple=True, help="Within a step, such as busy=2/1m; several may be given."
)
@click.option("--priority", type=click.Choice([p.value for p in Priority]), help="Who goes first.  [default: urgent]")
@click.option("--trunk", "trunks", multiple=True, help="Call by this carrier account; several may be given.")
@click.option("--machine-detection", type=click.Choice(["continue", "hangup"]), help="Look for machines.")
@terms_options
@click.option("--follow", "follows", is_flag=True, help="Show how far it is until it is over.")
async def start(dialer: AsyncDialer, *, file: Path, follows: bool, **told: Any) -> None:
    """Begin the escalation in FILE, and print its id.

    FILE is JSON as `POST /v1/escalations` takes it, or a list (CSV with a header, NDJSON): a column `number`, a column
    `step` (1, 2, or 1;3 for somebody in both), perhaps `id`, and columns for the text's variables.
    """
    begun = await dialer.escalations.create(await _body(file, **told))
    click.echo(begun.id)
    if follows:
        await VIEWS.follow(dialer, begun.id)


@command.command("confirm")
@talks_to_api
@click.argument("escalation_id")
@click.argument("person")
@click.option("--by", help="Who says so.")
async def confirm(dialer: AsyncDialer, *, escalation_id: str, person: str, by: str | None) -> None:
    """Confirm for PERSON, an own id or number, who has told it in another way."""
    VIEWS.print(await dialer.escalations.confirm(escalation_id, person, by=by))


@command.command("end")
@talks_to_api
@click.argument("escalation_id")
async def end(dialer: AsyncDialer, *, escalation_id: str) -> None:
    """Call nobody any more, and hang up what rings."""
    VIEWS.print(await dialer.escalations.end(escalation_id))


async def _body(file: Path, *, terms: Json, deadline: timedelta | None, **told: Any) -> Json:
    waits, after_wait, redial, trunks = (told.pop(name) for name in ("waits", "after_wait", "redial", "trunks"))
    given = {name: value for name, value in told.items() if value is not None} | terms
    given |= {"redial": dict(redial)} if redial else {}
    given |= {"trunks": list(trunks)} if trunks else {}
    given |= {"expires_at": (datetime.now(UTC) + deadline).isoformat()} if deadline else {}
    whole = _whole(file)
    body: Json = {_NAME: file.stem} | (whole or {"steps": steps_of(await read_people(file))}) | given
    _set_terms_of_steps(body.get("steps"), [int(wait.total_seconds()) for wait in waits], after_wait=after_wait)
    return body


def _whole(file: Path) -> Json | None:
    """What the file holds if it is a whole escalation; None for a list of people. Raises DialerError."""
    if file.suffix.lower() != ".json":
        return None
    try:
        held = json.loads(file.read_bytes())
    except ValueError as error:
        raise DialerError(f"{file} is no JSON: {error}.") from None
    return held if isinstance(held, dict) else None


def steps_of(listed: Sequence[NewCall]) -> list[Json]:
    """The steps of a list, in the order of their numbers. Raises InvalidInput."""
    found: dict[int, list[Json]] = {}
    for row, one in enumerate(listed, 1):
        for number in _numbers(one.variables.get(STEP, ""), row):
            found.setdefault(number, []).append(_person(one))
    return [{"people": found[number]} for number in sorted(found)]


def _numbers(told: str, row: int) -> list[int]:
    numbers = [part.strip() for part in re.split(r"[;,]", told)]
    if not all(re.fullmatch("[1-9][0-9]{0,2}", number) for number in numbers):
        message = (
            f"row {row}: the column `{STEP}` says in which step somebody is called, such as 1, or 1;3; not {told!r}"
        )
        raise InvalidInput(message, field=STEP)
    return [int(number) for number in numbers]


def _person(one: NewCall) -> Json:
    told: Json = {"number": one.number, "others": list(one.others), "id": one.external_id, "timezone": one.timezone}
    variables = {name: value for name, value in one.variables.items() if name != STEP}
    return {name: value for name, value in told.items() if value} | {"variables": variables}


def _set_terms_of_steps(steps: Any, waits: list[int], *, after_wait: bool) -> None:
    if not isinstance(steps, list) or not all(isinstance(step, dict) for step in steps):
        return  # the API says what is wrong with it
    if waits and len(waits) not in {1, len(steps)}:
        raise click.UsageError(f"--wait is given once for all steps or once for each: {len(steps)}, not {len(waits)}.")
    for step, wait in zip(steps, waits * len(steps) if len(waits) == 1 else waits, strict=False):
        step["wait_s"] = wait
    for step in steps if after_wait else ():
        step["advance"] = "after_wait"
