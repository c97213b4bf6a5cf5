"""The command line: where every program of the project starts.

A command's module is imported when the command runs, so that `dialer --help` is there at once. What a user can mend
ends as one sentence on standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from dialer.cli.showing import shown_lines
from dialer.errors import DialerError

_FAILED = 1
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

_COMMANDS = {
    "demo": "Dial a whole campaign against the carrier stand-in, in about a minute.",
    "up": "Run everything on this machine: private Redis, API and workers.",
    "campaign": "Create, import, start, watch and steer campaigns.",
    "conference": "Call people into one conversation, see who is in, and steer it.",
    "escalation": "Call people step by step until enough have confirmed, and see who has.",
    "call": "Call one number, without a campaign of its own.",
    "control": "Steer a call that is up: hang up, mute, transfer, play, talk, press keys.",
    "explain": "Tell why a call, or every call of a number, is not being dialed now.",
    "recording": "List, download and delete recordings of calls.",
    "suppress": "Keep numbers from being called, by any campaign.",
    "find": "Find every call of a number, in all campaigns.",
    "erase": "Erase a person by number, in all campaigns, with a proof.",
    "callback": "List, retry and drop callbacks that your own system did not take.",
    "audit": "Show who did what, check that the record is whole, export it.",
    "key": "Make, list and revoke API keys, each with its roles.",
    "trunk": "Show the carrier accounts that calls leave by.",
    "app": "Make, list and change applications at the carrier; check token and products.",
    "doctor": "Check everything that a first live day needs, with advice; place one test call.",
    "voices": "List the languages and voices that a text can be spoken with.",
    "api": "Run the HTTP API and the carrier's webhooks.",
    "worker": "Run a worker, which places the calls; as many as you like.",
    "simulate": "Run the carrier stand-in as a server of its own.",
}
"""Each is the `command` of the module of its name in this package."""


class _Commands(click.Group):
    """Finds commands by name, and turns what went wrong into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command that was named."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"dialer.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List them without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except DialerError as error:
            click.echo(f"Error: {shown_lines(str(error))}", err=True)
            ctx.exit(_FAILED)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dialer")
def main() -> None:
    """Dial campaigns of calls: every call placed once, at the carrier's pace, with proof of what became of it."""
