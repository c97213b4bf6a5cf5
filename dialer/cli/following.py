"""Following something that goes on: a picture drawn again in its place, or a line for each change.

Lines are written where nobody looks at a terminal.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from rich.console import Console, RenderableType
from rich.live import Live

_EVERY_S = 1.0

T = TypeVar("T")


async def follow(
    look: Callable[[], Awaitable[T]],
    *,
    picture: Callable[[T], RenderableType],
    line: Callable[[T], str],
    until: Callable[[T], bool],
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


async def _follow_in_lines(
    look: Callable[[], Awaitable[T]], line: Callable[[T], str], until: Callable[[T], bool]
) -> None:
    last = ""
    while True:
        seen = await look()
        if (told := line(seen)) != last:
            click.echo(last := told)
        if until(seen):
            return
        await asyncio.sleep(_EVERY_S)
