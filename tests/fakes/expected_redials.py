"""Redial policies and the numbers of one person once more, in plain Python: a part of `expected.py`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from dialer.dispositions import Disposition
from dialer.model import Redial


@dataclass(slots=True)
class ExpectedPerson:
    """Somebody's numbers, the one whose turn it is, and those that are not dialed any more."""

    numbers: tuple[str, ...] = ("",)
    number: str = ""
    spent: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.number = self.number or self.numbers[0]

    def number_after(self, number: str, barred: AbstractSet[str]) -> str | None:
        """Whom to dial after this number, in turn; the number itself if there is no other, None if there is none."""
        at = self.numbers.index(number)
        in_turn = (*self.numbers[at + 1 :], *self.numbers[: at + 1])
        return next((one for one in in_turn if one not in self.spent | barred), None)

    def turn(self, number: str, barred: AbstractSet[str], *, is_spent: bool) -> bool:
        """Go on to the next number; returns whether there is one to be dialed."""
        if is_spent:
            self.spent.add(number)
        following = self.number_after(number, barred)
        self.number = following or number
        return following is not None


def moves_on(policy: Redial | None, disposition: Disposition) -> bool:
    """Whether the person's next number is dialed next."""
    at_once = {Disposition.INVALID_NUMBER, Disposition.FAILED}
    return policy.next_number if policy else disposition in at_once


def wait_ms(policy: Redial, redial: int) -> int:
    """The wait before a redial, the first being 1."""
    wait = policy.after_ms
    for _ in range(redial - 1):
        wait = wait * policy.growth_pct // 100
    return min(wait, policy.most_after_ms)
