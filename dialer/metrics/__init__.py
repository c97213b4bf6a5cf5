"""The metrics that each process counts or sets itself; `metrics/shared.py` has those of the shared state.

Each is counted where its state changes, once. Every process serves its own: what the fleet did is their sum. The
bounds of times are those that were measured (November 2026, two shared cores, `dialer demo` and `make bench`).
"""

from __future__ import annotations

from dialer.metrics.contract import counter, gauge, histogram
from dialer.metrics.labels import (
    API_REFUSAL,
    DISPOSITION,
    DUTY,
    EVENT,
    IGNORED,
    JOB,
    JOB_RESULT,
    KIND,
    LEASED,
    OPERATION,
    ORDER,
    ORDERED,
    PLACED,
    PYTHON,
    RECORDED,
    RENEWED,
    RESCUED_BY,
    RETURNED,
    ROLE,
    STATUS,
    TOLD,
    TRUNK,
    VERSION,
    WHY_OVER,
)

_PLACING_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""The stand-in on loopback answers in 3 ms; a carrier takes tenths of a second, and at most a minute is waited."""
_WEBHOOK_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
"""1.4 ms and 3.8 ms (p50, p99) at 250 calls a second; at 100 ms a person notices, after 5 s the carrier tries again."""
_LATE_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.7, 1.5)
"""Half within 1 ms, 99 of 100 within 10 ms, of a busy machine 50 ms. From 2 ms on the budget is told, at 100 ms the
hopper rests, beyond 350 ms a token is lost (`pacing.LATEST_US`)."""
_LAG_S = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 120)
"""90 of 100 within 50 ms; what the carrier sends again comes ten seconds later and more."""
_CONFIRMATION_S = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
"""A phone rings for half a minute; steps wait for minutes."""
_JOB_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Jobs of a schedule take 2 to 20 ms and are to be through before their next turn in 2 s; those that place calls wait
for moments half a second ahead."""
_API_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
"""Most operations take 5 to 50 ms, long lists are read for seconds."""

