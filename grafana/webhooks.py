"""The carrier's webhooks: a person hears silence for as long as the answer webhook takes."""

from __future__ import annotations

from grafana.board import Line, Row
from grafana.panels import Chart
from grafana.queries import each_minute, quantiles

ANSWER_TIME = Chart(
    title="Answer webhook time",
    unit="s",
    queries=quantiles("dialer_answer_webhook_seconds", 50, 99),
    meaning="Time to serve what a call says. Somebody has picked up and hears silence for as long.",
    remedy="p99 above 100 ms: the API's machine or Redis is busy; add an API process, look at Redis' latency.",
)
CALLBACK_TIME = Chart(
    title="Callback time",
    unit="s",
    queries=quantiles("dialer_callback_seconds", 50, 99),
    meaning="Time to apply one carrier event, in one step in Redis.",
    remedy="Seconds: Redis is slow (its disk?) or away; the carrier repeats what we did not take."
    " Runbook: deploy/README.md, Redis lost.",
)
LAG = Chart(
    title="Callback lag",
    unit="s",
    queries=quantiles("dialer_callback_lag_seconds", 50, 99),
    meaning="From the carrier's time stamp of an event to its arrival here; clocks that differ show here too.",
    remedy="Minutes: the carrier is behind or repeats after failures of ours; look at the proxy's log for 5xx."
    " A constant offset: set this machine's clock.",
)
BY_KIND = Chart(
    title="Callbacks by kind",
    unit="cpm",
    queries=[each_minute("dialer_callbacks_total", "kind")],
    meaning="Carrier events a minute with a valid token; each call brings several.",
    remedy="None while calls are live: the carrier cannot reach `DIALER_PUBLIC_URL`; try it from outside, check"
    " proxy and certificate (deploy/nginx/nginx.conf).",
)
IGNORED = Chart(
    title="Callbacks ignored, by reason",
    unit="cpm",
    queries=[each_minute("dialer_callbacks_ignored_total", "reason")],
    meaning="Callbacks a minute that changed nothing. A few `repeated` and `nothing_new` are usual.",
    remedy="`forged_token`: the secret was changed while calls were live (Runbook: deploy/README.md, Rotate"
    " secrets), or somebody is guessing. `unreadable`: the carrier's format changed; keep one and look.",
)

WEBHOOKS = Row(
    "Webhooks",
    [
        Line(8, [(8, ANSWER_TIME), (8, CALLBACK_TIME), (8, LAG)]),
        Line(8, [(12, BY_KIND), (12, IGNORED)]),
    ],
)
