"""Limits on how often something comes under one name: a leaky bucket for each of those that came last.

Counted in each process, by a library. One count for all processes would have to stand in Redis, and would cost a synced
write for each request, be it only a look: on the machine that dials.
"""

from __future__ import annotations

from collections import OrderedDict

from aiolimiter import AsyncLimiter


class Limits:
    """So much at once for each name, and so much a second after that.

    Args:
        at_once: how much a bucket holds.
        a_second: how fast it leaks.
        most: buckets that are kept; of more names the one that was silent longest begins anew.
    """

    def __init__(self, *, at_once: float, a_second: float, most: int) -> None:
        self._at_once, self._period_s, self._most = at_once, at_once / a_second, most
        self._buckets: OrderedDict[str, AsyncLimiter] = OrderedDict()

    def has_room(self, name: str) -> bool:
        """Whether one more may come under that name now."""
        bucket = self._buckets.get(name)
        return bucket is None or bucket.has_capacity()

    async def take(self, name: str) -> bool:
        """Count one more; False, and nothing counted, where there is no room."""
        bucket = self._buckets.setdefault(name, AsyncLimiter(self._at_once, self._period_s))
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not bucket.has_capacity():
            return False
        await bucket.acquire()  # at once: there is room
        return True
