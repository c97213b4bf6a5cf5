"""`dialer conference ...`: call people into one conversation, see who is in, and steer it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from dialer.api.conference_answers import ConferenceOut, MemberOut
from dialer.cli.conference_screen import VIEWS
from dialer.cli.connection import talks_to_api
from dialer.cli.durations import DurationType
from dialer.cli.gatherings import add_views
from dialer.cli.people import read_people
from dialer.cli.policies import RedialType, terms_options
from dialer.cli.showing import shown
from dialer.client import AsyncDialer
from dialer.client.conferences import AsyncConferences
from dialer.client.wire import Json
from dialer.errors import InvalidInput
from dialer.model import NewCall, Priority
from dialer.phone import parse_number
from dialer.settings import load_settings

_LIST = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("conference")
def command() -> None:
    """Call people into one conversation, see who is in, and steer it."""


add_views(command, VIEWS)


@command.command("start")
@talks_to_api
@click.argument("file", type=_LIST)
@click.option("--name", help="What to call it.  [default: the file's name]")
@click.option("--moderator", metavar="NUMBER_OR_ID", help="It starts when this one enters and ends when he leaves.")
@click.option("--text", required=True, help="Said to everyone who picks up; {{ name }} is the list's column `name`.")
@click.option("--language", help="Such as nl-NL.  [default: the dialer's DIALER_DEFAULT_LANGUAGE]")
@click.option("--style", type=int, help="Number of the voice among those of the language; see `dialer voices`.")
@click.option("--join-key", metavar="KEY", help="Only who presses it joins: so a voicemail never does.")
@click.option("--keys-text", help="Tells the key.  [default: our own words]")
@click.option("--declined-text", help="Said to who does not press it.  [default: our own words]")
@click.option("--too-late-text", help="Said to who picks up when it is over.  [default: our own words]")
@click.option("--music", "music_on_hold_url", metavar="URL", help="Played to those who wait (https).")
@click.option("--record", is_flag=True, help="Record it.")
@click.option("--deadline", type=DurationType(), help="Nobody is called later than this, such as 30m.  [default: 1h]")
@click.option(
    "--redial", type=RedialType(), multiple=True, help="Late joiners, such as busy=2/1m; several may be given."
)
@click.option(
    "--recalls", type=click.IntRange(0, 5), help="So often who was in and dropped is called again. [default: 1]"
)
@click.option("--recall-after", "recall_after_s", type=click.IntRange(5, 600), help="Seconds after that. [default: 10]")
@click.option("--priority", type=click.Choice([p.value for p in Priority]), help="Who goes first.  [default: urgent]")
@click.option("--trunk", help="Call everyone by this carrier account.  [default: main]")
@click.option("--retention-days", type=click.IntRange(1, 3650), help="Delete it so many days after its end.")
@click.option("--machine-detection", type=click.Choice(["continue", "hangup"]), help="Look for machines.")
@terms_options
@click.option("--follow", "follows", is_flag=True, help="Show who is in until it is over.")
async def start(dialer: AsyncDialer, *, file: Path, follows: bool, **told: Any) -> None:
    """Call everyone of the list in FILE into one conversation, and print the conference's id.

    FILE is CSV with a header: a column `number`, perhaps `id`, and columns for the text's variables. Also NDJSON, JSON.
    """
    begun = await dialer.conferences.create(_body(file.stem, [_member(one) for one in await read_people(file)], **told))
    click.echo(begun.id)
    if follows:
        await VIEWS.follow(dialer, begun.id)


@command.command("add")
@talks_to_api
@click.argument("conference_id")
@click.argument("number")
@click.option("--id", "own_id", help="Your own id of this person.")
@click.option("--variable", "variables", multiple=True, metavar="NAME=VALUE", help="For the text, such as name=Bob.")
async def add(
    dialer: AsyncDialer, *, conference_id: str, number: str, own_id: str | None, variables: tuple[str, ...]
) -> None:
    """Call one more person into a conference."""
    pairs = [text.partition("=") for text in variables]
    wrong = next((name for name, sign, _ in pairs if not (name and sign)), None)
    if wrong is not None:
        raise click.UsageError(f"--variable {wrong!r} is not written like NAME=VALUE.")
    body = {"number": number, "id": own_id, "variables": {name: value for name, _, value in pairs}}
    added = await dialer.conferences.add_member(conference_id, body)
    click.echo(f"{_who(added)} is {added.state.replace('_', ' ')}.")


@command.command("end")
@talks_to_api
@click.argument("conference_id")
async def end(dialer: AsyncDialer, *, conference_id: str) -> None:
    """Hang up on everyone and call nobody any more."""
    ended = await dialer.conferences.end(conference_id)
    click.echo(f"Conference {conference_id} is {ended.state}: {shown(ended.reason or '')}.")


def _add_verb(verb: str, told: str, steered: Callable[[AsyncConferences, str, str], Awaitable[MemberOut]]) -> None:
    @command.command(verb, help=f"{told}\n\nMEMBER is an own id, a number, or a call's id.")
    @talks_to_api
    @click.argument("conference_id")
    @click.argument("member")
    async def steer(dialer: AsyncDialer, *, conference_id: str, member: str) -> None:
        found = find_member(await dialer.conferences.get(conference_id), member)
        done = await steered(dialer.conferences, conference_id, found.call_id)
        click.echo(f"{_who(done)}: {verb.replace('-', ' ')} is done.")


_add_verb("mute", "Let the others not hear a member.", AsyncConferences.mute)
_add_verb("unmute", "Let the others hear a member again.", AsyncConferences.unmute)
_add_verb("drop", "Hang up on a member, who is not called again by itself.", AsyncConferences.drop)
_add_verb("call-again", "Call a member again who is not on the phone.", AsyncConferences.call_again)


def find_member(seen: ConferenceOut, named: str) -> MemberOut:
    """The member of this own id, number (as people write it) or call id. Raises InvalidInput."""
    try:
        number = parse_number(named, load_settings().default_region)
    except InvalidInput:
        number = named
    found = [m for m in seen.members if named in {m.id, m.number, m.call_id} or number == m.number]
    if len(found) != 1:
        many = "several members are" if found else "no member is"
        raise InvalidInput(f"{many} called {named!r} in conference {seen.id}; see `dialer conference show {seen.id}`")
    return found[0]


def _body(
    stem: str, people: list[Json], *, deadline: timedelta | None, redial: tuple[tuple[str, Json], ...], **told: Any
) -> Json:
    terms: Json = told.pop("terms")
    body: Json = {name: value for name, value in told.items() if value is not None and value is not False}
    body |= {"redial": dict(redial)} if redial else {}
    body |= {"expires_at": (datetime.now(UTC) + deadline).isoformat()} if deadline else {}
    return {"name": stem, "people": people} | body | terms


def _member(one: NewCall) -> Json:
    named = {"id": one.external_id} if one.external_id else {}
    return {"number": one.number, "variables": dict(one.variables)} | named


def _who(member: MemberOut) -> str:
    return shown(member.name or member.id or member.number)
