"""Part `failover`: what follows when the primary dies with changes that no replica has: who rings twice, who is held.

The replicas hang for a second and a half of a campaign at 30 a second; then all die, and a replica takes over with what
it has. Beside each other: replicas that need not confirm, a primary that must have one (`min-replicas-to-write 1`: it
has, they are connected), and one replica that must confirm.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from dialer.simulator import SimulatorConfig
from tests.bench.size import Figures, Report, Row, Size, rounded, say
from tests.fakes.redis_group import open_group
from tests.fakes.waiting import until
from tests.fakes.world import open_world

_CALLS, _PER_S, _CUT_S = 150, 30, 1.5
_WAYS = {"unconfirmed": ("0", 0), "min_replicas_1": ("1", 0), "confirmed_by_1": ("1", 1)}
"""`min-replicas-to-write`, and how many must confirm."""
_CARRIER = SimulatorConfig(time_scale=0.2, calls_per_second=_PER_S, ring_s=0.8, latency_ms=50, latency_where="after")
_SETTINGS = {
    "CALLS_PER_SECOND": str(_PER_S),
    "CARRIER_TIMEOUT_S": "1",
    "UNKNOWN_HOLD_S": "5",
    "RINGING_TIMER_S": "2",
    "LENGTH_TIMER_S": "2",
}


async def measure(_size: Size) -> Report:
    """Each way by itself."""
    found = {name: await _failed_over(name, *way) for name, way in _WAYS.items()}
    rows = [
        Row(
            f"failover, {name}: phones that rang twice",
            str(one["rang_twice"]),
            f"placed while cut off {one['placed_cut_off']}; calls again after {one['calls_again_s'] or '(held)'} s",
        )
        for name, one in found.items()
    ]
    return Report(dict(found), rows)


async def _failed_over(name: str, least: str, confirming: int) -> Figures:
    say(f"a failover, {name} ...")
    async with open_group(replicas=2, sentinels=3, min_replicas_to_write=least) as group:
        settings = _SETTINGS | {"REDIS_URL": group.url, "REDIS_REPLICAS_ACKNOWLEDGED": str(confirming)}
        async with open_world(_CARRIER, workers=2, settings=settings) as world:
            run = await world.dial(world.people(_CALLS))
            await world.until_placings(_CALLS // 3)
            primary, *replicas = group.servers
            for replica in replicas:
                replica.freeze()
            placed = world.carrier.journal.placings
            await asyncio.sleep(_CUT_S)
            cut_off = world.carrier.journal.placings - placed
            await primary.kill()
            killed = time.monotonic()
            await asyncio.gather(*(replica.restart() for replica in replicas))
            placed = world.carrier.journal.placings
            again_s = None
            with suppress(AssertionError, TimeoutError):  # on the data of a replica that lacks attempts workers hold
                await until(lambda: world.carrier.journal.placings > placed + 1, within_s=40)
                again_s = rounded(time.monotonic() - killed)
                # Calls whose attempts are gone with the primary may be asked after for long.
                await run.until_done(within_s=40)
            twice = sum(world.carrier.rings(call["number"]) > 1 for call in await run.calls())
            return {"rang_twice": twice, "placed_cut_off": cut_off, "calls_again_s": again_s}
