"""What a call says at each of the carrier's questions: when it is picked up, after keys, to a machine. No I/O.

Everything is derived from what the store knows of the attempt (`Spoken`) and from the address that the carrier asks;
nothing is remembered between two requests. Whoever serves an answer stores its marks first: who has heard "your
confirmation is received" must have confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from dialer.connecting import address_of
from dialer.dispositions import Fact
from dialer.kinds import KINDS, Callee, steps_of
from dialer.ncco import to_wire
from dialer.scripts import (
    START,
    VOICEMAIL,
    CallScript,
    Connect,
    Mark,
    MarkKind,
    Position,
    Pressed,
    Urls,
    render,
    reply,
)
from dialer.store import Spoken
from dialer.voices import Generation

_MARK_BYTES = 4
_FACTS = {MarkKind.CONFIRMED: Fact.CONFIRMED, MarkKind.OPTED_OUT: Fact.OPTED_OUT}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to the carrier, and what is to be stored before it is given.

    Attributes:
        ncco: the actions; empty: the call ends.
        keys: what was pressed, by the position of the question.
    """

    ncco: list[dict[str, Any]]
    facts: frozenset[Fact]
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answering:
    """Renders one attempt's script.

    Attributes:
        webhooks: where the attempt's callback addresses begin.
        barred: whom no campaign calls, of those that the script connects to: these are passed over.
        caller_id: what a `connect` calls from, where its step does not say.
    """

    spoken: Spoken
    webhooks: str
    caller_id: str
    generation: Generation
    barred: frozenset[str] = frozenset()

    @property
    def steps(self) -> CallScript:
        """The attempt's script for its callee."""
        call = self.spoken.attempt.call
        callee = Callee(call.campaign_id, self.spoken.number, self.spoken.external_id, self.spoken.over)
        steps = steps_of(self.spoken.kind, self.spoken.script, callee)
        return steps.with_caller_id(self.caller_id) if steps.connects() else steps

    @property
    def leaves_voicemail(self) -> bool:
        """Whether a machine listens, so far as is known, and the script has words for it."""
        facts = self.spoken.facts
        return Fact.MACHINE in facts and Fact.CONFIRMED not in facts and bool(self.steps.voicemail)

    def begin(self) -> Said:
        """From the beginning, or what a voicemail hears. Raises InvalidInput where a value is missing."""
        return self._said(VOICEMAIL if self.leaves_voicemail else START, ())

    @property
    def script_mark(self) -> str:
        """Tells a script that was put in place of another from that one, in the addresses of its questions."""
        return blake2b(self.spoken.script.encode(), digest_size=_MARK_BYTES).hexdigest() if self.spoken.replaced else ""

    def go_on(self, position: Position, pressed: Pressed, *, asked_by: str = "") -> Said:
        """After the question at a position of the script with that mark. Raises InvalidInput where none is there."""
        too_late = self.spoken.over and not KINDS[self.spoken.kind].counts_late
        if too_late or asked_by != self.script_mark:
            # Whatever was pressed: it is too late, and the question is no more. In another script the same key at the
            # same place means something else, perhaps that nobody may ever call again.
            return self.begin()
        then = reply(self.steps, position, pressed.digits, timed_out=pressed.timed_out)
        return self._said(then.position, then.marks)

    def _is_barred(self, step: Connect) -> bool:
        return address_of(step) in self.barred

    def _said(self, at: Position, marks: Iterable[Mark]) -> Said:
        urls = Urls(self.webhooks, self.script_mark)
        rendered = render(self.steps, self.spoken.variables, urls, at=at, passed_over=self._is_barred)
        every = frozenset(marks) | rendered.marks
        return Said(
            ncco=to_wire(rendered.actions, self.generation),
            facts=frozenset(_FACTS[mark.kind] for mark in every if mark.kind in _FACTS),
            keys={mark.at: mark.keys for mark in every if mark.kind is MarkKind.PRESSED},
        )
