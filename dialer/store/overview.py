"""The state of everything at a glance: what the metrics page shows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from dialer import keys
from dialer.callbacks.messages import Message
from dialer.holding import SPAN, Held
from dialer.model import MAIN, Priority, Tripped
from dialer.pacing import Budget
from dialer.queue import QUEUE_NAME
from dialer.states import CallState, CampaignState
from dialer.store.campaigns import CampaignStore
from dialer.store.server import Server, read_server

_AT_ONCE = 50
"""Campaigns in one script: Redis serves others between two of them, and 256 of them go out in one round trip."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All open campaigns in sum, and the fleet.

    Attributes:
        calls: how many calls of open campaigns stand in each state other than done, by priority and kind of campaign.
        campaigns: how many open campaigns are in each state, by kind.
        tripped: how many running ones are stopped by their breaker.
        stopped: how many the dialer has paused by itself; their `reason` says why.
        held: how many waiting calls are held back, by reason.
        oldest_due_ms: for how long the call that is due longest has been waiting, by priority; 0 for none.
        oldest_unknown_ms: for how long the attempt that is longest in doubt has been; 0 for none.
        undetermined: how many calls ended so within the last day, and wait for a person.
        unconfirmed: how many escalations ended in vain within the last day, and nobody has taken them over since.
        workers: how many were heard from lately.
        apis: how many API processes were.
        trunks: how each trunk is.
        untold_ms: age of the oldest callback to a customer's system that still waits; 0 for none.
        dead_callbacks: how many of them were given up.
        unfetched_ms: age of the oldest recording that is not fetched yet; 0 for none.
        ready: how many campaigns stand in line of each trunk, by priority: only a token or a slot is missing.
        queued: how many jobs are in arq's queue.
        server: the Redis server.
    """

    calls: dict[tuple[CallState, Priority, str], int]
    campaigns: dict[tuple[CampaignState, str], int]
    tripped: int
    stopped: int
    held: dict[Held, int]
    oldest_due_ms: dict[Priority, int]
    oldest_unknown_ms: int
    undetermined: int
    unconfirmed: int
    workers: int
    apis: int
    trunks: dict[str, TrunkNow]
    unfetched_ms: int
    untold_ms: int
    dead_callbacks: int
    ready: dict[tuple[str, Priority], int]
    queued: int
    server: Server

    def in_state(self, state: CallState) -> int:
        """How many calls stand in a state."""
        return sum(size for (one, _, _), size in self.calls.items() if one is state)


class _Row(NamedTuple):
    """What `sum_campaigns` tells of the open campaigns of one state, priority and kind."""

    state: CampaignState
    priority: Priority
    kind: str
    campaigns: int
    tripped: int
    stopped: int
    calls: tuple[int, ...]
    due_since: int
    unknown_since: int
    held: tuple[int, ...]

    @classmethod
    def of(cls, told: Sequence[Any]) -> _Row:
        state, priority, kind, campaigns, tripped, stopped, *figures = told
        sets = len(keys.IN_FLIGHT)
        due, unknown = map(int, figures[sets : sets + 2])
        calls, held = tuple(figures[:sets]), tuple(figures[sets + 2 :])
        return cls(
            CampaignState(state), Priority(priority), kind, campaigns, tripped, stopped, calls, due, unknown, held
        )


class OverviewStore(CampaignStore):
    """Sums over all open campaigns: two round trips, whatever they hold, up to some ten thousand campaigns."""

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
        """Read all sums. Raises StoreUnavailable."""
        now, lately = self._now_ms(), f"({self._now_ms() - keys.WORKER_ALIVE_MS}"
        for_a_day = f"({now - keys.SHOWN_MS}"
        lines = list(product(trunks, Priority))
        (
            rows,
            undetermined,
            unconfirmed,
            workers,
            apis,
            each,
            unfetched,
            untold,
            dead,
            queued,
            server,
            *ready,
        ) = await asyncio.gather(
            self._rows(now),
            self._batch.command("ZCOUNT", keys.UNDETERMINED, for_a_day, "+inf"),
            self._batch.command("ZCOUNT", keys.UNCONFIRMED, for_a_day, "+inf"),
            self._batch.command("ZCOUNT", keys.WORKERS, lately, "+inf"),
            self._batch.command("ZCOUNT", keys.APIS, lately, "+inf"),
            self.trunks(trunks),
            self._batch.command("ZRANGE", keys.RECORDINGS_UNFETCHED, 0, 0, "WITHSCORES"),
            self._untold_since(),
            self._batch.command("ZCARD", keys.CALLBACKS_DEAD),
            self._batch.command("ZCARD", QUEUE_NAME),
            read_server(self._batch),
            *(self._batch.command("ZCARD", keys.ready(priority, trunk)) for trunk, priority in lines),
        )
        return Overview(
            **_sums(rows, now),
            ready=dict(zip(lines, ready, strict=True)),
            undetermined=undetermined,
            unconfirmed=unconfirmed,
            workers=workers,
            apis=apis,
            trunks=each,
            unfetched_ms=max(0, now - int(float(unfetched[1]))) if unfetched else 0,
            untold_ms=max(0, now - untold) if untold else 0,
            dead_callbacks=dead,
            queued=queued,
            server=server,
        )

    async def _rows(self, now: int) -> list[_Row]:
        opened = list(await self._batch.command("SMEMBERS", keys.OPEN))
        parts = [opened[at : at + _AT_ONCE] for at in range(0, len(opened), _AT_ONCE)]
        found = await asyncio.gather(*(self._sum(part, now) for part in parts))
        return [_Row.of(row) for rows in found for row in rows]

    async def _sum(self, campaign_ids: Sequence[str], now: int) -> list[list[Any]]:
        names: list[str] = []
        for campaign_id in campaign_ids:
            in_flight = (keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT)
            names += [keys.campaign(campaign_id), *in_flight, keys.held(campaign_id)]
        rows: list[list[Any]] = await self._batch.run("sum_campaigns", names, [now, SPAN, len(Held)])
        return rows

    async def _untold_since(self) -> int:
        """Since when (ms) the oldest callback waits, sorted by receiver or not yet; 0 for none."""
        sorted_, line = await asyncio.gather(
            self._batch.command("ZRANGE", keys.CALLBACKS_PENDING, 0, 0, "WITHSCORES"),
            self._batch.command("LINDEX", keys.CALLBACKS_TOLD, 0),
        )
        moments = [float(sorted_[1])] if sorted_ else []
        moments += [Message.read(line).at_ms] if line else []
        return int(min(moments, default=0))


def _sums(rows: Sequence[_Row], now: int) -> dict[str, Any]:
    calls: Counter[tuple[CallState, Priority, str]] = Counter()
    campaigns: Counter[tuple[CampaignState, str]] = Counter()
    held: Counter[Held] = Counter()
    oldest = dict.fromkeys(Priority, 0)
    for row in rows:
        campaigns[row.state, row.kind] += row.campaigns
        held.update(dict(zip(Held, row.held, strict=True)))
        for state, size in zip(keys.IN_FLIGHT, row.calls, strict=True):
            calls[state, row.priority, row.kind] += size
        if row.due_since:
            oldest[row.priority] = max(oldest[row.priority], now - row.due_since)
    return {
        "calls": dict(calls),
        "campaigns": dict(campaigns),
        "tripped": sum(row.tripped for row in rows),
        "stopped": sum(row.stopped for row in rows),
        "held": dict(held),
        "oldest_due_ms": oldest,
        "oldest_unknown_ms": max((now - row.unknown_since for row in rows if row.unknown_since), default=0),
    }
