"""`dialer completion`: click's own completion, for each shell that it knows."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_VARIABLE = "_DIALER_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes SHELL complete commands, options and choices; put it where the shell reads it at its start."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"No completion is known for {shell}.")
    click.echo(kind(ctx.find_root().command, {}, "dialer", _VARIABLE).source())
