"""`dialer api`: one API process in the foreground."""

from __future__ import annotations

import click

from dialer import log
from dialer.api.app import serve
from dialer.cli.configuration import settings_beside_owner
from dialer.cli.foreground import keep_for_good, run_server


@click.command("api")
def command() -> None:
    """Run the HTTP API and the carrier's webhooks.

    Needs DIALER_REDIS_URL, or a `dialer up` running in the same data folder.
    """
    settings = settings_beside_owner()
    settings.require("api_key", "webhook_secret")
    log.set_up(settings.log_level)
    run_server(serve(settings, ready=_ready))


def _ready(url: str) -> None:
    keep_for_good()
    click.echo(f"The dialer API listens on {url}")
