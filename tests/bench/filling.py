"""Fills a store from here, without API or workers: calls that wait, and attempts that are up.

By the store's own ways, so that what lies in Redis afterwards is what a long day would have left there.
"""

from __future__ import annotations

import asyncio

from dialer.clock import now_ms
from dialer.dialing import Begun, Dialing, Follows, Pace
from dialer.dials import Claim
from dialer.runtime import Runtime
from dialer.store import Store
from tests.bench import people

_TOGETHER = 1_000
_CLAIMED_TOGETHER = 128
_NONCE = "benchmark"
_RATE, _BURST = 10_000, 1_000
_PAUSE_S = 0.02


async def add_waiting(store: Store, campaign_id: str, *, first: int, count: int) -> None:
    """Add calls to a campaign, due now."""
    for start in range(first, first + count, _TOGETHER):
        batch = people.calls(start, min(_TOGETHER, first + count - start))
        await store.add_calls(campaign_id, batch, import_id="benchmark")
    await store.end_import(campaign_id, "benchmark")


async def ring(runtime: Runtime, count: int) -> None:
    """Take calls out of the running campaigns and place them, as far as the store knows: as many live attempts."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(_RATE, _BURST))
    done = 0
    while done < count:
        claimed = await dialing.claim(min(_CLAIMED_TOGETHER, count - done))
        if not claimed.claims:
            await asyncio.sleep(_PAUSE_S)  # no token yet
        await _place(dialing, runtime, claimed.claims)
        done += len(claimed.claims)


async def _place(dialing: Dialing, runtime: Runtime, claims: list[Claim]) -> None:
    lease_ms = runtime.limits.talking
    dials = await dialing.read(claims)
    begun = await asyncio.gather(*(dialing.begin(dial, _NONCE, lease_ms=lease_ms) for dial in dials))
    if set(begun) - {Begun.BEGUN}:
        raise AssertionError(f"some attempts could not begin: {begun}")
    follows = Follows("live", "placed", deadline_ms=now_ms(runtime.clock) + lease_ms)
    await asyncio.gather(*(dialing.record(dial, _NONCE, follows) for dial in dials))
