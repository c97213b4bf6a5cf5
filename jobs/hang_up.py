"""Hang up: ends the calls that `Store.hang_up_all` and `Store.end_escalation` wrote down, as fast as requests may go.

It runs beside the hopper in every worker, all alike, so that the whole fleet's share is used; each takes calls under
a lease. For one call: written down as hung up, then the request, then off the list. A crash at any point repeats what
was done, and ending a call that is over is no error. A call whose id the carrier has not told yet is looked at again
until it has one or has ended.
"""

from __future__ import annotations

import asyncio

import structlog

from dialer.clock import to_ms
from dialer.dispositions import REACHED
from dialer.errors import CarrierError, NotFound, StoreUnavailable
from dialer.hang_ups import HangUps, ToHangUp
from dialer.model import Attempt
from dialer.states import UP
from dialer.steering import CallControl
from jobs.context import Context
from jobs.taking import taken

log = structlog.get_logger()

LOOK_S = 0.25
"""So long after the asking it begins, at the latest: what rings although somebody has confirmed stops at once."""
AT_ONCE = 12
"""Enough to use any share while some wait out the first seconds of their call; few enough for all to have their turn
within the lease where the share is one a second, and to leave other workers theirs."""
_NO_ID_MS = 1_000
_REFUSED_MS = 5_000
_CLOCKS_DIFFER_MS = 1_000
"""No call can be placed again so soon after a hang-up paused its campaign; two processes' clocks differ by less."""


class HangUpRounds:
    """Drains the list of calls to be hung up."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._list = HangUps(context.runtime.batch, context.runtime.clock)
        runtime = context.runtime
        self._control = CallControl(runtime.store, context.carrier, runtime.clock, runtime.tracing)

    async def run(self) -> None:
        """Look for calls to hang up until this worker stops; those in hand are left to their leases then."""
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while not self._context.stopping.is_set():
                for one in await self._taken(AT_ONCE - len(under_way)):
                    under_way.add(group.create_task(self.end(one)))
                if under_way:
                    _, under_way = await asyncio.wait(under_way, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await asyncio.sleep(LOOK_S)

    async def _taken(self, room: int) -> list[ToHangUp]:
        async def take() -> list[ToHangUp]:
            return await self._list.take(room) if room > 0 else []

        return await taken(take, "hang_ups", again_s=LOOK_S)

    async def end(self, one: ToHangUp) -> None:
        """Hang up one call and take it off the list, or leave it there for a later round. Never raises for either."""
        try:
            attempt, is_up = await self._find(one)
            if not is_up or (attempt and one.unless_answered and _is_answered(attempt)):
                await self._list.done(one)
            elif attempt is None or not attempt.uuid:
                await self._list.later(one, _NO_ID_MS)
            else:
                await self._hang_up(one, attempt)
        except StoreUnavailable:
            log.warning("hang_up.left_to_lapse", call_id=str(one.call))
        except Exception:
            # One call that cannot be ended must not keep the others from it; its lease brings it back.
            log.exception("hang_up.failed", call_id=str(one.call))

    async def _hang_up(self, one: ToHangUp, attempt: Attempt) -> None:
        try:
            await self._control.hang_up(attempt)
        except CarrierError as error:
            log.warning("hang_up.not_done", call_id=str(one.call), reason=str(error))
            await self._list.later(one, _REFUSED_MS)
        else:
            await self._list.done(one)

    async def _find(self, one: ToHangUp) -> tuple[Attempt | None, bool]:
        """The attempt that is meant, and whether it is up or may be."""
        try:
            state, attempt = await self._control.newest(str(one.call))
        except NotFound:
            return None, False
        begun_ms = to_ms(attempt.placed_at) if attempt and attempt.placed_at else 0
        is_meant = begun_ms <= one.asked_ms + _CLOCKS_DIFFER_MS
        return attempt, state in UP and is_meant


def _is_answered(attempt: Attempt) -> bool:
    """Whether somebody or something has picked up; the word of that may come after the asking for what is said."""
    return bool(attempt.facts & REACHED) or any(event.kind == "answer_fetched" for event in attempt.events)
