"""*On call*: one screen for whoever is woken. Are people being reached, and if not, why?"""

from __future__ import annotations

from grafana.board import Board, Line, Row
from grafana.fleet import WORKERS
from grafana.panels import States, Table, Tile, Word
from grafana.queries import Query, budget_rate, by, chosen, fleet, worst
from grafana.redis import REDIS_NOW
from grafana.shared_panels import (
    ACCEPTED,
    DONE,
    FIRING,
    REACHED_NOW,
    TRUNK_WORDS,
    budget_used,
    trunk_state,
)

_LATE_S = 60
"""Calls due for longer while nothing is accepted: they wait for no hours and no pause."""
_RATE = by("sum", (), budget_rate("dialer_budget_accepted", span="[5m]"))
_READY = by("max", (), f"min_over_time({chosen('dialer_campaigns_ready')}[2m])")
_DUE = worst("dialer_oldest_due_seconds")

CALLING = Tile(
    title="Are people being called?",
    unit="short",
    queries=[
        Query(
            f"2 * ({_RATE} > bool 0) + ({_RATE} == bool 0)"
            f" * (({_READY} > bool 0) + 3 * ({_READY} == bool 0) * ({_DUE} > bool {_LATE_S}))",
            "calling",
        )
    ],
    words={
        "0": Word("nothing to call", "blue"),
        "1": Word("stopped", "red"),
        "2": Word("calling", "green"),
        "3": Word("held by limits", "orange"),
    },
    meaning="*Calling*: the carrier accepted calls in the last five minutes. *Stopped*: it accepted none, and campaigns"
    " wait for nothing but a token. *Held by limits*: it accepted none, and calls that are due wait for slots, caps,"
    " a pace or a breaker of their campaigns. *Nothing to call*: none is due.",
    remedy="*Stopped*: go through the tiles below: workers, then Redis, then trunks. *Held by limits*: `dialer explain`"
    " tells of one call why it is not dialed. *No data*: no API is scraped, or Redis is away.",
)
URGENT = Tile(
    title="Oldest urgent call due",
    unit="s",
    queries=[Query(worst("dialer_oldest_due_seconds", where=('priority="urgent"',)), "urgent")],
    words={"0": Word("none waits", "green")},
    steps=((0, "green"), (10, "orange"), (30, "red")),
    meaning="For how long the urgent call that is due longest has waited for its turn; urgent calls go first.",
    remedy="An alarm is not going out. See workers, Redis and trunks; urgent calls need one trunk that is open.",
)
USED = Tile(
    title="Budget used",
    unit="percentunit",
    queries=[Query(budget_used(), "used")],
    steps=((0, "blue"), (0.9, "green"), (1.1, "red")),
    meaning="Which part of the calls a second that the carrier allows it accepted in the last minute.",
    remedy="Low while calls wait: dashboard *Carrier and budget*, returned tokens. Far above 100 %: the limit set is"
    " wrong, or somebody else dials on this account.",
)
ALARMS = Tile(
    title="Alerts firing",
    unit="short",
    queries=[Query(f"count ({FIRING}) or vector(0)", "firing")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "red")),
    meaning="How many of the dialer's alerts fire now; which, stands in the table below.",
    remedy="Each alert has its section in deploy/alerts.md. *None* though something is plainly wrong: are the rules"
    " loaded (deploy/prometheus/rules.yml)?",
)
REFUSED = Tile(
    title="Refused",
    unit="cpm",
    queries=[
        Query(
            f"60 * ({by('sum', (), budget_rate('dialer_budget_refused'))})",
            "refused",
        )
    ],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (6, "orange"), (60, "red")),
    meaning="Requests a minute that the carrier refused or left in doubt.",
    remedy="A few are how the pacing learns its limit. Many: dashboard *Carrier and budget*, placements by result.",
)
UNKNOWN = Tile(
    title="Unknown now",
    unit="short",
    queries=[Query(fleet("dialer_attempts_unknown"), "unknown")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "orange"), (20, "red")),
    meaning="Attempts of which nobody knows yet whether the phone rings: the carrier's answer was lost.",
    remedy="The sweeper settles them in minutes. Growing: the carrier's answers or its list are lost."
    " Runbook: deploy/README.md, Carrier down.",
)
DOUBTFUL = Tile(
    title="Doubtful: look yourself",
    unit="short",
    queries=[Query(fleet("dialer_calls_undetermined"), "undetermined")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "red")),
    meaning="Calls given up as undetermined: neither a webhook nor the carrier's list told whether the phone rang.",
    remedy="They are not called again by themselves. Runbook: deploy/README.md, Calls undetermined.",
)
UNTAKEN = Tile(
    title="Alarms nobody took",
    unit="short",
    queries=[Query(fleet("dialer_escalations_unconfirmed"), "in vain")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "red")),
    meaning="Escalations that ended in vain within a day, and that nobody has taken over since.",
    remedy="Look after what they were about, now: `dialer status` has them, `dialer escalation confirm` says who did.",
)
TRUNKS = Tile(
    title="Worst trunk",
    unit="short",
    queries=[Query(trunk_state(), "trunks")],
    words=TRUNK_WORDS,
    meaning="*Held back*: nothing goes out by a trunk for a while after a refusal. *Stopped*: its breaker is open.",
    remedy="*Stopped*: `dialer trunk list` tells why and until when. Calls go on by other trunks of their campaign.",
)
FIRING_NOW = Table(
    title="Alerts",
    unit="short",
    queries=[
        Query('max by (alertname, severity, alertstate) (ALERTS{alertname=~"Dialer.*"})', "{{alertname}}"),
    ],
    columns={"alertname": "Alert", "severity": "Severity", "alertstate": "State"},
    first="alertstate",
    empty="none",
    meaning="The dialer's alerts that fire, and those that are about to (*pending*).",
    remedy="Open the alert's section in deploy/alerts.md: what it means, what to look at, what to do.",
)
TRUNK_TIMES = States(
    title="Trunks",
    unit="short",
    queries=[Query(trunk_state("trunk"), "{{trunk}}")],
    words=TRUNK_WORDS,
    meaning="When each trunk was open, held back after a refusal, or stopped by its breaker.",
    remedy="Red for long: the carrier is down. Runbook: deploy/README.md, Carrier down.",
)

BOARD = Board(
    uid="dialer-on-call",
    title="Dialer: on call",
    about="Are people being reached? One screen; what to do stands behind each tile's mark.",
    rows=[
        Row(
            None,
            [
                Line(5, [(8, CALLING), (4, REACHED_NOW), (4, URGENT), (4, USED), (4, ALARMS)]),
                Line(
                    4,
                    [
                        *((4, WORKERS), (3, REDIS_NOW), (4, TRUNKS), (3, REFUSED)),
                        *((3, UNKNOWN), (4, DOUBTFUL), (3, UNTAKEN)),
                    ],
                ),
                Line(5, [(12, ACCEPTED), (12, DONE)]),
                Line(6, [(14, FIRING_NOW), (10, TRUNK_TIMES)]),
            ],
        )
    ],
)
