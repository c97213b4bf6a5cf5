"""Fills a store from here, without API or workers: calls that wait, are up, or are over.

By the store's own ways, so that what lies in Redis afterwards is what a long day would have left there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from dialer.clock import now_ms
from dialer.dialing import Begun, Dialing, Follows, Pace
from dialer.dials import Claim, Dial
from dialer.runtime import Runtime
from dialer.store import Store
from tests.bench import people
from tests.bench.talking import told_of_a_call

_TOGETHER = 1_000
_CLAIMED_TOGETHER = 128
_NONCE = "bec4be4c4b3c4a40"
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
    async for _ in _placed(runtime, count):
        pass


async def talk(runtime: Runtime, count: int) -> None:
    """Place as many, and let each be talked to its end."""
    async for dials in _placed(runtime, count):
        await asyncio.gather(*(_talk(runtime.store, str(dial.attempt), now_ms(runtime.clock)) for dial in dials))


async def _talk(store: Store, attempt_id: str, placed_ms: int) -> None:
    for event in told_of_a_call(placed_ms):
        await store.apply_event(attempt_id, event)


async def _placed(runtime: Runtime, count: int) -> AsyncIterator[Sequence[Dial]]:
    dialing = Dialing(runtime.batch, runtime.clock, Pace(_RATE, _BURST), life=runtime.life)
    done = 0
    while done < count:
        claimed = await dialing.claim(min(_CLAIMED_TOGETHER, count - done))
        if not claimed.claims:
            await asyncio.sleep(_PAUSE_S)  # no token yet
        placed = await _place(dialing, runtime, claimed.claims)
        yield placed
        done += len(placed)


async def _place(dialing: Dialing, runtime: Runtime, claims: list[Claim]) -> Sequence[Dial]:
    lease_ms = runtime.limits.talking
    dials = await dialing.read(claims)
    begun = await asyncio.gather(*(dialing.begin(dial, _NONCE, lease_ms=lease_ms) for dial in dials))
    # Too late on a busy machine, a call is in the line again.
    if set(begun) - {Begun.BEGUN, Begun.TOO_LATE}:
        raise AssertionError(f"some attempts could not begin: {set(begun)}")
    dials = [dial for dial, how in zip(dials, begun, strict=True) if how is Begun.BEGUN]
    follows = Follows("live", "placed", deadline_ms=now_ms(runtime.clock) + lease_ms)
    await asyncio.gather(*(dialing.record(dial, _NONCE, follows) for dial in dials))
    return dials
