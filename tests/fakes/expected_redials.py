"""The numbers of one person once more, in plain Python: a part of `expected.py`."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field


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
