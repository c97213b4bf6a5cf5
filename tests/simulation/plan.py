"""What happens in a run: drawn from its seed, small enough to be read, and able to be made smaller.

A plan holds nothing that is drawn later; leaving out a part of it leaves the rest as it was. So a failing plan can be
shrunk by leaving out parts for as long as it fails.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dialer.simulator import Outcome, PlaceFault, WebhookFault

_LOST_REPLIES = (
    PlaceFault.LOST_REPLY, PlaceFault.CUT_REPLY, PlaceFault.SLOW_REPLY, PlaceFault.HTML_PLACED,
    PlaceFault.STATUS_500_PLACED, PlaceFault.STATUS_502_PLACED, PlaceFault.STATUS_503_PLACED,
    PlaceFault.STATUS_504_PLACED, PlaceFault.STARTED_FIRST,
)  # fmt: skip
_REFUSALS = (
    PlaceFault.STATUS_429, PlaceFault.STATUS_500, PlaceFault.STATUS_502, PlaceFault.STATUS_503, PlaceFault.RESET,
    PlaceFault.STATUS_401, PlaceFault.HTML,
)  # fmt: skip
_WEBHOOKS = (WebhookFault.SWAPPED, WebhookFault.DOUBLED, WebhookFault.LOST, WebhookFault.LATE, WebhookFault.ODD_STATUS)


@dataclass(frozen=True, slots=True)
class Person:
    """One number of a list and what its phone does, call by call."""

    number: str
    turns: tuple[Outcome, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class PlannedCampaign:
    """A campaign, when it starts, and with whom."""

    name: str
    at_s: float
    people: tuple[Person, ...]
    priority: str = "normal"
    wishes: dict[str, Any] = field(default_factory=dict)
    import_twice: bool = False

    @property
    def redials(self) -> bool:
        """Whether it asks for anybody to be dialed again."""
        return "redial" in self.wishes

    @property
    def tries(self) -> int:
        """How often one of its people may be dialed at most."""
        return int(self.wishes.get("max_tries", 1)) if self.redials else 1

    def smaller(self) -> Iterator[PlannedCampaign]:
        """The same with one person or one wish less."""
        for person in self.people:
            if len(self.people) > 1:
                yield replace(self, people=tuple(one for one in self.people if one is not person))
        for wish in self.wishes:
            yield replace(self, wishes={key: value for key, value in self.wishes.items() if key != wish})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, at a moment of the run."""

    at_s: float
    what: str
    whom: str = ""
    lasts_s: float = 0.0
    amount: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    seed: int
    workers: int
    per_second: float
    campaigns: tuple[PlannedCampaign, ...]
    events: tuple[Event, ...]
    skews: tuple[float, ...] = ()

    @property
    def faults_end_s(self) -> float:
        """From then on nothing goes wrong any more, so that every promise of an end can be held against the run."""
        return max((event.at_s + event.lasts_s for event in self.events), default=0.0) + 5

    def smaller(self) -> Iterator[Plan]:
        """Plans with one part less, the large parts first."""
        for campaign in self.campaigns:
            if len(self.campaigns) > 1:
                yield replace(self, campaigns=tuple(one for one in self.campaigns if one is not campaign))
        half = len(self.events) // 2
        if half:
            yield replace(self, events=self.events[:half])
            yield replace(self, events=self.events[half:])
        for event in self.events:
            yield replace(self, events=tuple(one for one in self.events if one is not event))
        for place, campaign in enumerate(self.campaigns):
            for less in campaign.smaller():
                yield replace(self, campaigns=(*self.campaigns[:place], less, *self.campaigns[place + 1 :]))
        if self.workers > 1:
            yield replace(self, workers=1)
        if any(self.skews):
            yield replace(self, skews=())

    def told(self) -> str:
        """The plan in words, for whoever looks into a failure."""
        lines = [
            f"seed {self.seed}: {self.workers} workers, {self.per_second:g} calls a second, clocks off by {self.skews}"
        ]
        for one in self.campaigns:
            people = ", ".join(f"{p.number} {'/'.join(p.turns)}{' ' + p.key if p.key else ''}" for p in one.people)
            lines.append(f"  {one.at_s:7.2f} s  campaign {one.name} ({one.priority}, {one.wishes}): {people}")
        lines += [
            f"  {e.at_s:7.2f} s  {e.what} {e.whom}"
            + (f" for {e.lasts_s:.2f} s" if e.lasts_s else "")
            + (f" ({e.amount:g})" if e.amount else "")
            for e in self.events
        ]
        return "\n".join(lines)


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    dice = random.Random(seed)
    workers = dice.choice((1, 1, 2, 2, 3))
    people = _people(dice)
    campaigns = tuple(_campaign(dice, number, people) for number in range(dice.choice((1, 1, 2, 3))))
    events = sorted(_events(dice, workers, campaigns), key=lambda event: event.at_s)
    skews = tuple(dice.choice((0.0, 0.0, dice.uniform(-90, 90))) for _ in range(workers + 1))
    return Plan(seed, workers, dice.choice((1.0, 1.0, 2.0, 3.0)), campaigns, tuple(events), skews)


