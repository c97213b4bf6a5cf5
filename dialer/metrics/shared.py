"""The gauges of the shared state: API processes read them from Redis when they are scraped, all of them alike.

Dashboards and alerts take their maximum, never their sum. They are in no registry: what Redis has not told in this very
scrape is left out of the answer (`contract.Shown`), and a worker shows none of them.
"""

from __future__ import annotations

from functools import partial

from dialer.metrics.contract import Scope, gauge
from dialer.metrics.labels import CALL_STATE, CAMPAIGN_STATE, HELD, KIND, PRIORITY, STOPPED, TRUNK

_gauge = partial(gauge, counted="dialer/metrics/gauging.py", scope=Scope.FLEET)
_is_so = partial(_gauge, unit="1 or 0")

CALLS_IN_STATE = _gauge(
    "dialer_calls_by_state",
    "Calls of campaigns not yet ended, by state, and by priority and kind of campaign (single calls: notification).",
    CALL_STATE,
    PRIORITY,
    KIND,
    unit="calls",
)
CALLS_HELD = _gauge(
    "dialer_calls_held",
    "Waiting calls that are held back one by one: their number is up in another call, was dialed too lately or too "
    "often, or begins so that it has but a share of the budget.",
    HELD,
    unit="calls",
)
CAMPAIGNS = _gauge(
    "dialer_campaigns",
    "Campaigns with anything left to do, by state and kind; cancelled are those whose last calls are still up.",
    CAMPAIGN_STATE,
    KIND,
    unit="campaigns",
)
CAMPAIGNS_STOPPED = _gauge(
    "dialer_campaigns_stopped",
    "Campaigns that a protection stopped: breaker, running ones whose own breaker is open; dialer, those that the "
    "dialer paused by itself and a person must resume (the carrier refuses, breaker, cap in euro), see their reason.",
    STOPPED,
    unit="campaigns",
)
CAMPAIGNS_READY = _gauge(
    "dialer_campaigns_ready",
    "Campaigns that wait for nothing but a token of a trunk: a call is due, its hours are open, no limit of the "
    "campaign holds it back, and the trunk has a slot free.",
    TRUNK,
    PRIORITY,
    unit="campaigns",
)
OLDEST_DUE_SECONDS = _gauge(
    "dialer_oldest_due_seconds", "For how long the call due longest has waited, while its hours are open.", PRIORITY
)
ATTEMPTS_UNKNOWN = _gauge(
    "dialer_attempts_unknown",
    "Attempts in doubt now: the phone may or may not have rung, and the sweeper is finding out.",
    unit="attempts",
)
OLDEST_UNKNOWN_SECONDS = _gauge(
    "dialer_oldest_unknown_seconds", "For how long the attempt that is longest in doubt has been; 0 for none."
)
CALLS_UNDETERMINED = _gauge(
    "dialer_calls_undetermined",
    "Calls that ended undetermined within the last 24 hours and wait for a person: nothing told since how they ended, "
    "and nobody had them called again.",
    unit="calls",
)
ESCALATIONS_UNCONFIRMED = _gauge(
    "dialer_escalations_unconfirmed",
    "Escalations that ended in vain within the last 24 hours and that nobody has taken over since.",
    unit="escalations",
)
HOPPER_DEPTH = _gauge(
    "dialer_hopper_depth", "Claimed calls waiting for their moment, over the whole fleet.", unit="calls"
)
QUEUE_DEPTH = _gauge("dialer_arq_queue_depth", "Jobs in arq's queue, those under way included.", unit="jobs")
BUDGET_ACCEPTED = _gauge(
    "dialer_budget_accepted",
    "Calls that the carrier ever accepted: its rate is the budget used.",
    TRUNK,
    unit="calls",
)
BUDGET_REFUSED = _gauge(
    "dialer_budget_refused",
    "Calls that the carrier ever refused or left in doubt, or that were not sent.",
    TRUNK,
    unit="calls",
)
MARGIN = _gauge("dialer_margin_ratio", "What the pacing adds to its interval after being refused.", TRUNK)
GATE_SECONDS = _gauge("dialer_gate_seconds", "For how long nothing goes out, after a refusal.", TRUNK)
TRUNK_STOPPED = _is_so(
    "dialer_trunk_stopped",
    "Whether the breaker of a trunk is open, for too many of the attempts by it failed.",
    TRUNK,
)
UNFETCHED_SECONDS = _gauge(
    "dialer_oldest_unfetched_recording_seconds",
    "Age of the oldest recording not fetched yet; the carrier deletes it at 30 days (2592000).",
)
OLDEST_CUSTOMER_CALLBACK_SECONDS = _gauge(
    "dialer_oldest_customer_callback_seconds",
    "Age of the oldest callback to a customer's own system that was neither delivered nor given up.",
)
DEAD_CUSTOMER_CALLBACKS = _gauge(
    "dialer_dead_customer_callbacks",
    "Callbacks to customers' own systems that were given up and wait for a person.",
    unit="callbacks",
)
WORKERS = _gauge("dialer_workers", "Workers heard from within the last 15 seconds.", unit="processes")
APIS = _gauge("dialer_apis", "API processes heard from within the last 15 seconds.", unit="processes")

REDIS_UP = _is_so("dialer_redis_up", "Whether Redis answered this API process in time, at this very scrape.")
REDIS_MEMORY = _gauge("dialer_redis_memory_bytes", "Memory that Redis' data take.")
REDIS_MEMORY_LIMIT = _gauge(
    "dialer_redis_memory_limit_bytes", "Redis' maxmemory, or the memory of its machine where none is set."
)
REDIS_EVICTS = _is_so(
    "dialer_redis_evicts", "Whether Redis throws keys away at its limit, and with them calls: it must not (noeviction)."
)
REDIS_AOF = _is_so("dialer_redis_aof_enabled", "Whether Redis keeps an append-only file.")
REDIS_AOF_ALWAYS = _is_so(
    "dialer_redis_aof_always",
    "Whether that file is synced to disk before each answer, also while it is rewritten; left out where Redis does not "
    "tell (no CONFIG GET).",
)
REDIS_AOF_SIZE = _gauge("dialer_redis_aof_size_bytes", "Size of that file; 0 without one.")
REDIS_LAST_WRITE_OK = _is_so(
    "dialer_redis_last_write_ok", "Whether the last write to that file and the last snapshot went well."
)
REDIS_REPLICAS = _gauge("dialer_redis_connected_replicas", "Replicas that are connected to Redis.", unit="replicas")