BUILD_INFO = gauge(
    "dialer_build_info",
    "What runs here: version of the dialer and of Python, and the role of the process.",
    VERSION,
    PYTHON,
    ROLE,
    unit="always 1",
    counted="dialer/metrics/exposing.py",
)
LAST_TURN = gauge(
    "dialer_last_turn_timestamp_seconds",
    "When each duty of this process last came through a turn without an error (unix time). Loops (clock, heartbeat, "
    "hopper, hang_ups, callbacks, data) turn every few seconds in each process that has them; of the jobs one "
    "worker does each turn, so take the latest of the fleet.",
    DUTY,
    counted="dialer/metrics/turns.py",
)
CALLS = counter(
    "dialer_calls_total",
    "Calls that reached their disposition by themselves, by the kind of their campaign (single calls: notification). "
    "Those that end in one stroke because their campaign is cancelled stand in its results only.",
    DISPOSITION,
    KIND,
    unit="calls",
    counted="dialer/counting.py",
)
ATTEMPTS = counter(
    "dialer_attempts_total",
    "Attempts that ended, by disposition.",
    TRUNK,
    DISPOSITION,
    unit="attempts",
    counted="dialer/counting.py",
)
PLACEMENTS = counter(
    "dialer_placements_total",
    "Requests to place a call by the carrier's answer: placed, surely refused, or unknown (the phone may ring).",
    TRUNK,
    PLACED,
    unit="requests",
    counted="jobs/place.py",
)
CHANGES_UNCONFIRMED = counter(
    "dialer_redis_changes_unconfirmed_total",
    "Changes that too few replicas of Redis confirmed in time: no call went out and no request succeeded by them.",
    unit="changes",
    counted="dialer/redis/batch.py",
)
DATA_OLD = gauge(
    "dialer_data_old",
    "Whether the data in Redis is older than what was seen of it (a backup put back, a replica that lacked the end): "
    "1 until `dialer restored`, and nothing is dialed.",
    unit="0 or 1",
    counted="dialer/redis/life.py",
)
LOG_LINES_LOST = counter(
    "dialer_log_lines_lost_total",
    "Log lines that could not be written: the disk is full, or what reads them has gone or stands still. "
    "Work goes on without them.",
    unit="lines",
    counted="dialer/log.py",
)
REFUSED_RATE = counter(
    "dialer_rate_refusals_total",
    "Requests that the carrier refused as too fast.",
    TRUNK,
    unit="requests",
    counted="jobs/place.py",
)
PLACEMENT_SECONDS = histogram(
    "dialer_placement_seconds",
    "From sending a placing to the carrier's answer.",
    TRUNK,
    counted="jobs/place.py",
    buckets=_PLACING_S,
)
LATENESS_SECONDS = histogram(
    "dialer_lateness_seconds",
    "How late a request left for its place_at.",
    TRUNK,
    counted="jobs/place.py",
    buckets=_LATE_S,
)
TOKENS_RETURNED = counter(
    "dialer_tokens_returned_total",
    "Budget tokens that a call did not use, by reason: campaign paused, gate closed, too late, out of hours, lists "
    "or text changed, claim lost, expired, no access token, old data in Redis; or handed on: an urgent call wants it, "
    "number suppressed or held back, no slot, over its cap in euro, breaker open, trunk stopped.",
    RETURNED,
    unit="tokens",
    counted="jobs/place.py",
)
ANSWER_SECONDS = histogram(
    "dialer_answer_webhook_seconds",
    "Time to serve what a call says, which a person hears.",
    counted="dialer/api/webhooks.py",
    buckets=_WEBHOOK_S,
)
CALLBACK_SECONDS = histogram(
    "dialer_callback_seconds",
    "Time to apply a carrier event.",
    counted="dialer/api/webhooks.py",
    buckets=_WEBHOOK_S,
)
CALLBACK_LAG_SECONDS = histogram(
    "dialer_callback_lag_seconds",
    "From the carrier's time stamp of an event to its arrival here.",
    counted="dialer/api/webhooks.py",
    buckets=_LAG_S,
)
CALLBACKS = counter(
    "dialer_callbacks_total",
    "Carrier events received with a valid token, by kind.",
    EVENT,
    unit="events",
    counted="dialer/api/webhooks.py",
)
CALLBACKS_IGNORED = counter(
    "dialer_callbacks_ignored_total",
    "Callbacks that changed nothing, by reason.",
    IGNORED,
    unit="requests",
    counted="dialer/api/trust.py",
)
ORDERS = counter(
    "dialer_orders_total",
    "Orders to calls by what became of them.",
    ORDER,
    ORDERED,
    unit="orders",
    counted="dialer/steering.py",
)
API_REFUSALS = counter(
    "dialer_api_refusals_total",
    "Requests refused for their API key, by reason; rate: too many with one key, failures: too many wrong ones from "
    "one address.",
    API_REFUSAL,
    unit="requests",
    counted="dialer/api/auth.py",
)
API_REQUEST_SECONDS = histogram(
    "dialer_api_request_seconds",
    "Time to answer a request, by operation and class of the answer; but for event streams, which last as long as "
    "somebody listens.",
    OPERATION,
    STATUS,
    counted="dialer/api/middleware.py",
    buckets=_API_S,
)
LISTENERS = gauge(
    "dialer_listeners",
    "Event streams that are open at this process (`GET /v1/events`).",
    unit="streams",
    counted="dialer/api/feed.py",
)
TOKEN_RENEWALS = counter(
    "dialer_token_renewals_total",
    "Access tokens asked of the carrier.",
    RENEWED,
    unit="requests",
    counted="dialer/runtime.py",
)
TOKEN_LIFETIME_SECONDS = gauge(
    "dialer_token_lifetime_seconds",
    "For how long this process' access token is good yet; of several trunks' the least.",
    counted="dialer/runtime.py",
)
BUDGET = gauge(
    "dialer_budget_calls_per_second",
    "Calls a second that the carrier allows, as this process was told.",
    TRUNK,
    counted="dialer/runtime.py",
)
LEASES_LAPSED = counter(
    "dialer_leases_lapsed_total",
    "Leases whose holder was presumed dead or silent, by the call's state.",
    LEASED,
    unit="leases",
    counted="jobs/rescue.py",
)
RESCUED = counter(
    "dialer_rescued_total",
    "Calls the sweeper settled, by how.",
    RESCUED_BY,
    unit="calls",
    counted="jobs/rescue.py",
)
RECORDINGS = counter(
    "dialer_recordings_total",
    "Recordings by what became of them.",
    RECORDED,
    unit="recordings",
    counted="dialer/counting.py",
)
CUSTOMER_CALLBACKS = counter(
    "dialer_customer_callbacks_total",
    "Callbacks to customers' own systems by what became of sending them; those that failed are tried again.",
    TOLD,
    unit="requests",
    counted="jobs/callbacks.py",
)
ESCALATIONS = counter(
    "dialer_escalations_total",
    "Escalations that are over, by why.",
    WHY_OVER,
    unit="escalations",
    counted="dialer/escalations/climbing.py",
)
CALLS_ESCALATED = counter(
    "dialer_calls_escalated_total",
    "Calls that were given up and for which an escalation was begun.",
    unit="calls",
    counted="jobs/escalating.py",
)
CONFIRMATION_SECONDS = histogram(
    "dialer_escalation_confirmation_seconds",
    "From the first step of an escalation until as many had confirmed as were needed.",
    counted="dialer/escalations/climbing.py",
    buckets=_CONFIRMATION_S,
)
JOB_SECONDS = histogram(
    "dialer_job_seconds", "Time one job took.", JOB, JOB_RESULT, counted="jobs/worker.py", buckets=_JOB_S
)
IN_HAND = gauge(
    "dialer_calls_in_hand", "Calls this worker has claimed and not yet sent.", unit="calls", counted="jobs/hopper.py"
)
