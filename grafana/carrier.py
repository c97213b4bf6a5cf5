"""*Carrier and budget*: whether the calls that the carrier allows are used, and how it answers."""

from __future__ import annotations

from grafana.board import Board, Line, Row
from grafana.panels import Bars, Chart, States
from grafana.queries import Query, budget_rate, each_instance, each_minute, per_second, quantiles, worst
from grafana.shared_panels import ACCEPTED, TRUNK_WORDS, budget_used, trunk_state
from grafana.webhooks import WEBHOOKS

_TROUBLE = "refused_unavailable|unknown_.*"
"""Results of a placing that are the carrier's own trouble, or leave us in doubt."""

USED = Bars(
    title="Budget used",
    unit="percentunit",
    queries=[Query(budget_used("trunk"), "{{trunk}}")],
    most=1,
    steps=((0, "blue"), (0.9, "green"), (1.1, "red")),
    meaning="Which part of the calls a second that the carrier allows it accepted in the last minute, by trunk.",
    remedy="Low while calls wait: see margin, gate and returned tokens. Red: the limit set is wrong, or somebody else"
    " dials on this account.",
)
MARGIN = Chart(
    title="Margin",
    unit="percentunit",
    queries=[Query(worst("dialer_margin_ratio", "trunk"), "{{trunk}}")],
    meaning="What the pacing adds to its interval. It grows after being refused and shrinks while all goes well.",
    remedy="Above 10 % for long: the carrier counts more strictly than `DIALER_CALLS_PER_SECOND` says, or another"
    " dialer shares the account. Ask the carrier, or lower the setting.",
)
GATE = Chart(
    title="Gate",
    unit="s",
    queries=[Query(worst("dialer_gate_seconds", "trunk"), "{{trunk}}")],
    meaning="For how long yet nothing goes out, after a refusal or trouble of the carrier. Zero is open.",
    remedy="Growing steps up to a minute: the carrier is down; calls keep their place. Hours: a quota is used up."
    " Runbook: deploy/README.md, Carrier down.",
)
STOPPED = States(
    title="Trunks and their breakers",
    unit="short",
    queries=[Query(trunk_state("trunk"), "{{trunk}}")],
    words=TRUNK_WORDS,
    meaning="*Stopped*: the breaker of a trunk is open, as too many of the last attempts by it failed, of all"
    " campaigns. *Held back*: the gate is closed after a refusal.",
    remedy="`dialer trunk list` tells how many failed and until when it waits; campaigns with another trunk go on"
    " by that. Ask the carrier; it opens by itself once three probes have gone well.",
)
RETURNED = Chart(
    title="Tokens returned, by reason",
    unit="cpm",
    queries=[each_minute("dialer_tokens_returned_total", "reason")],
    meaning="Budget not used, a minute. `preempted` is an urgent call going first and costs nothing.",
    remedy="`too_late` or `gone`: see lateness and the workers. `not_ready`: no access token, see beside this."
    " `gate_closed`, `not_running`: only right after a refusal or a pause.",
)
LATENESS = Chart(
    title="Lateness",
    unit="s",
    queries=quantiles("dialer_lateness_seconds", 99, label="trunk"),
    meaning="How late requests left for their moment (p99). Up to 2 ms is usual; above 350 ms a token is lost.",
    remedy="The worker's machine is starved or stopped: add workers or CPU; each late call delays all that follow.",
)

REFUSALS = Chart(
    title="Refusals",
    unit="cps",
    queries=[
        Query(per_second("dialer_rate_refusals_total", "trunk"), "too fast (429) {{trunk}}"),
        Query(budget_rate("dialer_budget_refused"), "refused or in doubt {{trunk}}"),
    ],
    meaning="Requests a second that were refused as too fast, and all that were refused or left in doubt.",
    remedy="A few 429s are how the pacing learns; many in a row: see the margin. Refusals that are no 429s: see"
    " the results beside this.",
)
FAILED = Chart(
    title="The carrier's own failures (5xx)",
    unit="cpm",
    queries=[each_minute("dialer_placements_total", "result", where=(f'result=~"{_TROUBLE}"',))],
    meaning="Requests a minute that the carrier answered with a failure of its own, or not at all.",
    remedy="The carrier is in trouble: the gate closes for growing times and calls keep their place."
    " Runbook: deploy/README.md, Carrier down.",
)
PLACEMENTS = Chart(
    title="Placements by result",
    unit="cpm",
    queries=[each_minute("dialer_placements_total", "result")],
    meaning="The carrier's answers a minute: placed, refused (surely no call) or unknown (the phone may ring).",
    remedy="`refused_misconfigured`: product, application or address is wrong and the campaign pauses."
    " `refused_token`: check the credentials. `unknown_…`: Runbook: deploy/README.md, Carrier down.",
)
PLACEMENT_TIME = Chart(
    title="Placement time",
    unit="s",
    queries=quantiles("dialer_placement_seconds", 50, 95, 99),
    meaning="From sending a request to the carrier's answer. It never slows the pace.",
    remedy="Near `DIALER_CARRIER_TIMEOUT_S`: answers will be lost and calls become unknown. Tell the carrier; look"
    " at the network between.",
)
ORDERS = Chart(
    title="Orders to calls, by result",
    unit="cpm",
    queries=[each_minute("dialer_orders_total", "order", "result")],
    meaning="Hang-ups, mutes, transfers, speech and keys that were ordered for calls in progress, a minute.",
    remedy="`refused`, `no_answer`: see its other answers. `too_early`: it takes orders for new calls late.",
)

RENEWALS = Chart(
    title="Access token renewals",
    unit="cpm",
    queries=[each_minute("dialer_token_renewals_total", "result")],
    meaning="Access tokens asked of the carrier, a minute. The fleet shares one, so they are rare.",
    remedy="`failed` again and again: client id or secret is wrong or revoked, or the token server is down."
    " Renewed every minute: something revokes our token; another dialer with the same credentials?",
)
LIFETIME = Chart(
    title="Access token lifetime",
    unit="s",
    queries=[each_instance("dialer_token_lifetime_seconds")],
    meaning="For how long each process' token is good yet. Zero: it holds none, as an API may.",
    remedy="A worker falls to zero while it dials: renewal fails; calls go back to waiting until it works again.",
)

BOARD = Board(
    uid="dialer-carrier",
    title="Dialer: carrier and budget",
    about="Whether the calls that the carrier allows are used, and how it answers. Runbook: deploy/README.md.",
    rows=[
        Row(
            "Budget",
            [
                Line(8, [(12, ACCEPTED), (6, USED), (6, STOPPED)]),
                Line(8, [(6, MARGIN), (6, GATE), (6, RETURNED), (6, LATENESS)]),
            ],
        ),
        Row(
            "The carrier's answers",
            [
                Line(8, [(8, PLACEMENTS), (8, PLACEMENT_TIME), (8, REFUSALS)]),
                Line(8, [(6, panel) for panel in (FAILED, ORDERS, RENEWALS, LIFETIME)]),
            ],
        ),
        WEBHOOKS,
    ],
)
