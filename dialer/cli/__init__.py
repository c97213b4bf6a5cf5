"""The command line: where every program of the project starts.

A command's module is imported when the command runs, so that `dialer --help` is there at once. What a user can mend
ends as one sentence on standard error. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 a campaign ended
without reaching everyone (where --fail-unreached asks for that), 130 interrupted.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from dialer.cli.examples import give_examples, told
from dialer.cli.showing import shown_lines
from dialer.errors import DialerError

_FAILED = 1
_INTERRUPTED = 130  # 128 + SIGINT, as shells have it

GROUPS: Mapping[str, Mapping[str, str]] = {
    "Dial": {
        "campaign": "Create, import, start, watch and steer campaigns.",
        "call": "Call one number, without a campaign of its own.",
        "conference": "Call people into one conversation, see who is in, and steer it.",
        "escalation": "Call people step by step until enough have confirmed, and see who has.",
        "control": "Steer a call that is up: hang up, mute, transfer, play, talk, press keys.",
    },
    "Look": {
        "status": "Show in one glance what runs, how fast, and what needs a person.",
        "explain": "Tell why a call, or every call of a number, is not being dialed now.",
        "find": "Find every call of a number, in all campaigns.",
        "recording": "List, download and delete recordings of calls.",
        "audit": "Show who did what, check that the record is whole, export it.",
    },
    "Leave people alone": {
        "suppress": "Keep numbers from being called, by any campaign.",
        "erase": "Erase a person by number, in all campaigns, with a proof.",
    },
    "Connect": {
        "key": "Make, list and revoke API keys, one for each system and person.",
        "callback": "List, retry and drop callbacks that your own system did not take.",
        "trunk": "Show the carrier accounts that calls leave by.",
        "app": "Make, list and change applications at the carrier; check token and products.",
        "voices": "List the languages and voices that a text can be spoken with.",
    },
    "Run": {
        "demo": "Dial a whole campaign against the carrier stand-in, in about a minute.",
        "up": "Run everything on this machine: private Redis, API and workers.",
        "doctor": "Check everything that a first live day needs, with advice; place one test call.",
        "api": "Run the HTTP API and the carrier's webhooks.",
        "worker": "Run a worker, which places the calls; as many as you like.",
        "migrate": "Bring the data in Redis to the version that this release writes.",
        "restored": "Settle what a restored Redis lacks by the carrier's list; dialing goes on.",
        "simulate": "Run the carrier stand-in as a server of its own.",
        "completion": "Print what makes a shell complete these commands.",
    },
}
"""Each is the `command` of the module of its name in this package."""

_COMMANDS = {name: about for group in GROUPS.values() for name, about in group.items()}
_CODES = """\b
Exit codes:
  0    done
  1    refused or failed; the sentence on standard error says why and what to do
  2    wrong usage
  3    a campaign ended without reaching everyone (with --fail-unreached)
  130  interrupted"""


class _Commands(click.Group):
    """Finds commands by name, and turns what went wrong into a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Group by group, in the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the command that was named."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"dialer.cli.{cmd_name}").command
        give_examples(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List them without importing any."""
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except DialerError as error:
            click.echo(f"Error: {shown_lines(str(error))}", err=True)
            ctx.exit(_FAILED)
        except KeyboardInterrupt:
            ctx.exit(_INTERRUPTED)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=f"{told('')}\n\n{_CODES}",
)
@click.version_option(package_name="dialer")
def main() -> None:
    """Dial campaigns of calls: every call placed once, at the carrier's pace, with proof of what became of it.

    Commands that ask an API find the `dialer up` of this machine by themselves; DIALER_URL and DIALER_API_KEY, or --url
    and --api-key, name another one. `dialer COMMAND --help` tells more of each.
    """
