"""The state of everything at a glance: what the metrics page shows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dialer import keys
from dialer.callbacks.messages import Message
from dialer.model import MAIN, Priority, Tripped
from dialer.pacing import Budget
from dialer.states import CallState, CampaignState
from dialer.store.campaigns import CampaignStore


@dataclass(frozen=True, slots=True)
class TrunkNow:
    """A trunk at one moment.

    Attributes:
        gate_ms: for how long nothing goes out by it yet, after a refusal; 0 for open.
        up: how many of its slots are held; None where they are not counted.
        tripped: how its breaker stands while it is open.
    """

    budget: Budget
    gate_ms: int
    up: int | None
    tripped: Tripped | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """All open campaigns in sum.

    Attributes:
        calls: how many calls of open campaigns stand in each state other than done, by priority.
        campaigns: how many open campaigns are in each state.
        oldest_due_ms: for how long the call that is due longest has been waiting, by priority; 0 for none.
        workers: how many were heard from lately.
        trunks: how each trunk is.
        untold_ms: age of the oldest callback to a customer's system that still waits; 0 for none.
        dead_callbacks: how many of them were given up.
        unfetched_ms: age of the oldest recording that is not fetched yet; 0 for none.
    """

    calls: dict[tuple[CallState, Priority], int]
    campaigns: dict[CampaignState, int]
    oldest_due_ms: dict[Priority, int]
    workers: int
    trunks: dict[str, TrunkNow]
    unfetched_ms: int
    untold_ms: int
    dead_callbacks: int


class OverviewStore(CampaignStore):
    """Sums over all open campaigns; costs grow with their number, not with that of their calls."""

    async def trunks(self, names: Sequence[str]) -> dict[str, TrunkNow]:
        """How these trunks are now."""
        found = await asyncio.gather(*map(self._trunk, names))
        return dict(zip(names, found, strict=True))

    async def _trunk(self, name: str) -> TrunkNow:
        fields, held = await asyncio.gather(
            self._fields(keys.trunk(name)), self._batch.run("count_up", [keys.trunk_up(name), keys.LEASES], [])
        )
        budget = Budget.from_fields(fields)
        counted = "counted" in fields
        gate_ms = max(0, budget.gate_ms - self._now_ms())
        tripped = Tripped.read(fields.get("tripped_until"), fields.get("tripped_why"))
        return TrunkNow(budget, gate_ms, int(held) if counted else None, tripped)

    async def overview(self, trunks: Sequence[str] = (MAIN,)) -> Overview:
        """Read all sums."""
        ids, workers, lines, unfetched, untold, dead = await asyncio.gather(
            self._batch.command("SMEMBERS", keys.OPEN),
            self._batch.command("ZCARD", keys.WORKERS),
            self.trunks(trunks),
            self._batch.command("ZRANGE", keys.RECORDINGS_UNFETCHED, 0, 0, "WITHSCORES"),
            self._untold_since(),
            self._batch.command("ZCARD", keys.CALLBACKS_DEAD),
        )
        opened = list(ids)
        seen = await asyncio.gather(*(self._seen(campaign_id) for campaign_id in opened))
        calls: Counter[tuple[CallState, Priority]] = Counter()
        oldest: dict[Priority, int] = dict.fromkeys(Priority, 0)
        now = self._now_ms()
        for state, priority, sizes, due in seen:
            calls.update({(in_state, priority): size for in_state, size in sizes.items()})
            if due and state is CampaignState.RUNNING:
                oldest[priority] = max(oldest[priority], now - due)
        states = Counter(state for state, *_ in seen)
        return Overview(
            calls=dict(calls),
            campaigns=dict(states),
            oldest_due_ms=oldest,
            workers=workers,
            trunks=lines,
            unfetched_ms=max(0, now - int(float(unfetched[1]))) if unfetched else 0,
            untold_ms=max(0, now - untold) if untold else 0,
            dead_callbacks=dead,
        )

    async def _untold_since(self) -> int:
        """Since when (ms) the oldest callback waits, sorted by receiver or not yet; 0 for none."""
        sorted_, line = await asyncio.gather(
            self._batch.command("ZRANGE", keys.CALLBACKS_PENDING, 0, 0, "WITHSCORES"),
            self._batch.command("LINDEX", keys.CALLBACKS_TOLD, 0),
        )
        moments = [float(sorted_[1])] if sorted_ else []
        moments += [Message.read(line).at_ms] if line else []
        return int(min(moments, default=0))

    async def _seen(self, campaign_id: str) -> tuple[CampaignState, Priority, dict[CallState, int], int]:
        (state, priority, timed), sizes, first, sleeps_until = await asyncio.gather(
            self._batch.command("HMGET", keys.campaign(campaign_id), "state", "priority", "timed"),
            self._batch.run("count_calls", [keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT], []),
            self._batch.command("ZRANGE", keys.calls_in(campaign_id, CallState.WAITING), 0, 0, "WITHSCORES"),
            self._batch.command("ZSCORE", keys.SLEEPING, campaign_id),
        )
        due = int(float(first[1])) if first else 0
        if timed and sleeps_until:  # closed: nobody waits for us
            due = max(due, int(float(sleeps_until)))
        return CampaignState(state), Priority(priority), dict(zip(keys.IN_FLIGHT, sizes, strict=True)), due
