"""`dialer worker`: one worker process in the foreground."""

from __future__ import annotations

import click

from dialer import log
from dialer.cli.configuration import settings_beside_owner
from dialer.cli.foreground import keep_for_good, run_server
from dialer.settings import CARRIER_FIELDS
from jobs.worker import run_worker


@click.command("worker")
def command() -> None:
    """Run a worker, which places the calls; run as many as you like, on any machine.

    Needs DIALER_REDIS_URL, or a `dialer up` running in the same data folder.
    """
    settings = settings_beside_owner()
    settings.require("webhook_secret", *CARRIER_FIELDS)
    log.set_up(settings.log_level)
    keep_for_good()
    run_server(run_worker(settings))
