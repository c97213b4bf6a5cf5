"""What is counted of calls and attempts, once, where their state changes; and the gauges of the shared state.

The gauges are set from Redis when an API process is scraped. Counters belong to the process that made the change.
"""

from __future__ import annotations

from collections.abc import Sequence

from dialer import metrics
from dialer.model import MAIN, Priority
from dialer.states import CallState, CampaignState
from dialer.store import EventResult, Overview, Store


async def refresh_store_gauges(store: Store, trunks: Sequence[str] = (MAIN,)) -> None:
    """Set the gauges of the shared state from Redis. Raises StoreUnavailable."""
    show(await store.overview(trunks))


def show(overview: Overview) -> None:
    """Set the gauges of the shared state."""
    for priority in Priority:
        for state in CallState:
            if state is not CallState.DONE:
                metrics.CALLS_IN_STATE.labels(state, priority).set(overview.calls.get((state, priority), 0))
        metrics.OLDEST_DUE_SECONDS.labels(priority).set(overview.oldest_due_ms[priority] / 1000)
    for campaign_state in CampaignState:
        metrics.CAMPAIGNS.labels(campaign_state).set(overview.campaigns.get(campaign_state, 0))
    metrics.HOPPER_DEPTH.set(sum(overview.calls.get((CallState.CLAIMED, priority), 0) for priority in Priority))
    metrics.WORKERS.set(overview.workers)
    metrics.OLDEST_CUSTOMER_CALLBACK_SECONDS.set(overview.untold_ms / 1000)
    metrics.DEAD_CUSTOMER_CALLBACKS.set(overview.dead_callbacks)
    metrics.UNFETCHED_SECONDS.set(overview.unfetched_ms / 1000)
    for trunk, now in overview.trunks.items():
        metrics.BUDGET_ACCEPTED.labels(trunk).set(now.budget.accepted)
        metrics.BUDGET_REFUSED.labels(trunk).set(now.budget.refused)
        metrics.MARGIN.labels(trunk).set(now.budget.margin_ppm / 1_000_000)
        metrics.GATE_SECONDS.labels(trunk).set(now.gate_ms / 1000)
        metrics.TRUNK_STOPPED.labels(trunk).set(now.tripped is not None)


def count_change(result: EventResult) -> None:
    """Count the attempt, and the call, that an event has ended."""
    if result.attempt:
        metrics.ATTEMPTS.labels(result.trunk, result.attempt).inc()
    if result.call:
        metrics.CALLS.labels(result.call).inc()
