"""Requests to the API, and who listens to its event streams."""

from __future__ import annotations

from dataclasses import replace

from grafana.board import Line, Row
from grafana.panels import Chart
from grafana.queries import each_instance, each_minute, quantiles

_SLOWEST = 8

TIME = Chart(
    title="API request time (p95), the slowest",
    unit="s",
    queries=[
        replace(query, expr=f"topk({_SLOWEST}, {query.expr})")
        for query in quantiles("dialer_api_request_seconds", 95, label="operation")
    ],
    meaning=f"Time to answer a request, of the {_SLOWEST} slowest operations of the API's reference; event streams are"
    " left out.",
    remedy="All slow: Redis or the machine is busy; add an API process. One operation: see its size and who asks.",
)
BY_STATUS = Chart(
    title="API requests by status",
    unit="cpm",
    queries=[each_minute("dialer_api_request_seconds_count", "status")],
    meaning="Requests answered a minute, by class of the answer: 4xx are the asker's fault, 5xx ours.",
    remedy="`5xx`: 503 is Redis away; anything else is a fault of ours and stands in the API's log.",
)
REFUSED = Chart(
    title="Requests refused for their key",
    unit="cpm",
    queries=[each_minute("dialer_api_refusals_total", "reason")],
    meaning="Requests refused for their API key, a minute, by reason.",
    remedy="`lapsed_key` or `role`: a system's key ended or lacks a role, see `dialer key list`. `wrong_key` and"
    " `failures`: a revoked or mistyped key somewhere, or somebody who tries. `rate`: a system asks too often.",
)
LISTENERS = Chart(
    title="Listeners",
    unit="short",
    queries=[each_instance("dialer_listeners")],
    meaning="Event streams open at each API process: pages and systems that watch campaigns.",
    remedy="Far more than people who watch: a system opens streams and never closes them; see the proxy's log.",
)

REQUESTS = Row("API", [Line(9, [(10, TIME), (5, BY_STATUS), (5, REFUSED), (4, LISTENERS)])])
