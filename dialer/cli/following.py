"""Following something that goes on: a picture drawn again in its place, or a line for each change.

Lines are written where nobody looks at a terminal.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable

import click
from rich.console import Console, RenderableType
from rich.live import Live

from dialer.cli.client import Json

_EVERY_S = 1.0

Look = Callable[[], Awaitable[Json]]


async def follow(
    look: Look, *, picture: Callable[[Json], RenderableType], line: Callable[[Json], str], until: Callable[[Json], bool]
) -> None:
    """Show it until it is so."""
    lively = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if not lively:
        await _follow_in_lines(look, line, until)
        return
    with Live(console=Console(), auto_refresh=False) as live:
        while True:
            seen = await look()
            live.update(picture(seen), refresh=True)
            if until(seen):
                return
            await asyncio.sleep(_EVERY_S)


async def _follow_in_lines(look: Look, line: Callable[[Json], str], until: Callable[[Json], bool]) -> None:
    last = ""
    while True:
        seen = await look()
        if (told := line(seen)) != last:
            click.echo(last := told)
        if until(seen):
            return
        await asyncio.sleep(_EVERY_S)
