"""Which redial policies make sense, and what follows from one: what a campaign may say about dialing somebody again.

The policy itself is applied by `settle` in `lua/parts/call.lua`, in the step that ends an attempt. Here it is refused,
with the reason and the field's name, before a campaign is stored; and `after` says the same as `settle` beforehand, for
forecasts. A test on Redis holds the two together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from dialer.dispositions import NEXT_NUMBER, REDIALABLE, Disposition
from dialer.errors import InvalidInput
from dialer.model import Redial

HOUR_MS = 3_600_000
_HOURS_APART = 3


def check_policy(
    policy: Mapping[Disposition, Redial], success: Collection[Disposition], *, escalates: bool = False
) -> None:
    """Raise InvalidInput where a redial contradicts the campaign or itself.

    Args:
        policy: the redials by disposition.
        success: the dispositions that count as success in this campaign.
        escalates: whether it has an escalation to begin.
    """
    for disposition, redial in policy.items():
        if redial.then == "escalate" and not escalates:
            message = "there is nothing to begin: give the campaign an `escalation`"
            raise InvalidInput(message, field=f"redial.{disposition}.then")
        _check(disposition, redial, is_success=disposition in success)


def _check(disposition: Disposition, redial: Redial, *, is_success: bool) -> None:
    field = f"redial.{disposition}"
    if is_success:
        message = f"{disposition} counts as success here, and whoever was reached is not dialed again"
        if disposition is Disposition.ANSWERED:
            message += "; ask for a confirmation (confirm_key), or leave it out of `success`"
        raise InvalidInput(message, field=field)
    if disposition is Disposition.INVALID_NUMBER and redial.times:
        raise InvalidInput("a number that does not exist is not dialed again: must be 0", field=f"{field}.times")
    if disposition is Disposition.ANSWERED and redial.then == "suppress":
        message = "whoever picked up is suppressed at their own wish only: offer an opt_out_key"
        raise InvalidInput(message, field=f"{field}.then")
    if redial.most_after_ms < redial.after_ms:
        raise InvalidInput("must not be shorter than after_s", field=f"{field}.most_after_s")


class Tried(NamedTuple):
    """All of a call's past on which its redials depend.

    Attributes:
        tries: how many attempts were begun.
        counts: how many of them ended so, in the order of REDIALABLE.
        numbers: how many numbers its person has.
        place: which of them is dialed next, 1 for the first.
        spent: bits of those that are not dialed any more.
        hours: bits of the hours (UTC) of those tries that are to be followed by one at another hour.
    """

    tries: int = 0
    counts: tuple[int, ...] = (0,) * len(REDIALABLE)
    numbers: int = 1
    place: int = 1
    spent: int = 0
    hours: int = 0

    @classmethod
    def from_dict(cls, told: Mapping[str, int], numbers: int = 1) -> Tried:
        """From a call's tries as they are stored."""
        counts = tuple(told.get(disposition, 0) for disposition in REDIALABLE)
        places = (told.get("place", 1), told.get("spent", 0))
        return cls(told.get("n", 0), counts, numbers, *places, told.get("hours", 0))

    def begun(self) -> Tried:
        """With one attempt more under way."""
        return self._replace(tries=self.tries + 1)

    def next_place(self) -> int | None:
        """The place of the next number that is dialed, round robin, the present one last."""
        in_turn = ((self.place + step) % self.numbers + 1 for step in range(self.numbers))
        return next((place for place in in_turn if not self.spent >> (place - 1) & 1), None)


def after(
    tried: Tried, disposition: Disposition, redials: Mapping[Disposition, Redial], max_tries: int | None = None
) -> tuple[Tried, int | None]:
    """What follows an attempt that ended so: the call's past by then, and the wait (ms) for the next try.

    None for no further try. Whether a number is suppressed is not regarded, nor the hour (`at_another_hour`).
    """
    if disposition not in REDIALABLE:
        return tried, None
    policy = redials.get(disposition)
    counted, count = _counted(tried, disposition)
    used_up = policy is None or count > policy.times
    follows = not used_up
    if counted.numbers > 1 and moves_on(policy, disposition):
        if used_up:
            counted = counted._replace(spent=counted.spent | 1 << (counted.place - 1))
        following = counted.next_place()
        counted = counted._replace(place=following or counted.place)
        follows = follows or following is not None
    if not follows or (max_tries is not None and counted.tries >= max_tries):
        return counted, None
    return counted, 0 if policy is None or used_up else wait_ms(policy, count)


def _counted(tried: Tried, disposition: Disposition) -> tuple[Tried, int]:
    at = REDIALABLE.index(disposition)
    count = tried.counts[at] + 1
    return tried._replace(counts=(*tried.counts[:at], count, *tried.counts[at + 1 :])), count


def moves_on(policy: Redial | None, disposition: Disposition) -> bool:
    """Whether the person's next number is dialed next."""
    return policy.next_number if policy else disposition in NEXT_NUMBER


def wait_ms(policy: Redial, redial: int) -> int:
    """The wait before a redial, the first being 1."""
    wait = policy.after_ms
    for _ in range(redial - 1):
        if wait >= policy.most_after_ms:
            break
        wait = wait * policy.growth_pct // 100
    return min(wait, policy.most_after_ms)


def asks_another_hour(tried: Tried, disposition: Disposition, redials: Mapping[Disposition, Redial]) -> bool:
    """Whether the try after one that ended so is to be at another hour of the day."""
    policy = redials.get(disposition)
    return policy is not None and policy.other_hour and _counted(tried, disposition)[1] <= policy.times


def at_another_hour(due_ms: float, tried_at_ms: float, hours: int) -> tuple[float, int]:
    """The moment from then on that lies three hours or more from all tries, that moment where there is none.

    With it come the bits of those hours, with that of the try that just ended (`Tried.hours`).
    """
    hours |= 1 << int(tried_at_ms // HOUR_MS) % 24
    first = int(due_ms // HOUR_MS)
    near = range(-_HOURS_APART + 1, _HOURS_APART)
    for more in range(24):
        if not any(hours >> (first + more + away) % 24 & 1 for away in near):
            return (due_ms if more == 0 else (first + more) * HOUR_MS), hours
    return due_ms, hours
