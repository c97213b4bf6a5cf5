"""The charts of customers' own systems: callbacks to them, and their keys."""

from __future__ import annotations

from grafana.charts import Chart, each_minute, fleet

CUSTOMERS = (
    Chart(
        "Oldest callback not delivered",
        "s",
        queries=[fleet("dialer_oldest_customer_callback_seconds")],
        meaning="Age of the oldest callback to a customer's own system that was neither delivered nor given up.",
        remedy="Growing: a receiver is down, or no worker has DIALER_CALLBACK_SECRET. The log line"
        " `callback.failed` says why.",
    ),
    Chart(
        "Callbacks to customers by result",
        "cpm",
        queries=[each_minute("dialer_customer_callbacks_total", "result")],
        meaning="Callbacks a minute that were delivered, that failed and are tried again, that were given up.",
        remedy="`failed`: see the log line `callback.failed`. `dead`: `dialer callback list`.",
    ),
    Chart(
        "Callbacks given up",
        "short",
        queries=[fleet("dialer_dead_customer_callbacks")],
        meaning="Callbacks that were tried for a day, or refused for good, and wait for a person.",
        remedy="`dialer callback list`, then `retry` or `drop`. After 30 days they go.",
    ),
    Chart(
        "API requests refused for their key",
        "cpm",
        queries=[each_minute("dialer_api_refusals_total", "reason")],
        meaning="Requests refused for their API key, a minute, by reason.",
        remedy="`lapsed_key` or `role`: a system's key ended or lacks a role, see `dialer key list`. `wrong_key` and"
        " `failures`: a revoked or mistyped key somewhere, or somebody who tries. `rate`: a system asks too often.",
    ),
)
