"""`list`, `show` and `watch`, which conferences and escalations have alike: people called together, seen live."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import click
from rich.console import RenderableType
from rich.table import Table

from dialer.cli import following
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.screens import plain_console
from dialer.client import AsyncDialer

T = TypeVar("T")
One_co = TypeVar("One_co", covariant=True)


class Seen(Protocol[One_co]):
    """A group of the client's methods that can be listed and looked at."""

    @property
    def get(self) -> Callable[[str], Awaitable[One_co]]:
        """One of them."""

    @property
    def all(self) -> Callable[..., AsyncIterator[One_co]]:
        """All of them, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Views(Generic[T]):
    """How one kind of them looks.

    Attributes:
        noun: what one is called.
        within: the methods of the client.
        shows: what `show` tells, for its help.
        table: one row for each of several.
        lines: one of them in lines of text, without what changes every second.
        people: its people, a row for each.
        picture: all of it, drawn again and again.
        until: whether there is nothing more to follow.
    """

    noun: str
    within: Callable[[AsyncDialer], Seen[T]]
    shows: str
    table: Callable[[Sequence[T]], Table]
    lines: Callable[[T], str]
    people: Callable[[T], Table]
    picture: Callable[[T], RenderableType]
    until: Callable[[T], bool]

    def print(self, seen: T) -> None:
        """Print one as it is now."""
        click.echo(self.lines(seen))
        plain_console().print(self.people(seen))

    async def follow(self, dialer: AsyncDialer, its_id: str) -> None:
        """Show one until it is over and nobody is on the phone any more; whoever leaves is told how to come back."""
        look = functools.partial(self.within(dialer).get, its_id)
        try:
            await following.follow(look, picture=self.picture, line=self.lines, until=self.until)
        except asyncio.CancelledError:
            again = f"dialer {self.noun} watch {its_id}"
            click.echo(f"{self.noun.capitalize()} {its_id} goes on; see it again with `{again}`.")
            raise


def add_views(command: click.Group, views: Views[Any]) -> None:
    """Add the three to the commands of a kind."""
    noun, its_id = views.noun, click.argument("its_id", metavar=f"{views.noun.upper()}_ID")

    @command.command("list", help=f"List the newest {noun}s.")
    @talks_to_api
    @click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 200), help="How many of the newest.")
    @json_option
    async def list_newest(dialer: AsyncDialer, *, limit: int, as_json: bool) -> None:
        found = [one async for one in views.within(dialer).all(limit=limit)]
        if as_json:
            print_json(found)
        else:
            plain_console().print(views.table(found))

    @command.command("show", help=views.shows)
    @talks_to_api
    @its_id
    @json_option
    async def show(dialer: AsyncDialer, *, its_id: str, as_json: bool) -> None:
        seen = await views.within(dialer).get(its_id)
        if as_json:
            print_json(seen)
        else:
            views.print(seen)

    @command.command("watch", help=f"Follow one {noun} until it is over; Ctrl-C leaves it running.")
    @talks_to_api
    @its_id
    async def watch(dialer: AsyncDialer, *, its_id: str) -> None:
        await views.follow(dialer, its_id)
