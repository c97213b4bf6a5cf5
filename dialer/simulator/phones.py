"""The people at the other end: what each phone does on its first call, its second, and so on.

A phone is told in a sentence, `phone.is_busy().then().answers().presses("1")`; its last turn stands for all later
calls. A phone that was told nothing does what its number and the seed say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.dice import roll
from dialer.simulator.scenarios import scenarios


class Outcome(StrEnum):
    """What comes of one ringing."""

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "voicemail"
    REJECTS = "rejects"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"
    FAILS = "fails"


@dataclass(frozen=True, slots=True)
class ScenarioEvent:
    """One step of a call told beforehand: a status to report, ANSWER_WEBHOOK, or the reply (HTTP_504, TCP_RESET)."""

    after_s: float
    name: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, steps: Iterable[Mapping[str, Any]]) -> tuple[ScenarioEvent, ...]:
        """From the form `{"after_s": 6, "event": "answered", "extra": {...}}`, sorted by time."""
        events = (cls(float(step["after_s"]), str(step["event"]), dict(step.get("extra", {}))) for step in steps)
        return tuple(sorted(events, key=lambda event: event.after_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a phone does with one call.

    Attributes:
        after_s: carrier seconds until it does it; None leaves it to chance and custom.
        hangs_up_after_s: carrier seconds after answering; None listens to the end.
        keys: what is pressed at each request for input, in order ("" is nothing); afterwards nothing.
        says: what is said at each request for speech, likewise.
        detail: the carrier's `detail` for a refusal or failure, instead of the usual one.
        events: the whole call told beforehand, instead of all this.
        keys_after_s: carrier seconds from a request for input to its keys or words; None is the usual time.
        interrupts: presses as soon as keys count, and hears no more than the beginning of what is being said.
        drops_after_s: carrier seconds in a conference or behind a `connect`; None stays as long as is usual.
        speaks_s: carrier seconds of speaking into a recording; None is as long as a clip.
        beep_s: carrier seconds from the answer to a voicemail's beep; None is the usual time.
    """

    outcome: Outcome = Outcome.ANSWERS
    after_s: float | None = None
    hangs_up_after_s: float | None = None
    keys: tuple[str, ...] = ()
    detail: str | None = None
    events: tuple[ScenarioEvent, ...] | None = None
    says: tuple[str, ...] = ()
    keys_after_s: float | None = None
    interrupts: bool = False
    drops_after_s: float | None = None
    speaks_s: float | None = None
    beep_s: float | None = None


