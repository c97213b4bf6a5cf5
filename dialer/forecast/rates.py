"""How attempts end, how long they take and what they cost: what a forecast assumes, and how sure that is.

Three sources, each before the next: what the request says, what was seen of attempts that ended, our own defaults.
Seen figures are mixed with the defaults as if PRIOR attempts had been seen to go as those say, so that ten calls do not
count for more than ten calls do.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from dialer.dispositions import Disposition

PRIOR = 10
"""The defaults are worth as much as so many attempts that were seen."""
DEFAULT_SHARES: Mapping[Disposition, float] = {
    Disposition.ANSWERED: 0.60,
    Disposition.BUSY: 0.10,
    Disposition.NO_ANSWER: 0.22,
    Disposition.REJECTED: 0.04,
    Disposition.INVALID_NUMBER: 0.02,
    Disposition.FAILED: 0.02,
}
"""About what a list of private numbers gives in the daytime: a guess, to be replaced by what is seen."""
DEFAULT_MACHINE = 0.12
"""Part of all attempts that a machine answers, where machines are told apart; taken from `answered`."""
DEFAULT_CONFIRMED = 0.80
"""Part of those who pick up who press the key that confirms, where there is one; a guess."""
DEFAULT_RING_S = 10.0
"""Seconds until somebody picks up, the setting up of the call included."""
CHARACTERS_PER_SECOND = 15.0
"""Of speech: a brisk voice."""
_SETUP_S = 2.0
_RINGS = frozenset({Disposition.ANSWERED, Disposition.CONFIRMED, Disposition.OPTED_OUT, Disposition.MACHINE})
"""After these somebody or something had picked up: they are talked for, and cost."""
_TALK_SPREAD = 0.6
"""Standard deviation of the talk time, in parts of its mean."""
CERTAINTY = 1.645
"""Standard deviations to each side within which nine of ten runs end."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Sums over attempts that ended.

    Attributes:
        counts: how many ended so.
        lasted_s, timed: from placing to the end, in sum, and of how many that is known.
        talked_s, talks: in sum, and of how many that is known.
        price, priced_s: in sum, and for how many seconds.
        source: where they were seen, in words.
    """

    counts: Mapping[Disposition, int] = field(default_factory=dict)
    lasted_s: Mapping[Disposition, float] = field(default_factory=dict)
    timed: Mapping[Disposition, int] = field(default_factory=dict)
    talked_s: float = 0.0
    talks: int = 0
    price: float = 0.0
    priced_s: float = 0.0
    source: str = ""

    @property
    def attempts(self) -> int:
        """How many ended."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a forecast assumes of one campaign.

    Attributes:
        shares: parts of all attempts by how they end, 1 in sum.
        lasts_s: from placing to the end.
        talk_s: mean of those who picked up.
        evidence: how many attempts this is worth; infinite for what was given.
        price_per_minute: euro; None where no price is known.
        sources: where each of it comes from, in words.
    """

    shares: Mapping[Disposition, float]
    lasts_s: Mapping[Disposition, float]
    talk_s: float
    evidence: float = PRIOR
    price_per_minute: float | None = None
    sources: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def default(cls, *, talk_s: float, ringing_timer_s: float, asks: bool = False, detects: bool = False) -> Rates:
        """Of a campaign of which nothing was seen yet.

        Args:
            talk_s: how long its text takes.
            ringing_timer_s: how long a phone may ring.
            asks: whether a key confirms.
            detects: whether machines are told apart.
        """
        shares = dict(DEFAULT_SHARES)
        if detects:
            _shift(shares, Disposition.MACHINE, DEFAULT_MACHINE)
        if asks:
            _shift(shares, Disposition.CONFIRMED, shares[Disposition.ANSWERED] * DEFAULT_CONFIRMED)
        words = "our own defaults, nothing was seen yet"
        sources = {"shares": words, "ring_s": words, "talk_s": "the length of the text"}
        return cls(
            shares=shares, lasts_s=_lasts(DEFAULT_RING_S, talk_s, ringing_timer_s), talk_s=talk_s, sources=sources
        )

    def learned(self, seen: Seen) -> Rates:
        """Mixed with what was seen."""
        total, sources = seen.attempts, dict(self.sources)
        if not total:
            return self
        known = {*self.shares, *seen.counts}
        shares = {d: (seen.counts.get(d, 0) + PRIOR * self.shares.get(d, 0)) / (total + PRIOR) for d in known}
        lasts = {d: self._lasted(seen, d) for d in Disposition}
        talk_s = (seen.talked_s + PRIOR * self.talk_s) / (seen.talks + PRIOR)
        price = seen.price / seen.priced_s * 60 if seen.priced_s else None
        sources |= {"shares": seen.source, "ring_s": seen.source} | ({"talk_s": seen.source} if seen.talks else {})
        sources |= {"price_per_minute": seen.source} if price is not None else {}
        return replace(
            self, shares=shares, lasts_s=lasts, talk_s=talk_s, evidence=total + PRIOR, price_per_minute=price,
            sources=sources,
        )  # fmt: skip

    def _lasted(self, seen: Seen, disposition: Disposition) -> float:
        count = seen.timed.get(disposition, 0)
        return (seen.lasted_s.get(disposition, 0.0) + self.lasts_s[disposition]) / (count + 1)

    def given(
        self,
        shares: Mapping[Disposition, float],
        *,
        ring_s: float | None = None,
        talk_s: float | None = None,
        price_per_minute: float | None = None,
    ) -> Rates:
        """With what the request says in the place of what is known; the other shares keep their proportions."""
        sources, told = dict(self.sources), "given with the request"
        figures = {"ring_s": ring_s, "talk_s": talk_s, "price_per_minute": price_per_minute}
        sources |= {name: told for name, value in figures.items() if value is not None}
        sources |= {"shares": told} if shares else {}
        talk = self.talk_s if talk_s is None else talk_s
        ring = self.ring_s if ring_s is None else ring_s
        lasts = dict(self.lasts_s)
        if talk_s is not None or ring_s is not None:
            lasts |= dict.fromkeys(_RINGS, ring + talk)
        return replace(
            self,
            shares=_with(self.shares, shares) if shares else self.shares,
            lasts_s=lasts,
            talk_s=talk,
            evidence=math.inf if shares else self.evidence,
            price_per_minute=self.price_per_minute if price_per_minute is None else price_per_minute,
            sources=sources,
        )

    @property
    def ring_s(self) -> float:
        """Until somebody picks up."""
        return max(0.0, self.lasts_s[Disposition.ANSWERED] - self.talk_s)

    @property
    def picked_up(self) -> float:
        """Part of all attempts that somebody or something answers."""
        return sum(self.shares.get(d, 0.0) for d in _RINGS)

    def euros(self, disposition: Disposition) -> float:
        """What an attempt that ends so costs, as far as prices are known."""
        return (self.price_per_minute or 0.0) / 60 * self.talk_s if disposition in _RINGS else 0.0

    @property
    def mean_s(self) -> float:
        """How long an attempt takes."""
        return sum(share * self.lasts_s[d] for d, share in self.shares.items())

    def leaning(self, side: int, redialed: Collection[Disposition], people: float) -> Rates:
        """The edge of what is likely: with fewer redials (-1), with more (1), or as expected (0).

        The binomial argument: of so many people, seen so often, the part that is redialed lies within CERTAINTY
        standard deviations of its mean, and the mean itself is known as well as its evidence allows.
        """
        part = sum(self.shares.get(d, 0.0) for d in redialed)
        edge = part + side * spread(part, people, self.evidence)
        talk_s = self.talk_s * max(0.1, 1 + side * CERTAINTY * _TALK_SPREAD / math.sqrt(max(1, self.evidence)))
        lasts = {**self.lasts_s, **dict.fromkeys(_RINGS, self.ring_s + talk_s)}
        if 0 < part < 1:
            edge = min(max(edge, 0.0), 0.999)
            factors = {True: edge / part, False: (1 - edge) / (1 - part)}
            shares = {d: share * factors[d in redialed] for d, share in self.shares.items()}
        else:
            shares = dict(self.shares)
        return replace(self, shares=shares, lasts_s=lasts, talk_s=talk_s)


def spread(part: float, count: float, evidence: float) -> float:
    """How far the part of `count` that come out so may lie from its mean, in nine of ten runs."""
    return CERTAINTY * math.sqrt(max(0.0, part * (1 - part)) * (1 / max(count, 1.0) + 1 / evidence))


def _lasts(ring_s: float, talk_s: float, ringing_timer_s: float) -> dict[Disposition, float]:
    told = dict.fromkeys(Disposition, _SETUP_S) | dict.fromkeys(_RINGS, ring_s + talk_s)
    return told | {
        Disposition.BUSY: _SETUP_S,
        Disposition.NO_ANSWER: _SETUP_S + ringing_timer_s,
        Disposition.REJECTED: ring_s,
    }


def _shift(shares: dict[Disposition, float], to: Disposition, part: float) -> None:
    shares[to] = part
    shares[Disposition.ANSWERED] -= part


def _with(known: Mapping[Disposition, float], given: Mapping[Disposition, float]) -> dict[Disposition, float]:
    """The given shares as they are, the others in what is left."""
    rest = {d: share for d, share in known.items() if d not in given and share > 0}
    left, before = max(0.0, 1 - sum(given.values())), sum(rest.values())
    if not before:
        # Nothing else was known to happen: what is left goes to those given.
        whole = sum(given.values()) or 1
        return {d: share / whole for d, share in given.items()}
    return {**{d: share * left / before for d, share in rest.items()}, **given}
