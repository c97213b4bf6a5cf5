"""Setting the gauges of the shared state: once for each scrape of an API process, from one look at Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from prometheus_client import Gauge

from dialer.errors import StoreUnavailable
from dialer.holding import Held
from dialer.kinds import KINDS
from dialer.metrics import shared as metrics
from dialer.metrics.contract import Scope, Shown
from dialer.metrics.labels import CAMPAIGN_STATE
from dialer.metrics.table import CONTRACTS
from dialer.model import Priority
from dialer.states import CallState, CampaignState
from dialer.store import Overview, Store
from dialer.store.overview import TrunkNow
from dialer.store.server import Server

_TIMEOUT_S = 5  # Prometheus gives up after 10 s by default; the process' own figures must still arrive


async def look(store: Store, slots: Mapping[str, int]) -> Shown:
    """What a scrape is answered from: the shared state; where Redis does not answer in time, that it is away.

    `slots` has those of each trunk; 0 for any number.
    """
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            overview = await store.overview(tuple(slots))
    except (StoreUnavailable, TimeoutError):
        metrics.REDIS_UP.set(0)
        return _AWAY
    metrics.REDIS_UP.set(1)
    show(overview, slots)
    untold = set(_show_server(overview.server))
    return Shown(one for one in _ALL if one not in untold)


def show(overview: Overview, slots: Mapping[str, int]) -> None:
    """Set the gauges of calls, campaigns, trunks and the fleet."""
    _show_calls(overview)
    _show_campaigns(overview)
    for trunk, now in overview.trunks.items():
        _show_trunk(trunk, now)
        is_full = now.up is not None and 0 < slots[trunk] <= now.up
        for priority in Priority:
            metrics.CAMPAIGNS_READY.labels(trunk, priority).set(0 if is_full else overview.ready[trunk, priority])
    metrics.WORKERS.set(overview.workers)
    metrics.APIS.set(overview.apis)
    metrics.QUEUE_DEPTH.set(overview.queued)
    metrics.OLDEST_CUSTOMER_CALLBACK_SECONDS.set(overview.untold_ms / 1000)
    metrics.DEAD_CUSTOMER_CALLBACKS.set(overview.dead_callbacks)
    metrics.UNFETCHED_SECONDS.set(overview.unfetched_ms / 1000)


def _show_calls(overview: Overview) -> None:
    for priority in Priority:
        for kind in KINDS:
            for state in CallState:
                if state is not CallState.DONE:
                    size = overview.calls.get((state, priority, kind), 0)
                    metrics.CALLS_IN_STATE.labels(state, priority, kind).set(size)
        metrics.OLDEST_DUE_SECONDS.labels(priority).set(overview.oldest_due_ms[priority] / 1000)
    for reason in Held:
        metrics.CALLS_HELD.labels(reason.name.lower()).set(overview.held.get(reason, 0))
    metrics.HOPPER_DEPTH.set(overview.in_state(CallState.CLAIMED))
    metrics.ATTEMPTS_UNKNOWN.set(overview.in_state(CallState.UNKNOWN))
    metrics.CALLS_UNDETERMINED.set(overview.undetermined)
    metrics.ESCALATIONS_UNCONFIRMED.set(overview.unconfirmed)
    metrics.OLDEST_UNKNOWN_SECONDS.set(overview.oldest_unknown_ms / 1000)


def _show_campaigns(overview: Overview) -> None:
    for state in CampaignState:
        if state in CAMPAIGN_STATE.values:
            for kind in KINDS:
                metrics.CAMPAIGNS.labels(state, kind).set(overview.campaigns.get((state, kind), 0))
    metrics.CAMPAIGNS_STOPPED.labels("breaker").set(overview.tripped)
    metrics.CAMPAIGNS_STOPPED.labels("dialer").set(overview.stopped)


def _show_trunk(trunk: str, now: TrunkNow) -> None:
    metrics.BUDGET_ACCEPTED.labels(trunk).set(now.budget.accepted)
    metrics.BUDGET_REFUSED.labels(trunk).set(now.budget.refused)
    metrics.MARGIN.labels(trunk).set(now.budget.margin_ppm / 1_000_000)
    metrics.GATE_SECONDS.labels(trunk).set(now.gate_ms / 1000)
    metrics.TRUNK_STOPPED.labels(trunk).set(now.tripped is not None)


def _show_server(server: Server) -> list[Gauge]:
    """Set the gauges of Redis; returns those of which it tells nothing."""
    told = {
        metrics.REDIS_MEMORY: server.memory_bytes,
        metrics.REDIS_MEMORY_LIMIT: server.memory_limit_bytes,
        metrics.REDIS_EVICTS: server.evicts,
        metrics.REDIS_AOF: server.aof_enabled,
        metrics.REDIS_AOF_ALWAYS: server.aof_always,
        metrics.REDIS_AOF_SIZE: server.aof_size_bytes,
        metrics.REDIS_LAST_WRITE_OK: server.last_write_ok,
        metrics.REDIS_REPLICAS: server.replicas,
    }
    for one, value in told.items():
        if value is not None:
            one.set(value)
    return [one for one, value in told.items() if value is None]


_ALL = [one.made for one in CONTRACTS.values() if one.scope is Scope.FLEET and isinstance(one.made, Gauge)]
_AWAY = Shown([metrics.REDIS_UP])
