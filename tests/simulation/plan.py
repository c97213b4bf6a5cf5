"""What happens in a run: drawn from its seed, small enough to be read, and able to be made smaller.

A plan holds nothing that is drawn later; leaving out a part of it leaves the rest as it was. So a failing plan can be
shrunk by leaving out parts for as long as it fails.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from dialer.simulator import Outcome
from tests.simulation.themes import LATER, THEMES, Theme, Thrown

_LONGEST_CALL_S = 20.0
"""A phone rings for ten seconds at most, and what is said takes less."""


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

    @property
    def in_line_s(self) -> float:
        """How long its people wait for each other at most, where it has but few slots."""
        slots = self.wishes.get("slots")
        return len(self.people) * self.tries * _LONGEST_CALL_S / slots if slots else 0.0

    def smaller(self) -> Iterator[PlannedCampaign]:
        """The same with one person or one wish less."""
        for person in self.people:
            if len(self.people) > 1:
                yield replace(self, people=tuple(one for one in self.people if one is not person))
        for wish in self.wishes:
            yield replace(self, wishes={key: value for key, value in self.wishes.items() if key != wish})


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, at a moment of the run.

    Attributes:
        amount: how much of it; where a backup is put back, how old it is then (s).
    """

    at_s: float
    what: str
    whom: str = ""
    lasts_s: float = 0.0
    amount: float = 0.0

    @property
    def ends_s(self) -> float:
        """When it is over."""
        return self.at_s + self.lasts_s + (self.amount if self.what.startswith("put_back") else 0)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole run."""

    seed: int
    theme: str
    workers: int
    per_second: float
    campaigns: tuple[PlannedCampaign, ...]
    events: tuple[Event, ...]
    skews: tuple[float, ...] = ()

    @property
    def faults_end_s(self) -> float:
        """From then on nothing goes wrong any more, so that every promise of an end can be held against the run."""
        return max((event.ends_s for event in self.events), default=0.0) + 5

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
        how = f"{self.workers} workers, {self.per_second:g} calls a second, clocks off by {self.skews}"
        lines = [f"seed {self.seed} ({self.theme}): {how}"]
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


def draw(seed: int, theme: str | None = None) -> Plan:
    """The plan of a seed, about the theme that it draws or the one that is asked for."""
    dice = random.Random(seed)
    drawn = dice.choice(sorted(THEMES.keys() - LATER))
    apart = random.Random(f"theme of {seed}")
    if apart.random() < len(LATER) / len(THEMES):
        drawn = apart.choice(LATER)
    about = THEMES[theme or drawn]
    workers = dice.choice(about.workers)
    people = _people(dice)
    campaigns: list[PlannedCampaign] = []
    for _ in range(dice.choice(about.campaigns)):
        campaigns.append(_campaign(dice, about, campaigns, people))
    events = [event for thrown in about.thrown for event in _events(dice, thrown, workers, campaigns)]
    skews = tuple(dice.uniform(-90, 90) if dice.random() < about.skewed else 0.0 for _ in range(workers + 1))
    return Plan(
        seed,
        theme or drawn,
        workers,
        dice.choice(about.per_second),
        tuple(campaigns),
        tuple(sorted(events, key=lambda event: event.at_s)),
        skews,
    )


_OUTCOMES = (
    Outcome.ANSWERS,
    Outcome.ANSWERS,
    Outcome.ANSWERS,
    Outcome.BUSY,
    Outcome.NO_ANSWER,
    Outcome.REJECTS,
    Outcome.UNREACHABLE,
)


def _people(dice: random.Random) -> Iterator[Person]:
    number = 31_610_000_000
    while True:
        number += dice.randint(1, 9)
        turns = tuple(dice.choice(_OUTCOMES) for _ in range(dice.choice((1, 1, 2))))
        yield Person(f"+{number}", turns, dice.choice(("", "1", "1", "9")))


def _campaign(
    dice: random.Random, theme: Theme, before: list[PlannedCampaign], people: Iterator[Person]
) -> PlannedCampaign:
    wishes: dict[str, Any] = {}
    if dice.random() < theme.redials:
        wishes["max_tries"] = dice.choice((2, 3))
        wishes["redial"] = {
            "busy": {"times": 2, "after_s": dice.choice((3, 8))},
            "no_answer": {"times": 1, "after_s": 10},
        }
    if dice.random() < theme.expires:
        wishes["expires_in_s"] = dice.choice((5, 8, 20))
    if dice.random() < theme.slots:
        wishes["slots"] = dice.choice((1, 2))
    drawn = tuple(next(people) for _ in range(dice.choice(theme.people)))
    return PlannedCampaign(
        f"c{len(before)}",
        round(dice.uniform(0, 2), 3),
        before[-1].people if before and dice.random() < theme.shares else drawn,
        dice.choice(("normal", "normal", "urgent", "background")),
        wishes,
        import_twice=dice.random() < theme.import_twice,
    )


def _events(dice: random.Random, thrown: Thrown, workers: int, campaigns: list[PlannedCampaign]) -> Iterator[Event]:
    machines = [f"worker-{number}" for number in range(workers)]
    campaign = dice.choice(campaigns)
    stricken = {
        "worker": machines,
        "api": ["api"],
        "machine": [*machines, "api"],
        "campaign": [one.name for one in campaigns],
        # Whoever stands last in the list is likely not dialed yet.
        "person": [
            campaign.people[-1].number,
            campaign.people[-1].number,
            campaign.people[len(campaign.people) // 2].number,
        ],
    }.get(thrown.at, [""])
    for _ in range(dice.choice(thrown.times)):
        what, whom = dice.choice(thrown.what), dice.choice(stricken)
        yield Event(
            round(dice.uniform(*thrown.between), 3),
            what,
            whom,
            dice.choice(thrown.lasts_s),
            dice.choice(thrown.amounts),
        )
