"""What requests tell of the pace, gathered over one turn of the event loop: a hundred at once cost one script.

What is told here is told beside the work, by nobody who waits. One that is lost, with Redis or with this process, lets
the pace settle a little later, as `pacing.py` and `delay_tokens.lua` say.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable
from typing import Any

import structlog

from dialer import pacing
from dialer.dialing import Dialing
from dialer.dials import Claim
from dialer.runtime import Runtime

log = structlog.get_logger()


class Reports:
    """The way of one worker to the budgets of its trunks."""

    def __init__(self, runtime: Runtime, dialing: Dialing) -> None:
        self._runtime = runtime
        self._dialing = dialing
        self._accepted: Counter[str] = Counter()
        self._late: defaultdict[str, list[Claim]] = defaultdict(list)

    def accepted(self, trunk: str) -> None:
        """The carrier took a call. Told before the call's own record, it goes out with that."""
        self._begin()
        self._accepted[trunk] += 1

    def late(self, claim: Claim) -> None:
        """A request leaves now, after its token's moment.

        Told beside the request, not before it: the token one second on is given 400 ms from now at the earliest.
        """
        self._begin()
        self._late[claim.trunk].append(claim)

    def _begin(self) -> None:
        if not (self._accepted or self._late):
            asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        accepted, self._accepted = self._accepted, Counter()
        late, self._late = self._late, defaultdict(list)
        for trunk, count in accepted.items():
            _let_go(pacing.accept(self._runtime.batch, self._runtime.clock, count, trunk=trunk))
        for claims in late.values():
            _let_go(self._dialing.delay_tokens(claims))


def _let_go(telling: Awaitable[Any]) -> None:
    asyncio.ensure_future(telling).add_done_callback(_told)


def _told(telling: asyncio.Future[Any]) -> None:
    if not telling.cancelled() and (error := telling.exception()):
        log.warning("budget.not_told", reason=str(error))
