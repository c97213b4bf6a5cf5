"""Every metric: name, labels and what it means. Each is counted where its state changes, once.

Each process serves its own. Gauges of the shared state are read from Redis when the API is scraped (`read_store`), by
API processes only: dashboards take their maximum, never their sum. Labels come from closed sets.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call] # the library has no annotation there

_PLACING_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_WEBHOOK_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)
_LATE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.35, 1)
_CONFIRMATION_S = (10, 20, 30, 60, 120, 300, 600, 1800, 3600)
_JOB_S = (0.05, 0.2, 0.5, 1, 2, 5, 20, 60)

CALLS = Counter("dialer_calls_total", "Calls that reached their disposition.", ["disposition"])
ATTEMPTS = Counter("dialer_attempts_total", "Attempts that ended, by disposition.", ["trunk", "disposition"])
PLACEMENTS = Counter(
    "dialer_placements_total",
    "Requests to place a call by the carrier's answer: placed, refused_<reason> or unknown_<reason>.",
    ["trunk", "result"],
)
CHANGES_UNCONFIRMED = Counter(
    "dialer_redis_changes_unconfirmed_total",
    "Changes that too few replicas of Redis confirmed in time: no call went out and no request succeeded by them.",
)
REFUSED_RATE = Counter("dialer_rate_refusals_total", "Requests that the carrier refused as too fast.", ["trunk"])
PLACEMENT_SECONDS = Histogram(
    "dialer_placement_seconds", "From sending a placing to the carrier's answer.", ["trunk"], buckets=_PLACING_S
)
LATENESS_SECONDS = Histogram(
    "dialer_lateness_seconds", "How late a request left for its place_at.", ["trunk"], buckets=_LATE_S
)
TOKENS_RETURNED = Counter(
    "dialer_tokens_returned_total",
    "Budget tokens that a call did not use, by reason: campaign paused, gate closed, too late, out of hours, lists "
    "or text changed, claim lost, expired, no access token; or handed on: an urgent call wants it, number suppressed "
    "or held back, no slot, over its cap in euro, breaker open, trunk stopped.",
    ["reason"],
)
ANSWER_SECONDS = Histogram(
    "dialer_answer_webhook_seconds", "Time to serve what a call says, which a person hears.", buckets=_WEBHOOK_S
)
CALLBACK_SECONDS = Histogram("dialer_callback_seconds", "Time to apply a carrier event.", buckets=_WEBHOOK_S)
CALLBACK_LAG_SECONDS = Histogram(
    "dialer_callback_lag_seconds",
    "From the carrier's time stamp of an event to its arrival here.",
    buckets=(0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 120),
)
CALLBACKS = Counter("dialer_callbacks_total", "Carrier events received with a valid token, by kind.", ["kind"])
CALLBACKS_IGNORED = Counter(
    "dialer_callbacks_ignored_total",
    "Callbacks that changed nothing: forged_token, unknown_attempt, repeated, unreadable, nothing_new.",
    ["reason"],
)
ORDERS = Counter(
    "dialer_orders_total",
    "Orders to calls by what became of them: done, call_over, not_placed, not_answered, too_early, refused, no_answer.",
    ["order", "result"],
)
API_REFUSALS = Counter(
    "dialer_api_refusals_total",
    "Requests refused for their API key: missing_key, wrong_key, lapsed_key, role, rate (too many with one key), "
    "failures (too many wrong ones from one address).",
    ["reason"],
)
TOKEN_RENEWALS = Counter("dialer_token_renewals_total", "Access tokens asked of the carrier.", ["result"])
TOKEN_LIFETIME_SECONDS = Gauge(
    "dialer_token_lifetime_seconds",
    "For how long this process' access token is good yet; of several trunks' the least.",
)
LEASES_LAPSED = Counter(
    "dialer_leases_lapsed_total", "Leases whose holder was presumed dead or silent, by the call's state.", ["state"]
)
RESCUED = Counter(
    "dialer_rescued_total",
    "Calls the sweeper settled: requeued, listed, asked, redialed, undetermined, no_reason.",
    ["reason"],
)
RECORDINGS = Counter(
    "dialer_recordings_total",
    "Recordings by what became of them: told, stored, carrier_failed, storage_failed, gone, deleted.",
    ["result"],
)
CUSTOMER_CALLBACKS = Counter(
    "dialer_customer_callbacks_total",
    "Callbacks to customers' own systems by what became of sending them: delivered, failed (tried again), dead.",
    ["result"],
)
ESCALATIONS = Counter(
    "dialer_escalations_total", "Escalations that are over: confirmed, exhausted, expired, by_hand.", ["reason"]
)
CALLS_ESCALATED = Counter(
    "dialer_calls_escalated_total", "Calls that were given up and for which an escalation was begun."
)
CONFIRMATION_SECONDS = Histogram(
    "dialer_escalation_confirmation_seconds",
    "From the first step of an escalation until as many had confirmed as were needed.",
    buckets=_CONFIRMATION_S,
)
JOB_SECONDS = Histogram("dialer_job_seconds", "Time one job took.", ["job", "result"], buckets=_JOB_S)
IN_HAND = Gauge("dialer_calls_in_hand", "Calls this worker has claimed and not yet sent.")

CALLS_IN_STATE = Gauge(
    "dialer_calls_by_state", "Calls of campaigns not yet ended, by state and priority.", ["state", "priority"]
)
CAMPAIGNS = Gauge("dialer_campaigns", "Campaigns by state.", ["state"])
HOPPER_DEPTH = Gauge("dialer_hopper_depth", "Claimed calls waiting for their moment, over the whole fleet.")
BUDGET = Gauge("dialer_budget_calls_per_second", "Calls a second that the carrier allows.", ["trunk"])
BUDGET_ACCEPTED = Gauge(
    "dialer_budget_accepted", "Calls that the carrier ever accepted: its rate is the budget used.", ["trunk"]
)
BUDGET_REFUSED = Gauge(
    "dialer_budget_refused", "Calls that the carrier ever refused or left in doubt, or that were not sent.", ["trunk"]
)
OLDEST_DUE_SECONDS = Gauge("dialer_oldest_due_seconds", "For how long the call due longest has waited.", ["priority"])
UNFETCHED_SECONDS = Gauge(
    "dialer_oldest_unfetched_recording_seconds",
    "Age of the oldest recording not fetched yet; the carrier deletes it at 30 days (2592000).",
)
OLDEST_CUSTOMER_CALLBACK_SECONDS = Gauge(
    "dialer_oldest_customer_callback_seconds",
    "Age of the oldest callback to a customer's own system that was neither delivered nor given up.",
)
DEAD_CUSTOMER_CALLBACKS = Gauge(
    "dialer_dead_customer_callbacks", "Callbacks to customers' own systems that were given up and wait for a person."
)
MARGIN = Gauge("dialer_margin_ratio", "What the pacing adds to its interval after being refused.", ["trunk"])
GATE_SECONDS = Gauge("dialer_gate_seconds", "For how long nothing goes out, after a refusal.", ["trunk"])
TRUNK_STOPPED = Gauge(
    "dialer_trunk_stopped",
    "1 while the breaker of a trunk is open, for too many of the attempts by it failed; else 0.",
    ["trunk"],
)
WORKERS = Gauge("dialer_workers", "Workers heard from within the last 15 seconds.")
