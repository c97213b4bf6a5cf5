"""*Campaigns*: how far they are, what becomes of their calls, and who confirmed."""

from __future__ import annotations

from grafana.board import Board, Line, Row
from grafana.customers import CUSTOMERS
from grafana.panels import Bars, Chart, Tile, Word
from grafana.queries import Query, each_minute, fleet, happened, in_range, per_second, quantiles, state, worst
from grafana.recordings import RECORDINGS
from grafana.shared_panels import DONE, REACHED, REACHED_NOW, share

_NEVER_S = 8_640_000
"""A hundred days: what is farther off does not end at this pace."""
_TO_GO = fleet("dialer_calls_by_state")
_RUNNING = ('state="running"',)

RUNNING = Tile(
    title="Campaigns running",
    unit="short",
    queries=[Query(fleet("dialer_campaigns", where=_RUNNING), "running")],
    words={"0": Word("none", "blue")},
    meaning="Campaigns that are running, their hours open or not.",
    remedy="Fewer than you started: see *Campaigns by state*; a paused one says why in its `reason`.",
)
TO_GO = Tile(
    title="Calls to go",
    unit="short",
    steps=((0, "blue"),),
    queries=[Query(_TO_GO, "to go")],
    words={"0": Word("none", "blue")},
    meaning="Calls of campaigns not yet ended that have no disposition yet.",
    remedy="Flat while campaigns run: dashboard *On call* says whether anything goes out.",
)
LIVE = Tile(
    title="Up now",
    unit="short",
    steps=((0, "blue"),),
    queries=[Query(fleet("dialer_calls_by_state", where=('state="live"',)), "up")],
    words={"0": Word("none", "blue")},
    meaning="Calls that ring or talk.",
    remedy="None though calls are placed: callbacks do not arrive; dashboard *Carrier and budget*, webhooks.",
)
TIME_LEFT = Tile(
    title="Time left at this pace",
    unit="s",
    queries=[Query(f"clamp_max({_TO_GO} / {per_second('dialer_calls_total', span='[10m]')}, {_NEVER_S})", "left")],
    words={"nan": Word("nothing to call", "blue"), str(_NEVER_S): Word("no end at this pace", "orange")},
    steps=((0, "blue"),),
    empty="nothing called yet",
    meaning="Calls to go by the pace of the last ten minutes. It knows neither hours nor redials; `dialer forecast`"
    " does.",
    remedy="*No end at this pace*: calls are due but none ends; dashboard *On call*.",
)
BREAKERS = Tile(
    title="Stopped by themselves",
    unit="short",
    queries=[Query(fleet("dialer_campaigns_stopped"), "stopped")],
    words={"0": Word("none", "green")},
    steps=((0, "green"), (1, "red")),
    meaning="Campaigns that a protection stopped: their own breaker is open, or the dialer paused them.",
    remedy="`dialer campaign show` tells why. An open breaker tries again by itself; one that was paused waits for a"
    " person: put list, script or account right, then resume.",
)

BY_STATE = Chart(
    title="Calls by state",
    unit="short",
    queries=[state("dialer_calls_by_state", "state")],
    meaning="Where the calls of campaigns not yet ended stand; *waiting* is the line that is still to be dialed.",
    remedy="*Waiting* flat while campaigns run: look at the gate and the workers. *Unknown* growing: the carrier's"
    " answers are lost; the sweeper settles them in minutes. Runbook: deploy/README.md, Calls undetermined.",
)
BY_KIND = Bars(
    title="Calls to go, by kind of campaign",
    unit="short",
    queries=[state("dialer_calls_by_state", "kind")],
    steps=((0, "blue"),),
    meaning="Calls of campaigns not yet ended that have no disposition yet, by the kind of their campaign.",
    remedy="*Escalation* that does not go down at once: an alarm is not going out; see *Oldest due call*, urgent.",
)
OLDEST = Chart(
    title="Oldest due call",
    unit="s",
    queries=[Query(worst("dialer_oldest_due_seconds", "priority"), "{{priority}}")],
    meaning="For how long the call due longest has waited, by priority. A long list makes *normal* grow by itself.",
    remedy="*Urgent* above a few seconds: no token is given, so look at the gate, the workers and Redis."
    " *Normal* grows beside enough budget: too few workers, or a campaign larger than its day.",
)
ATTEMPTS = Chart(
    title="Attempts ended, by disposition",
    unit="cpm",
    queries=[each_minute("dialer_attempts_total", "disposition")],
    meaning="Attempts a minute that a carrier event or the sweeper ended. A redialed call has several.",
    remedy="Far more attempts than calls done: redialing goes round in circles; lower the campaign's `times`."
    " None while calls are placed: callbacks do not arrive; dashboard *Carrier and budget*, webhooks.",
)
BY_CAMPAIGN_STATE = Chart(
    title="Campaigns by state",
    unit="short",
    queries=[
        state("dialer_campaigns", "state"),
        state("dialer_campaigns_ready", "trunk", legend="waiting for a token of {{trunk}}"),
    ],
    stacked=False,
    meaning="How many campaigns stand in each state, and how many of those that run wait for nothing but a token.",
    remedy="*Paused* grew by itself: the carrier refused in a way that is our fault; the campaign's `reason` says"
    " it. Put that right, then resume. *Running* with nothing waiting or live: look for unknown calls."
    " *Running* with calls due and none waiting for a token: `dialer campaign explain` says what holds them back.",
)
DISPOSITIONS = Bars(
    title="Dispositions in the time shown",
    unit="short",
    queries=[
        Query(
            happened(in_range("dialer_calls_total", "disposition"), in_range("dialer_calls_total"), "disposition"),
            "{{disposition}}",
        )
    ],
    steps=((0, "blue"),),
    meaning="How the calls ended that were done in the time that this page shows.",
    remedy="Compare with an earlier day of the same list; a shift to *failed* or *rejected* is the carrier's doing.",
)
DOUBTFUL = Chart(
    title="Unknown and doubtful",
    unit="short",
    queries=[
        state("dialer_attempts_unknown", legend="unknown, being settled"),
        state("dialer_calls_undetermined", legend="undetermined, look yourself"),
    ],
    stacked=False,
    meaning="Attempts of which nobody knows yet whether the phone rings, and calls given up as undetermined.",
    remedy="Unknown ones are settled by webhooks or the carrier's list. Undetermined: somebody must look."
    " Runbook: deploy/README.md, Calls undetermined.",
)
HELD = Bars(
    title="Waiting calls held back",
    unit="short",
    queries=[state("dialer_calls_held", "reason")],
    steps=((0, "blue"),),
    meaning="Calls that are due but wait one by one, and why: their number is up in another call, was dialed too"
    " lately or too often, or its prefix has but a share of the budget.",
    remedy="Many: `dialer explain` tells of one call until when. Caps and shares are settings of the campaign.",
)
OLDEST_UNKNOWN = Chart(
    title="Oldest unknown attempt",
    unit="s",
    queries=[state("dialer_oldest_unknown_seconds", legend="oldest")],
    meaning="For how long the attempt that is unknown longest has been so; 0 where none is.",
    remedy="Above `DIALER_UNKNOWN_HOLD_S`: the carrier's list is not to be had, or no worker sweeps; see the duties"
    " on dashboard *Fleet*. Runbook: deploy/README.md, Carrier down.",
)

