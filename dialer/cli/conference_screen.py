"""How a conference looks on a terminal: a table of its members, drawn again in its place while it goes on.

Where nobody looks at a terminal, a line is written whenever somebody's state has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from dialer.api.conference_answers import ConferenceOut
from dialer.cli.gatherings import Views
from dialer.cli.screens import clock_text, counts_text
from dialer.cli.showing import shown
from dialer.conferences.gathering import MemberState

_OVER = "over"
_UP = (MemberState.RINGING, MemberState.DECIDING, MemberState.IN)
_STYLES = {"in": "bold green", "deciding": "yellow", "ringing": "yellow", "declined": "red", "not_reached": "red"}


def is_through(seen: ConferenceOut) -> bool:
    """Whether it is over and everybody has hung up."""
    return bool(seen.state == _OVER and not any(seen.counts[state] for state in _UP))


def conference_line(seen: ConferenceOut) -> str:
    """All of it in one line of text."""
    state = seen.state + (f", {seen.reason}" if seen.reason else "")
    counts = {name.replace("_", " "): count for name, count in seen.counts.items()}
    return " | ".join([f"{shown(seen.name)} ({seen.id})", shown(state), counts_text(counts)])


def conferences_table(found: Sequence[ConferenceOut]) -> Table:
    """One row for each conference."""
    table = Table("id", "name", "state", "members", "in", box=None, header_style="bold", pad_edge=False)
    for seen in found:
        members, inside = str(len(seen.members)), str(seen.counts[MemberState.IN])
        table.add_row(seen.id, Text(shown(seen.name)), seen.state, members, inside)
    return table


def members_table(seen: ConferenceOut, *, now: datetime | None = None) -> Table:
    """One row for each member."""
    moment = now or datetime.now(UTC)
    table = Table("who", "number", "state", "for", "tries", "", box=None, header_style="bold", pad_edge=False)
    for member in seen.members:
        who = member.name or member.id or ""
        state = Text(member.state.replace("_", " "), style=_STYLES.get(member.state, ""))
        notes = [word for word, is_so in (("moderator", member.moderator), ("muted", member.muted)) if is_so]
        since = _since(member.since, moment)
        table.add_row(Text(shown(who)), Text(shown(member.number)), state, since, str(member.tries), ", ".join(notes))
    return table


def _since(at: datetime | None, now: datetime) -> str:
    return "" if at is None else clock_text(max(0.0, (now - at).total_seconds()))


VIEWS: Views[ConferenceOut] = Views(
    noun="conference",
    within=lambda dialer: dialer.conferences,
    shows="Show who is in, who is being called, and who is not coming.",
    table=conferences_table,
    lines=conference_line,
    people=members_table,
    picture=lambda seen: Group(Text(conference_line(seen), style="bold"), members_table(seen)),
    until=is_through,
)
"""How `dialer conference` shows them."""
