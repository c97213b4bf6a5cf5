"""When numbers were dialed, by whichever campaign, and what caps make of it, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from dialer import keys
from dialer.holding import PLACING_MS, Held
from dialer.model import Caps

HOUR_MS = 3_600_000
LOOK_MS = 10_000


class ExpectedNumbers:
    """All numbers. Moments are in ms."""

    def __init__(self) -> None:
        self._dialed: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._last: dict[tuple[int, str], str] = {}

    def note(self, number: str, call_id: str, now: int, others: Iterable[str]) -> None:
        """This call dials the number now, and leaves the other ones of its person."""
        self._dialed[number].append((now, call_id))
        today = now // keys.DAY_MS
        for left in [(day, other) for other in others for day in (today, today - 1)]:
            if self._last.get(left) == call_id:
                del self._last[left]
        self._last[today, number] = call_id

    def forget(self, number: str, call_id: str, at: int, *, is_doubtful: bool) -> None:
        """No phone rang after all; a try before may be up yet."""
        self._dialed[number].remove((at, call_id))
        day = at // keys.DAY_MS
        is_last = self._last.get((day, number)) == call_id and not is_doubtful
        if is_last or all(moment // keys.DAY_MS != day for moment, _ in self._dialed[number]):
            self._last.pop((day, number), None)

    def held(
        self, number: str, call_id: str, caps: Caps, now: int, is_up: Callable[[str], bool]
    ) -> tuple[int, Held] | None:
        """Until when the number must not be dialed, and by which rule, the one that holds longest."""
        moments = [at for at, _ in sorted(self._dialed[number], reverse=True)]
        rules = [
            (1, caps.spacing_ms, Held.SPACING),
            (caps.day, 24 * HOUR_MS, Held.DAY_CAP),
            (caps.week, 7 * 24 * HOUR_MS, Held.WEEK_CAP),
        ]
        ends = [(moments[count - 1] + span, why) for count, span, why in rules if count and len(moments) >= count]
        # Of two that end together the first is told.
        until, why = max(ends, key=lambda end: end[0], default=(0, Held.SPACING))
        today = now // keys.DAY_MS
        others = {self._last.get((day, number), call_id) for day in (today, today - 1)} - {call_id}
        up = any(map(is_up, others))
        if until > now:
            # Its request may be sent back yet, and then it does not count.
            known_at = moments[0] + PLACING_MS
            return (known_at, Held.NUMBER_UP) if up and now < known_at < until else (until, why)
        return (now + LOOK_MS, Held.NUMBER_UP) if up else None

    def moments(self) -> dict[str, dict[str, list[str]]]:
        """As they are stored: by key and number the moments of that day."""
        stored: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for number, dialed in self._dialed.items():
            for at, _ in sorted(dialed):
                key = keys.dialed(number, at)[0].removeprefix(keys.TAG)
                stored[key][number].append(str(at % keys.DAY_MS))
        return {key: dict(numbers) for key, numbers in stored.items()}
