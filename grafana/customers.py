"""Customers' own systems: callbacks to them."""

from __future__ import annotations

from grafana.board import Line, Row
from grafana.panels import Chart, Tile, Word
from grafana.queries import Query, each_minute, fleet, state

OLDEST = Chart(
    title="Oldest callback not delivered",
    unit="s",
    queries=[state("dialer_oldest_customer_callback_seconds", legend="oldest")],
    meaning="Age of the oldest callback to a customer's own system that was neither delivered nor given up.",
    remedy="Growing: a receiver is down, or no worker has DIALER_CALLBACK_SECRET. The log line"
    " `callback.failed` says why.",
)
RESULTS = Chart(
    title="Callbacks to customers by result",
    unit="cpm",
    queries=[each_minute("dialer_customer_callbacks_total", "result")],
    meaning="Callbacks a minute that were delivered, that failed and are tried again, that were given up.",
    remedy="`failed`: see the log line `callback.failed`. `dead`: `dialer callback list`.",
)
DEAD = Tile(
    title="Callbacks given up",
    unit="short",
    queries=[Query(fleet("dialer_dead_customer_callbacks"), "given up")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "orange")),
    meaning="Callbacks that were tried for a day, or refused for good, and wait for a person.",
    remedy="`dialer callback list`, then `retry` or `drop`. After 30 days they go.",
)

CUSTOMERS = Row("Customers' systems", [Line(8, [(10, OLDEST), (10, RESULTS), (4, DEAD)])])