def _people(dice: random.Random) -> Iterator[Person]:
    number = 31_610_000_000
    outcomes = (
        Outcome.ANSWERS,
        Outcome.ANSWERS,
        Outcome.ANSWERS,
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.REJECTS,
        Outcome.UNREACHABLE,
    )
    while True:
        number += dice.randint(1, 9)
        turns = tuple(dice.choice(outcomes) for _ in range(dice.choice((1, 1, 2))))
        yield Person(f"+{number}", turns, dice.choice(("", "1", "1", "9")))


def _campaign(dice: random.Random, number: int, people: Iterator[Person]) -> PlannedCampaign:
    wishes: dict[str, Any] = {}
    if dice.random() < 0.35:
        wishes["max_tries"] = dice.choice((2, 3))
        wishes["redial"] = {
            "busy": {"times": 2, "after_s": dice.choice((5, 15))},
            "no_answer": {"times": 1, "after_s": 20},
        }
    if dice.random() < 0.1:
        wishes["expires_in_s"] = dice.choice((20, 60))
    if dice.random() < 0.15:
        wishes["slots"] = dice.choice((1, 2))
    return PlannedCampaign(
        f"c{number}",
        round(dice.uniform(0, 4), 3),
        tuple(next(people) for _ in range(dice.choice((1, 4, 8, 12, 20)))),
        dice.choice(("normal", "normal", "urgent", "background")),
        wishes,
        import_twice=dice.random() < 0.25,
    )


_KILLED = ("kill_before:redis", "kill_after:redis")
_KILLED_SPEAKING = ("kill_before:http", "kill_after:http")
_MACHINE_FAULTS: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {
    # how long they last, and how much of them there is
    "redis_slow": ((2, 10), (0.02, 0.2, 1.0, 6.0)),
    "network_slow": ((2, 10), (0.02, 0.2, 1.0, 6.0)),
    "freeze": ((0.3, 2, 12, 30), (0,)),
    "restart": ((0.3, 2, 15, 40), (0,)),
    # not at a moment but with a step from there on: between any two of them
    **dict.fromkeys(_KILLED, ((0.5, 3, 15), tuple(range(1, 31)))),
    **dict.fromkeys(_KILLED_SPEAKING, ((0.5, 3, 15), tuple(range(1, 6)))),
}
_COMMON_FAULTS: Mapping[str, tuple[Sequence[float], Sequence[float]]] = {
    "redis_kill": ((0.2, 2, 8), (0,)),
    "cuts": ((2, 15), (0.02, 0.2)),
    "clock_jump": ((0,), (-30, -2, 2, 30)),
    "token_down": ((3, 30), (0,)),
    "revoke": ((0,), (0,)),
    "place": ((4, 12), (0.3, 1.0)),
    "webhook": ((5, 40), (0.2, 0.6, 1.0)),
}
_OFTEN = ("kill_after:redis", "kill_after:http", "freeze", "place", "place", "webhook")
"""These besides, for they are what happens."""

_TOGETHER: Sequence[Sequence[tuple[str, bool, float, float]]] = (
    (),
    (("webhook:lost", False, 30, 1.0), ("kill_after:http", True, 3, 1), ("kill_after:http", True, 3, 2)),
    (("webhook:lost", False, 30, 1.0), ("place:lost_reply", False, 12, 1.0)),
    (("webhook:late", False, 30, 1.0), ("place:503_placed", False, 12, 1.0)),
    (("freeze", True, 30, 0), ("freeze", True, 12, 0)),
    (("kill_after:redis", True, 15, 3), ("kill_after:redis", True, 15, 5), ("cuts", False, 10, 0.2)),
    (("redis_slow", True, 10, 0.2), ("freeze", True, 0.3, 0), ("redis_slow", True, 10, 0.4)),
)
"""Faults that are dangerous together, as chance seldom throws them: what, whether at a worker, how long, how much."""


def _events(dice: random.Random, workers: int, campaigns: tuple[PlannedCampaign, ...]) -> Iterator[Event]:
    machines = [f"worker-{number}" for number in range(workers)] + ["api"]
    kinds = [*_MACHINE_FAULTS, *_COMMON_FAULTS, *_OFTEN]
    for _ in range(dice.choice((0, 1, 2, 4, 6))):
        kind = dice.choice(kinds)
        whom = dice.choice(machines) if kind in _MACHINE_FAULTS else ""
        lasts, amounts = _MACHINE_FAULTS.get(kind) or _COMMON_FAULTS[kind]
        which = {"place": _LOST_REPLIES + _REFUSALS, "webhook": _WEBHOOKS}.get(kind)
        what = f"{kind}:{dice.choice(which)}" if which else kind
        yield Event(_moment(dice), what, whom, dice.choice(lasts), dice.choice(amounts))
    for what, is_at_worker, lasts_s, amount in dice.choice(_TOGETHER):
        whom = dice.choice(machines[:-1]) if is_at_worker else ""
        yield Event(round(dice.uniform(1, 10), 3), what, whom, lasts_s, amount)
    for _ in range(dice.choice((0, 0, 1, 2, 3))):
        campaign = dice.choice(campaigns)
        kind = dice.choice(("pause", "pause", "cancel", "suppress", "suppress", "hang_up", "urgent", "urgent"))
        # Whoever stands last in the list is likely not dialed yet.
        whom = campaign.people[-1].number if kind == "suppress" else campaign.name
        yield Event(_moment(dice), kind, whom, dice.choice((0.5, 5, 30)) if kind == "pause" else 0.0)


def _moment(dice: random.Random) -> float:
    return round(dice.uniform(0.5, 20), 3)
