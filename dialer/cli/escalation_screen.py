"""How an escalation looks on a terminal: a line on the step that is on, who has confirmed, and a table of the people.

Where nobody looks at a terminal, a line is written whenever something has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from dialer.api.escalation_answers import ConfirmationOut, EscalationOut
from dialer.cli.gatherings import Views
from dialer.cli.screens import clock_text
from dialer.cli.showing import shown

OVER = "over"
_UP = ("ringing", "listening", "voicemail")
_STYLES = {"confirmed": "bold green", "listening": "yellow", "ringing": "yellow", "declined": "red"}


def is_through(seen: EscalationOut) -> bool:
    """Whether it is over and nobody is on the phone any more."""
    return seen.state == OVER and not any(person.state in _UP for person in seen.people)


def escalation_line(seen: EscalationOut) -> str:
    """All of it in one line of text, without what changes every second."""
    state = seen.state + (f", {seen.reason}" if seen.reason else "")
    parts = [f"{shown(seen.name)} ({seen.id})", shown(state), *_step(seen)]
    return " | ".join([*parts, f"confirmed {len(seen.confirmations)} of {seen.needed}"])


def confirmation_lines(seen: EscalationOut) -> list[str]:
    """Who has confirmed, when and how."""
    return [
        f"confirmed by {shown(_who(one))} ({shown(one.number)}) at {_clock(one.at)}, "
        + (f"by hand{': ' + shown(one.by) if one.by else ''}" if one.by_hand else f"key {shown(one.key or '')}")
        + (", when it was over" if one.late else "")
        for one in seen.confirmations
    ]


def escalation_screen(seen: EscalationOut, *, now: datetime | None = None) -> Group:
    """The whole picture."""
    moment = now or datetime.now(UTC)
    lines = [escalation_line(seen) + _left(seen, moment), *confirmation_lines(seen)]
    return Group(*(Text(line, style="bold" if place == 0 else "") for place, line in enumerate(lines)), people(seen))


def people(seen: EscalationOut) -> Table:
    """One row for each person."""
    table = Table("who", "number", "steps", "state", "tries", box=None, header_style="bold", pad_edge=False)
    for person in seen.people:
        steps = ", ".join(map(str, person.steps))
        state = Text(person.state.replace("_", " "), style=_STYLES.get(person.state, ""))
        named = person.name or person.id or ""
        table.add_row(Text(shown(named)), Text(shown(person.number)), steps, state, str(person.tries))
    return table


def escalations_table(found: Sequence[EscalationOut]) -> Table:
    """One row for each escalation."""
    table = Table("id", "name", "state", "step", "confirmed", box=None, header_style="bold", pad_edge=False)
    for seen in found:
        state = seen.reason or seen.state
        step = f"{seen.step} of {seen.steps}" if seen.step else ""
        confirmed = f"{len(seen.confirmations)} of {seen.needed}"
        table.add_row(seen.id, Text(shown(seen.name)), Text(shown(state)), step, confirmed)
    return table


def _step(seen: EscalationOut) -> list[str]:
    if not seen.step:
        return []
    turn = f", round {seen.round} of {seen.rounds}" if seen.rounds > 1 else ""
    return [f"step {seen.step} of {seen.steps}{turn}"]


def _left(seen: EscalationOut, now: datetime) -> str:
    if seen.next_at is None:
        return ""
    return f" | next in {clock_text(max(0.0, (seen.next_at - now).total_seconds()))}"


def _who(one: ConfirmationOut) -> str:
    return str(one.name or one.id or one.number)


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def _lines(seen: EscalationOut) -> str:
    return "\n".join([escalation_line(seen), *confirmation_lines(seen)])


VIEWS: Views[EscalationOut] = Views(
    noun="escalation",
    within=lambda dialer: dialer.escalations,
    shows="Show which step is on, who has confirmed and how everybody stands.",
    table=escalations_table,
    lines=_lines,
    people=people,
    picture=escalation_screen,
    until=is_through,
)
"""How `dialer escalation` shows them."""
