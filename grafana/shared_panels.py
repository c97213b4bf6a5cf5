"""Expressions and words that more than one dashboard shows, so that all of them say the same."""

from __future__ import annotations

from grafana.panels import Chart, Tile, Word
from grafana.queries import Query, budget_rate, by, chosen, each_minute, per_second, worst

REACHED = ('disposition=~"confirmed|answered|opted_out"',)
"""Ends of a call that a person heard."""
FIRING = 'ALERTS{alertname=~"Dialer.*", alertstate="firing"}'

TRUNK_WORDS = {"0": Word("open", "green"), "1": Word("held back", "orange"), "2": Word("stopped", "red")}
REDIS_WORDS = {"0": Word("away", "red"), "1": Word("not durable", "orange"), "2": Word("durable", "green")}


def share(part: str, whole: str) -> str:
    """A part of a whole; nothing of a known whole is 0, and of nothing it is NaN."""
    return f"({part} or vector(0)) / {whole}"


def reached_share(span: str) -> str:
    """How many of the calls done were heard by a person."""
    return share(
        per_second("dialer_calls_total", where=REACHED, span=span), per_second("dialer_calls_total", span=span)
    )


def budget_used(*labels: str) -> str:
    """Which part of the calls a second that the carrier allows it accepted."""
    limit = worst("dialer_budget_calls_per_second", "trunk")
    return f"{by('sum', labels, budget_rate('dialer_budget_accepted'))} / {by('sum', labels, limit)}"


def trunk_state(*labels: str) -> str:
    """How a trunk stands, the worst of several: a key of TRUNK_WORDS."""
    stopped, gate = chosen("dialer_trunk_stopped"), chosen("dialer_gate_seconds")
    return by("max", labels, f"clamp_max(2 * {stopped} + ({gate} > bool 0), 2)")


def redis_state() -> str:
    """Whether Redis answers and keeps what it was told: a key of REDIS_WORDS."""
    kept = ("dialer_redis_aof_enabled", "dialer_redis_aof_always", "dialer_redis_last_write_ok")
    return f"{worst('dialer_redis_up')} * (1 + ({' * '.join(map(worst, kept))} or vector(0)))"


ACCEPTED = Chart(
    title="Calls accepted against the limit",
    unit="cps",
    queries=[
        Query(budget_rate("dialer_budget_accepted"), "accepted {{trunk}}"),
        Query(worst("dialer_budget_calls_per_second", "trunk"), "limit {{trunk}}"),
    ],
    meaning="Calls a second that the carrier accepted, over one minute, beside the calls a second that it allows.",
    remedy="Below the limit while calls wait: see margin, gate and returned tokens. A hair above for one point is"
    " rounding of the scrape; above for longer: somebody else dials on this account, or the limit set is wrong.",
)
DONE = Chart(
    title="Calls done, by disposition",
    unit="cpm",
    queries=[each_minute("dialer_calls_total", "disposition")],
    meaning="Calls a minute that reached their disposition by dialing. Calls that end in one stroke because"
    " their campaign is cancelled are in its results only.",
    remedy="Many *failed* or *invalid_number*: the list or the script is bad; read the campaign's results and pause"
    " it. *Undetermined*: somebody must look. Runbook: deploy/README.md, Calls undetermined.",
)
REACHED_NOW = Tile(
    title="Reached, last 15 min",
    unit="percentunit",
    queries=[Query(reached_share("[15m]"), "reached")],
    words={"nan": Word("no call ended", "blue")},
    steps=((0, "red"), (0.1, "orange"), (0.25, "green")),
    empty="no call ended",
    meaning="How many of the calls that ended were heard by a person.",
    remedy="Far below what the list usually gives: see dispositions. All *failed* or *rejected*: the carrier or the"
    " number we call from; *no_answer*: the hour; *machine*: the list.",
)
