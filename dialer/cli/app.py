"""`dialer app ...`: the carrier's Voice applications, and what it grants us. Needs no API and no Redis.

Making one is one request that is never repeated by itself: the carrier takes the same name twice.
"""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from dialer.api.applications import ApplicationOut, ApplicationsOut
from dialer.cli.as_json import json_option
from dialer.cli.carrier_connection import Carrier, talks_to_carrier
from dialer.cli.key_file import KeyFile, reserved
from dialer.cli.screens import plain_console
from dialer.cli.showing import shown
from dialer.errors import NotFound
from dialer.own_application import NAME, changed, new_application
from dialer.providers.assets import Application, NewApplication, Webhook
from dialer.providers.kpn import names_voice
from dialer.settings import environment_name

_ID = environment_name("carrier_application_id")
_AS_JSON = json_option
_METHOD = click.Choice(["GET", "POST"])


@click.group("app")
def command() -> None:
    """Make, list, show, change and delete applications at the carrier; check token and products.

    Needs DIALER_CARRIER_CLIENT_ID and DIALER_CARRIER_CLIENT_SECRET, or a `dialer up --simulate` running here.
    """


@command.command("create")
@click.option("--name", default=NAME, show_default=True, help="What to call it.")
@click.option("--answer-url", help="Asked by calls without one of their own.  [default: below DIALER_PUBLIC_URL]")
@click.option("--event-url", help="Told of calls without one of their own.  [default: below DIALER_PUBLIC_URL]")
@click.option(
    "--private-key-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="New file for the private key, if the carrier tells one; the dialer needs none.",
)
@_AS_JSON
@talks_to_carrier
async def create(
    carrier: Carrier, *, name: str, private_key_file: Path | None, as_json: bool, **urls: str | None
) -> None:
    """Make an application and print its id, the value of DIALER_CARRIER_APPLICATION_ID.

    Which URLs it has matters little: each call of this dialer carries its own.
    """
    wanted = new_application(carrier.settings, name, answer_url=urls["answer_url"], event_url=urls["event_url"])
    with reserved(private_key_file) as file:
        made = await carrier.provider.applications.create(wanted)
        # Told before anything else can go wrong: nobody else knows the id.
        click.echo(_json(made) if as_json else _next_step(made, wanted))
        file.keep(made.private_key)
    click.echo(_about_key(made, file), err=True)


@command.command("list")
@_AS_JSON
@talks_to_carrier
async def list_applications(carrier: Carrier, *, as_json: bool) -> None:
    """List all applications; the one in use is marked. KPN's sandbox has no list."""
    found = [each async for each in carrier.provider.applications.list_all()]
    if as_json:
        shown = ApplicationsOut(applications=[ApplicationOut.of(each) for each in found])
        click.echo(shown.model_dump_json(indent=2))
    elif found:
        plain_console().print(_table(found, carrier.settings.carrier_application_id))
    else:
        click.echo("There are no applications yet: make one with `dialer app create`.")


@command.command("show")
@click.argument("application_id", required=False)
@_AS_JSON
@talks_to_carrier
async def show(carrier: Carrier, *, application_id: str | None, as_json: bool) -> None:
    """Show one application, by default that of DIALER_CARRIER_APPLICATION_ID."""
    found = await _existing(carrier, application_id)
    click.echo(_json(found) if as_json else _description(found))


@command.command("change")
@click.argument("application_id", required=False)
@click.option("--name", help="Another name.")
@click.option("--answer-url", help="Another answer URL.")
@click.option("--event-url", help="Another event URL.")
@click.option("--answer-method", type=_METHOD, help="How the answer URL is asked.")
@click.option("--event-method", type=_METHOD, help="How the event URL is told.")
@_AS_JSON
@talks_to_carrier
async def change(carrier: Carrier, *, application_id: str | None, as_json: bool, **wishes: str | None) -> None:
    """Change what is named of an application, and leave the rest."""
    if not any(wishes.values()):
        raise click.UsageError("Name what to change, such as --name.")
    present = await _existing(carrier, application_id)
    now = await carrier.provider.applications.change(present.id, changed(present, **wishes))
    click.echo(_json(now) if as_json else _description(now))


@command.command("delete")
@click.argument("application_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@talks_to_carrier
async def delete(carrier: Carrier, *, application_id: str, yes: bool) -> None:
    """Remove an application for ever; calls in its name are refused from then on."""
    present = await _existing(carrier, application_id)
    in_use = " It is the one in use here." if present.id == carrier.settings.carrier_application_id else ""
    if not yes:
        click.confirm(f"Delete {present.id} ({present.name}) for ever?{in_use}", abort=True, err=True)
    await carrier.provider.applications.delete(present.id)
    click.echo(f"Application {present.id} was deleted.")


@command.command("token")
@talks_to_carrier
async def token(carrier: Carrier) -> None:
    """Check that an access token is granted, for how long, and for which products."""
    access = await carrier.provider.check_access()
    click.echo(f"An access token is granted for {access.lifetime_s:.0f} s; status: {access.status or 'not told'}.")
    click.echo(f"Products: {', '.join(sorted(access.products)) or 'none told'}.")
    if not names_voice(access.products):
        click.echo("None of them looks like Voice: add the product to the project in KPN's developer portal.", err=True)


@command.command("recording-token")
@talks_to_carrier
async def recording_token(carrier: Carrier) -> None:
    """Check that a token for fetching recordings is issued; it is not shown."""
    carrier.settings.require("carrier_application_id")
    issued = await carrier.provider.recording_token()
    click.echo(f"A recording token of {len(issued)} characters is issued to {carrier.settings.carrier_application_id}.")


def _next_step(made: Application, wanted: NewApplication) -> str:
    return (
        f"Application {made.id} ({made.name}) was made. Set it on every machine:\n"
        f"  export {_ID}={made.id}\n"
        f"Its answer URL is {wanted.answer_url}; each call carries its own, so any will do."
    )


async def _existing(carrier: Carrier, application_id: str | None) -> Application:
    if application_id is None:
        carrier.settings.require("carrier_application_id")
    wanted = application_id or carrier.settings.carrier_application_id or ""
    found = await carrier.provider.applications.get(wanted)
    if found is None:
        raise NotFound(f"The carrier has no application {wanted}: see `dialer app list`, or make one.")
    return found


def _about_key(made: Application, file: KeyFile) -> str:
    if file.written:
        return f"Its private key is in {file.path}, readable by you only. The dialer needs none; keep it safe."
    if made.private_key:
        return "The carrier told a private key, which was dropped: the dialer needs none (see --private-key-file)."
    return "The carrier told no private key; the dialer needs none."


def _json(application: Application) -> str:
    return ApplicationOut.of(application).model_dump_json(indent=2)


def _table(found: list[Application], in_use: str | None) -> Table:
    table = Table("", "id", "name", "for", "answer URL", box=None, header_style="bold", pad_edge=False)
    for each in found:
        url = each.answer.url if each.answer else ""
        told = (each.id, each.name, ", ".join(sorted(each.capabilities)), url)
        table.add_row("*" if each.id == in_use else "", *(Text(shown(text)) for text in told))
    return table


def _description(application: Application) -> str:
    lines = {
        "application": f"{application.id} ({application.name})",
        "for": ", ".join(sorted(application.capabilities)) or "nothing that the carrier tells",
        "answer": _hook(application.answer),
        "event": _hook(application.event),
    }
    return "\n".join(f"{title:<12} {shown(text)}" for title, text in lines.items())


def _hook(hook: Webhook | None) -> str:
    return f"{hook.method} {hook.url}".strip() if hook else "not told"
