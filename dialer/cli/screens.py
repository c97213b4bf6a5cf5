"""What a person sees while a list is sent and a campaign runs: a live picture on a terminal, plain lines elsewhere.

Plain lines hold no escape codes and come every few seconds: good for a log file, a pipe and for NO_COLOR.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from dialer.cli.pace import Snapshot
from dialer.cli.showing import shown

_EVERY_S = 3.0
_MEGABYTE = 1_000_000
_PIPE_WIDTH = 160


class Screen(Protocol):
    """Shows how far something is; open it with `with`."""

    def sending(self, sent: int, size: int, rows: int, per_s: float) -> None:
        """A list is on its way: bytes sent, bytes in all, rows sent now, rows a second."""

    def campaign(self, snapshot: Snapshot) -> None:
        """A campaign runs."""

    def say(self, sentence: str) -> None:
        """Something a person should know."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""


def open_screen() -> Screen:
    """The screen that suits where our output goes."""
    lively = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return LiveScreen(Console()) if lively else PlainScreen()


def plain_console() -> Console:
    """A console for tables that writes escape codes to a terminal only, and elsewhere keeps a row on one line."""
    watched = sys.stdout.isatty()
    width = None if watched or "COLUMNS" in os.environ else _PIPE_WIDTH
    return Console(force_terminal=watched and not os.environ.get("NO_COLOR"), highlight=False, width=width)


class PlainScreen:
    """A line now and then, and always when the campaign's state changes."""

    def __init__(self, every_s: float = _EVERY_S) -> None:
        self._every_s = every_s
        self._next_at = time.monotonic() + every_s
        self._state: str | None = None

    def __enter__(self) -> Self:
        """Nothing to prepare."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to leave."""

    def sending(self, sent: int, size: int, rows: int, per_s: float) -> None:
        """A line now and then; a short list gives none."""
        if self._is_due():
            click.echo(sending_line(sent, size, rows, per_s))

    def campaign(self, snapshot: Snapshot) -> None:
        """A line now and then."""
        if self._is_due() or snapshot.view.state != self._state:
            self._state = snapshot.view.state
            click.echo(campaign_line(snapshot))

    def say(self, sentence: str) -> None:
        """A line of its own."""
        click.echo(sentence)

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._every_s
        return True


class LiveScreen:
    """A picture that is drawn again in its place."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        """Take the lines below the cursor."""
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last picture standing."""
        self._live.stop()

    def sending(self, sent: int, size: int, rows: int, per_s: float) -> None:
        """A bar of bytes, with the rows."""
        bar = ProgressBar(total=max(size, 1), completed=sent, width=40)
        self._live.update(Group(Text(sending_line(sent, size, rows, per_s)), bar), refresh=True)

    def campaign(self, snapshot: Snapshot) -> None:
        """A bar of calls, the rate, states and dispositions."""
        self._live.update(_picture(snapshot), refresh=True)

    def say(self, sentence: str) -> None:
        """A line above the picture."""
        self._live.console.print(sentence, highlight=False, markup=False)


def sending_line(sent: int, size: int, rows: int, per_s: float) -> str:
    """`sent 12.0 of 40.0 MB, 250,000 rows, 25,000 a second`."""
    return f"sent {sent / _MEGABYTE:.1f} of {size / _MEGABYTE:.1f} MB, {rows:,} rows, {per_s:,.0f} a second"


def campaign_line(snapshot: Snapshot) -> str:
    """All of it in one line of text."""
    view = snapshot.view
    parts = [
        f"{clock_text(snapshot.elapsed_s)} {view.state:<9} {snapshot.done}/{view.total} done",
        rate_text(snapshot),
        counts_text({state: count for state, count in view.counts.items() if state != "done"}),
        counts_text(view.dispositions),
        left_text(snapshot),
        shown(view.reason or ""),
    ]
    return " | ".join(part for part in parts if part)


def rate_text(snapshot: Snapshot) -> str:
    """`2.9 of 3 calls/s`."""
    return f"{'-' if snapshot.rate is None else format(snapshot.rate, '.1f')} of {snapshot.budget:g} calls/s"


def left_text(snapshot: Snapshot) -> str:
    """`about 0:12 to dial`, or nothing when nobody can tell."""
    if snapshot.left_s is None or snapshot.view.state != "running":
        return ""
    return f"about {clock_text(snapshot.left_s)} to dial"


def counts_text(counts: Mapping[Any, int]) -> str:
    """`answered 9, busy 2`, without what is zero."""
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)


def clock_text(seconds: float) -> str:
    """`0:07`, `12:30`, `3:00:00`."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def _picture(snapshot: Snapshot) -> RenderableType:
    view = snapshot.view
    head = Text.assemble((shown(view.name), "bold"), f"  {view.id}  ", (view.state, "bold cyan"))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(
        ProgressBar(total=max(view.total, 1), completed=snapshot.done, width=40),
        f"{snapshot.done} of {view.total} done",
    )
    times = "   ".join(filter(None, [rate_text(snapshot), clock_text(snapshot.elapsed_s), left_text(snapshot)]))
    figures = Table.grid(padding=(0, 2))
    figures.add_row(_column("calls", view.counts), _column("dispositions", view.dispositions))
    reason = Text(shown(view.reason or ""), style="yellow")
    return Group(head, bar, Text(times), figures, reason)


def _column(title: str, counts: Mapping[Any, int]) -> Table:
    column = Table(title=title, title_justify="left", show_header=False, box=None, min_width=24)
    column.add_column()
    column.add_column(justify="right")
    for name, count in counts.items():
        if count or title == "calls":
            column.add_row(name, str(count))
    return column