class Phone:
    """One number and what it was told to do. Every method but `turn` adds to the sentence and returns the phone."""

    def __init__(self, number: str) -> None:
        self.number = number
        self._turns: list[Turn] = []
        self._open = True
        self._taken = 0

    def answers(self, *, after_s: float | None = None) -> Phone:
        """A person picks up."""
        return self._does(Turn(outcome=Outcome.ANSWERS, after_s=after_s))

    def is_busy(self) -> Phone:
        """The line is engaged."""
        return self._does(Turn(outcome=Outcome.BUSY))

    def does_not_answer(self) -> Phone:
        """It rings until the ringing timer."""
        return self._does(Turn(outcome=Outcome.NO_ANSWER))

    def has_voicemail(self, *, after_s: float | None = None, beep_s: float | None = None) -> Phone:
        """A machine picks up, and beeps so many carrier seconds later."""
        return self._does(Turn(outcome=Outcome.VOICEMAIL, after_s=after_s, beep_s=beep_s))

    def rejects(self, detail: str = "declined") -> Phone:
        """The person declines the call."""
        return self._does(Turn(outcome=Outcome.REJECTS, detail=detail))

    def is_invalid(self) -> Phone:
        """There is no such number."""
        return self._does(Turn(outcome=Outcome.INVALID))

    def is_unreachable(self) -> Phone:
        """The phone is switched off or out of reach."""
        return self._does(Turn(outcome=Outcome.UNREACHABLE))

    def fails(self, detail: str = "cannot_route") -> Phone:
        """The carrier cannot connect it."""
        return self._does(Turn(outcome=Outcome.FAILS, detail=detail))

    def plays(self, events: Iterable[Mapping[str, Any]]) -> Phone:
        """The whole call is told beforehand, in the form of the derived `call-scenarios.json`."""
        return self._does(Turn(events=ScenarioEvent.read(events)))

    def plays_scenario(self, name: str) -> Phone:
        """The whole call is one of the scenarios by name; raises KeyError for one there is not."""
        return self._does(Turn(events=ScenarioEvent.read(scenarios()[name])))

    def takes(self, turn: Turn) -> Phone:
        """This turn, as it stands."""
        return self._does(turn)

    def presses(self, *keys: str, after_s: float | None = None) -> Phone:
        """At the next requests for input these keys are pressed, one text for each request; "" presses nothing.

        `after_s`: carrier seconds after each request, for those who are slow.
        """
        turn = self._current()
        later_s = turn.keys_after_s if after_s is None else after_s
        return self._does(replace(turn, keys=(*turn.keys, *keys), keys_after_s=later_s))

    def interrupts(self) -> Phone:
        """Keys are pressed as soon as the carrier listens to them (bargeIn), whatever is being said."""
        return self._does(replace(self._current(), interrupts=True))

    def says(self, *texts: str) -> Phone:
        """At the next requests for speech this is said, one text for each request; "" says nothing."""
        turn = self._current()
        return self._does(replace(turn, says=(*turn.says, *texts)))

    def speaks_for(self, seconds: float) -> Phone:
        """The person speaks so many carrier seconds into a recording."""
        return self._does(replace(self._current(), speaks_s=seconds))

    def drops_after(self, seconds: float) -> Phone:
        """The person leaves so many carrier seconds after joining a conference, or being joined by `connect`."""
        return self._does(replace(self._current(), drops_after_s=seconds))

    def hangs_up_after(self, seconds: float) -> Phone:
        """The person hangs up so many carrier seconds after answering."""
        return self._does(replace(self._current(), hangs_up_after_s=seconds))

    def then(self) -> Phone:
        """What follows is about the next call."""
        self._open = True
        return self

    def turn(self) -> Turn:
        """What it does with the call that comes now."""
        turn = self._turns[min(self._taken, len(self._turns) - 1)] if self._turns else Turn()
        self._taken += 1
        return turn

    def _current(self) -> Turn:
        return self._turns[-1] if self._turns and not self._open else Turn()

    def _does(self, turn: Turn) -> Phone:
        if self._open:
            self._turns.append(turn)
        else:
            self._turns[-1] = turn
        self._open = False
        return self


def digits(number: str) -> str:
    """A number as the carrier writes it: without plus and spaces."""
    return number.replace(" ", "").removeprefix("+")


def chance_turn(config: SimulatorConfig, number: str, nth: int) -> Turn:
    """What a phone that was told nothing does with its nth call."""
    throws = roll(config.seed, number, nth)
    outcome = _outcome(config, next(throws))
    presses = outcome is Outcome.ANSWERS and next(throws) < config.pressing
    return Turn(outcome=outcome, keys=(config.presses,) if presses else ())


def ring_s(config: SimulatorConfig, number: str, nth: int) -> float:
    """Carrier seconds until the nth call is picked up."""
    chance = next(roll(config.seed, "ring", number, nth))
    return max(0.0, config.ring_s + (2 * chance - 1) * config.ring_jitter_s)


def _outcome(config: SimulatorConfig, chance: float) -> Outcome:
    shares = config.shares
    for outcome, share in (
        (Outcome.BUSY, shares.busy),
        (Outcome.NO_ANSWER, shares.no_answer),
        (Outcome.VOICEMAIL, shares.voicemail),
        (Outcome.REJECTS, shares.rejected),
        (Outcome.INVALID, shares.invalid),
        (Outcome.UNREACHABLE, shares.unreachable),
    ):
        chance -= share
        if chance < 0:
            return outcome
    return Outcome.ANSWERS