CONFIRMED = Tile(
    title="Confirmed of reached",
    unit="percentunit",
    queries=[
        Query(
            share(
                in_range("dialer_calls_total", where=('disposition="confirmed"',)),
                in_range("dialer_calls_total", where=REACHED),
            ),
            "confirmed",
        )
    ],
    words={"nan": Word("nobody reached", "blue")},
    steps=((0, "blue"),),
    empty="nobody reached",
    meaning="How many of the people reached in the time shown pressed the key that confirms.",
    remedy="Low in a campaign that asks for a key: listen to the script with `dialer call`; the key is asked too late"
    " or too fast.",
)
CONFIRMATIONS = Chart(
    title="Confirmed and opted out",
    unit="cpm",
    queries=[each_minute("dialer_calls_total", "disposition", where=('disposition=~"confirmed|opted_out"',))],
    meaning="Calls a minute that ended with a key: the one that confirms, or the one that ends all further calls.",
    remedy="Many *opted_out*: pause and ask who is being called with what. None *confirmed* where a key is asked for:"
    " the carrier's input webhook does not arrive.",
)
ESCALATIONS = Chart(
    title="Escalations over, by reason",
    unit="cpm",
    queries=[
        each_minute("dialer_escalations_total", "reason"),
        each_minute("dialer_calls_escalated_total", legend="begun for calls given up"),
    ],
    stacked=False,
    meaning="Escalations a minute that are over, by why: as many had confirmed as were needed, everybody was called"
    " in vain, their end came first, or somebody ended them. Beside them those that redial policies began.",
    remedy="*Exhausted* or *expired*: nobody has taken the alarm over; somebody must look at once, and then at the"
    " numbers and waits of its steps.",
)
ESCALATION_TIME = Chart(
    title="Time until an escalation was confirmed",
    unit="s",
    queries=quantiles("dialer_escalation_confirmation_seconds", 50, 95),
    meaning="From the first step of an escalation until as many had confirmed as were needed.",
    remedy="Near the waits of the steps: the people of the first step do not answer. Far above the time that a"
    " phone rings: urgent calls get no token; see *Oldest due call*.",
)

BOARD = Board(
    uid="dialer-campaigns",
    title="Dialer: campaigns",
    about="How far campaigns are, what becomes of their calls, who confirmed. Runbook: deploy/README.md.",
    since="now-3h",
    rows=[
        Row(
            "Progress",
            [
                Line(4, [(4, panel) for panel in (RUNNING, TO_GO, LIVE, TIME_LEFT, REACHED_NOW, BREAKERS)]),
                Line(8, [(12, BY_STATE), (12, DONE)]),
                Line(8, [(8, OLDEST), (8, BY_KIND), (8, BY_CAMPAIGN_STATE)]),
            ],
        ),
        Row(
            "Dispositions",
            [
                Line(8, [(8, DISPOSITIONS), (16, ATTEMPTS)]),
                Line(8, [(8, DOUBTFUL), (8, OLDEST_UNKNOWN), (8, HELD)]),
            ],
        ),
        Row(
            "Confirmations and escalations",
            [Line(8, [(4, CONFIRMED), (6, CONFIRMATIONS), (7, ESCALATIONS), (7, ESCALATION_TIME)])],
        ),
        CUSTOMERS,
        RECORDINGS,
    ],
)
