"""What every part of a random walk shares: the engine, the model beside it, the dice, and what was seen so far."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

from dialer.dialing import Pace
from dialer.dials import Dial
from dialer.leases import Lapsed
from dialer.model import AttemptRef, Breaker, Call
from tests.fakes.engine import Engine
from tests.fakes.expected import Expected
from tests.fakes.expected_shares import ExpectedShares

T = TypeVar("T")


class Ground:
    """A walk that goes nowhere yet; its seed makes it the same again."""

    def __init__(self, engine: Engine, seed: int, paces: Mapping[str, Pace]) -> None:
        self.engine, self.random, self.paces = engine, Random(seed), paces  # noqa: S311 - guards nothing
        shares = {trunk: ExpectedShares(pace.prefix_shares) for trunk, pace in paces.items()}
        self.expected, self.start_ms = Expected(shares), engine.now_ms
        for trunk, pace in paces.items():
            failures, of, wait_ms = map(int, pace.breaker.split()[:3] or (1000, 1000, 0))
            self.expected.trunks[trunk].breaker.policy = Breaker(failures=failures, of=of, wait_ms=wait_ms)
        self.lists: dict[str, set[str]] = {"vip": set(), "staff": set()}
        self.dials: list[Dial] = []
        self.begun: list[tuple[Dial, str]] = []
        self.adopted: list[AttemptRef] = []
        self.seen: list[Lapsed] = []
        self.looked: list[Call] = []
        self.under_way: dict[AttemptRef, str] = {}
        self.left_us: dict[str, list[int]] = {trunk: [] for trunk in paces}
        self.left_by: dict[AttemptRef, str] = {}
        self.latest_ms = engine.now_ms
        """The fleet's clock has been here: whoever comes next may be some milliseconds behind."""

    def any_of(self, choices: list[T]) -> list[T]:
        """One of these, mostly one of the latest; none if there are none."""
        if not choices:
            return []
        return [choices[-1 - min(int(self.random.expovariate(0.3)), len(choices) - 1)]]
