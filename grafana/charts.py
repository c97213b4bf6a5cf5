"""What the dashboard shows: what is asked of Prometheus, what it means and what to do when it looks wrong.

Gauges of the shared state are read by every API process from the same Redis, so they are asked for the `fleet`: the
maximum, and never by instance. Counters and times belong to the process that made the change, so they are summed over
the instances chosen. A test holds each expression against the contracts of `dialer/metrics.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

_CHOSEN = '{instance=~"$instance"}'
_SPAN = "[$__rate_interval]"
_JOB = "exported_job"  # our label `job`: Prometheus keeps that name for what it scrapes and renames ours


@dataclass(frozen=True, slots=True)
class Query:
    """One expression and the name of its lines."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel; `unit` is Grafana's name for it, `cpm` and `cps` being counts a minute and a second."""

    title: str
    unit: str
    _: KW_ONLY
    queries: Sequence[Query]
    meaning: str
    remedy: str


def fleet(gauge: str, *labels: str) -> Query:
    """A gauge of the shared state: every API process tells the same, so the maximum."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return Query(f"max{by} ({gauge})", " ".join(f"{{{{{label}}}}}" for label in labels) or "fleet")


def budget_rate(gauge: str, legend: str) -> Query:
    """How fast a number of the shared budget grows; always over one minute, as a limit must not be averaged away."""
    return Query(f"max by (trunk) (rate({gauge}[1m]))", f"{legend} {{{{trunk}}}}")


def each_minute(counter: str, *labels: str) -> Query:
    """Increments a minute of a counter, summed over the instances chosen."""
    legend = " ".join(f"{{{{{label}}}}}" for label in labels)
    return Query(f"60 * sum by ({', '.join(labels)}) (rate({counter}{_CHOSEN}{_SPAN}))", legend)


def each_instance(gauge: str) -> Query:
    """A gauge of a process itself, one line for each instance chosen."""
    return Query(f"max by (instance) ({gauge}{_CHOSEN})", "{{instance}}")


def quantiles(histogram: str, *percents: int, by: str = "") -> list[Query]:
    """Quantiles of a time over the instances chosen, one line each (and for each value of the label `by`)."""
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) (rate({histogram}_bucket{_CHOSEN}{_SPAN}))"
    legend = f" {{{{{by}}}}}" if by else ""
    return [Query(f"histogram_quantile({percent / 100:g}, {buckets})", f"p{percent}{legend}") for percent in percents]


CAMPAIGNS = (
    Chart(
        "Calls by state and priority",
        "short",
        queries=[fleet("dialer_calls_by_state", "state", "priority", "kind")],
        meaning="Where the calls of campaigns not yet ended stand; *waiting* is the line that is still to be dialed.",
        remedy="*Waiting* flat while campaigns run: look at the gate and the workers. *Unknown* growing: the carrier's"
        " answers are lost; the sweeper settles them in minutes. Runbook: deploy/README.md, Calls undetermined.",
    ),
    Chart(
        "Oldest due call",
        "s",
        queries=[fleet("dialer_oldest_due_seconds", "priority")],
        meaning="For how long the call due longest has waited, by priority. A long list makes *normal* grow by itself.",
        remedy="*Urgent* above a few seconds: no token is given, so look at the gate, the workers and Redis."
        " *Normal* grows beside enough budget: too few workers, or a campaign larger than its day.",
    ),
    Chart(
        "Calls done, by disposition",
        "cpm",
        queries=[each_minute("dialer_calls_total", "disposition")],
        meaning="Calls a minute that reached their disposition by dialing. Calls that end in one stroke because"
        " their campaign is cancelled are in its results only.",
        remedy="Many *failed* or *invalid_number*: the list or the script is bad; read the campaign's results and pause"
        " it. *Undetermined*: somebody must look. Runbook: deploy/README.md, Calls undetermined.",
    ),
    Chart(
        "Attempts ended, by disposition",
        "cpm",
        queries=[each_minute("dialer_attempts_total", "disposition")],
        meaning="Attempts a minute that a carrier event or the sweeper ended. A redialed call has several.",
        remedy="Far more attempts than calls done: redialing goes round in circles; lower the campaign's `times`."
        " None while calls are placed: callbacks do not arrive; see the row *Webhooks*.",
    ),
    Chart(
        "Escalations over, by reason",
        "cpm",
        queries=[
            each_minute("dialer_escalations_total", "reason"),
            Query(f"60 * sum(rate(dialer_calls_escalated_total{_CHOSEN}{_SPAN}))", "begun for calls given up"),
        ],
        meaning="Escalations a minute that are over, by why: as many had confirmed as were needed, everybody was called"
        " in vain, their end came first, or somebody ended them. Beside them those that redial policies began.",
        remedy="*Exhausted* or *expired*: nobody has taken the alarm over; somebody must look at once, and then at the"
        " numbers and waits of its steps.",
    ),
    Chart(
        "Time until an escalation was confirmed",
        "s",
        queries=quantiles("dialer_escalation_confirmation_seconds", 50, 95),
        meaning="From the first step of an escalation until as many had confirmed as were needed.",
        remedy="Near the waits of the steps: the people of the first step do not answer. Far above the time that a"
        " phone rings: urgent calls get no token; see *Oldest due call*.",
    ),
    Chart(
        "Campaigns by state",
        "short",
        queries=[fleet("dialer_campaigns", "state", "kind")],
        meaning="How many campaigns stand in each state.",
        remedy="*Paused* grew by itself: the carrier refused in a way that is our fault; the campaign's `reason` says"
        " it. Put that right, then resume. *Running* with nothing waiting or live: look for unknown calls.",
    ),
)

CARRIER = (
    Chart(
        "Calls accepted against the limit",
        "cps",
        queries=[
            budget_rate("dialer_budget_accepted", "accepted"),
            Query("max by (trunk) (dialer_budget_calls_per_second)", "limit {{trunk}}"),
        ],
        meaning="Calls a second that the carrier accepted, over one minute, beside the calls a second that it allows.",
        remedy="Below the limit while calls wait: see margin, gate and returned tokens. A hair above for one point is"
        " rounding of the scrape; above for longer: somebody else dials on this account, or the limit set is wrong.",
    ),
    Chart(
        "Margin",
        "percentunit",
        queries=[fleet("dialer_margin_ratio", "trunk")],
        meaning="What the pacing adds to its interval. It grows after being refused and shrinks while all goes well.",
        remedy="Above 10 % for long: the carrier counts more strictly than `DIALER_CALLS_PER_SECOND` says, or another"
        " dialer shares the account. Ask the carrier, or lower the setting.",
    ),
    Chart(
        "Gate",
        "s",
        queries=[fleet("dialer_gate_seconds", "trunk")],
        meaning="For how long yet nothing goes out, after a refusal or trouble of the carrier. Zero is open.",
        remedy="Growing steps up to a minute: the carrier is down; calls keep their place. Hours: a quota is used up."
        " Runbook: deploy/README.md, Carrier down.",
    ),
    Chart(
        "Trunks stopped",
        "short",
        queries=[fleet("dialer_trunk_stopped", "trunk")],
        meaning="1 while the breaker of a trunk is open: too many of the last attempts by it failed, of all campaigns.",
        remedy="`dialer trunk list` tells how many failed and until when it waits; campaigns with another trunk go on"
        " by that. Ask the carrier; it opens by itself once three probes have gone well.",
    ),
    Chart(
        "Refusals",
        "cps",
        queries=[
            Query(f"sum by (trunk) (rate(dialer_rate_refusals_total{_CHOSEN}{_SPAN}))", "too fast (429) {{trunk}}"),
            budget_rate("dialer_budget_refused", "refused or in doubt"),
        ],
        meaning="Requests a second that were refused as too fast, and all that were refused or left in doubt.",
        remedy="A few 429s are how the pacing learns; many in a row: see the margin. Refusals that are no 429s: see"
        " the results beside this.",
    ),
    Chart(
        "Placements by result",
        "cpm",
        queries=[each_minute("dialer_placements_total", "result")],
        meaning="The carrier's answers a minute: placed, refused (surely no call) or unknown (the phone may ring).",
        remedy="`refused_misconfigured`: product, application or address is wrong and the campaign pauses."
        " `refused_token`: check the credentials. `unknown_…`: Runbook: deploy/README.md, Carrier down.",
    ),
    Chart(
        "Placement time",
        "s",
        queries=quantiles("dialer_placement_seconds", 50, 95, 99),
        meaning="From sending a request to the carrier's answer. It never slows the pace.",
        remedy="Near `DIALER_CARRIER_TIMEOUT_S`: answers will be lost and calls become unknown. Tell the carrier; look"
        " at the network between.",
    ),
    Chart(
        "Lateness",
        "s",
        queries=quantiles("dialer_lateness_seconds", 99),
        meaning="How late requests left for their moment (p99). Up to 2 ms is usual; above 350 ms a token is lost.",
        remedy="The worker's machine is starved or stopped: add workers or CPU; each late call delays all that follow.",
    ),
    Chart(
        "Tokens returned, by reason",
        "cpm",
        queries=[each_minute("dialer_tokens_returned_total", "reason")],
        meaning="Budget not used, a minute. `preempted` is an urgent call going first and costs nothing.",
        remedy="`too_late` or `gone`: see lateness and the workers. `not_ready`: no access token, see beside this."
        " `gate_closed`, `not_running`: only right after a refusal or a pause.",
    ),
    Chart(
        "Orders to calls, by result",
        "cpm",
        queries=[each_minute("dialer_orders_total", "order", "result")],
        meaning="Hang-ups, mutes, transfers, speech and keys that were ordered for calls in progress, a minute.",
        remedy="`refused`, `no_answer`: see its other answers. `too_early`: it takes orders for new calls late.",
    ),
    Chart(
        "Access token renewals",
        "cpm",
        queries=[each_minute("dialer_token_renewals_total", "result")],
        meaning="Access tokens asked of the carrier, a minute. The fleet shares one, so they are rare.",
        remedy="`failed` again and again: client id or secret is wrong or revoked, or the token server is down."
        " Renewed every minute: something revokes our token; another dialer with the same credentials?",
    ),
    Chart(
        "Access token lifetime",
        "s",
        queries=[each_instance("dialer_token_lifetime_seconds")],
        meaning="For how long each process' token is good yet. Zero: it holds none, as an API may.",
        remedy="A worker falls to zero while it dials: renewal fails; calls go back to waiting until it works again.",
    ),
)

WEBHOOKS = (
    Chart(
        "Answer webhook time",
        "s",
        queries=quantiles("dialer_answer_webhook_seconds", 50, 99),
        meaning="Time to serve what a call says. Somebody has picked up and hears silence for as long.",
        remedy="p99 above 100 ms: the API's machine or Redis is busy; add an API process, look at Redis' latency.",
    ),
    Chart(
        "Callback time",
        "s",
        queries=quantiles("dialer_callback_seconds", 50, 99),
        meaning="Time to apply one carrier event, in one step in Redis.",
        remedy="Seconds: Redis is slow (its disk?) or away; the carrier repeats what we did not take."
        " Runbook: deploy/README.md, Redis lost.",
    ),
    Chart(
        "Callback lag",
        "s",
        queries=quantiles("dialer_callback_lag_seconds", 50, 99),
        meaning="From the carrier's time stamp of an event to its arrival here; clocks that differ show here too.",
        remedy="Minutes: the carrier is behind or repeats after failures of ours; look at the proxy's log for 5xx."
        " A constant offset: set this machine's clock.",
    ),
    Chart(
        "Callbacks by kind",
        "cpm",
        queries=[each_minute("dialer_callbacks_total", "kind")],
        meaning="Carrier events a minute with a valid token; each call brings several.",
        remedy="None while calls are live: the carrier cannot reach `DIALER_PUBLIC_URL`; try it from outside, check"
        " proxy and certificate (deploy/nginx.conf).",
    ),
    Chart(
        "Callbacks ignored, by reason",
        "cpm",
        queries=[each_minute("dialer_callbacks_ignored_total", "reason")],
        meaning="Callbacks a minute that changed nothing. A few `repeated` and `nothing_new` are usual.",
        remedy="`forged_token`: the secret was changed while calls were live (Runbook: deploy/README.md, Rotate"
        " secrets), or somebody is guessing. `unreadable`: the carrier's format changed; keep one and look.",
    ),
)

RECORDINGS = (
    Chart(
        "Oldest recording not fetched",
        "s",
        queries=[fleet("dialer_oldest_unfetched_recording_seconds")],
        meaning="Age of the oldest recording that is neither stored nor given up. The carrier deletes it at 30 days.",
        remedy="Above an hour: `dialer recording list --state failed` says why. Above 25 days: make haste."
        " Runbook: deploy/README.md, Recordings not fetched.",
    ),
    Chart(
        "Recordings by result",
        "cpm",
        queries=[each_minute("dialer_recordings_total", "result")],
        meaning="Recordings a minute that the carrier told of, that were stored, whose fetch failed, and so on.",
        remedy="`carrier_failed`: the carrier is slow or refuses its token. `storage_failed`: the disk is full or the"
        " bucket is not to be written. `gone`: lost. Runbook: deploy/README.md, Recordings not fetched.",
    ),
)

FLEET = (
    Chart(
        "Workers",
        "short",
        queries=[fleet("dialer_workers")],
        meaning="Workers heard from within the last 15 seconds.",
        remedy="Fewer than you started: see why they ended. None: nothing is dialed. All gone at once: Redis."
        " Runbook: deploy/README.md, Redis lost.",
    ),
    Chart(
        "Hopper depth",
        "short",
        queries=[fleet("dialer_hopper_depth")],
        meaning="Claimed calls waiting for their moment, over the whole fleet: about half a second's worth of budget.",
        remedy="Zero while calls are due: no token is given; see gate and workers. Above a second's worth: a worker"
        " died or hangs; its calls go back when their leases lapse.",
    ),
    Chart(
        "Calls in hand",
        "short",
        queries=[each_instance("dialer_calls_in_hand")],
        meaning="Calls that each worker has claimed and not yet sent; it takes no more than 256.",
        remedy="One worker far above the others or at 256: its machine cannot keep up; see lateness.",
    ),
    Chart(
        "Leases lapsed, by state",
        "cpm",
        queries=[each_minute("dialer_leases_lapsed_total", "state")],
        meaning="Calls a minute whose holder was presumed dead or silent, by the call's state then.",
        remedy="`claimed` or `placing`: a worker was killed or hangs. `live`: the carrier went silent about calls;"
        " see callbacks.",
    ),
    Chart(
        "Rescued, by reason",
        "cpm",
        queries=[each_minute("dialer_rescued_total", "reason")],
        meaning="What the sweeper did with them, a minute: back in line, found in the carrier's list, asked, redialed.",
        remedy="`asked`, `no_reason`: callbacks are lost. `undetermined`: nobody could tell whether the phone rang."
        " Runbook: deploy/README.md, Calls undetermined.",
    ),
    Chart(
        "Job time",
        "s",
        queries=quantiles("dialer_job_seconds", 50, 99, by=_JOB),
        meaning="Time one job took. Placing sleeps until its moment and waits for the carrier, so a second is usual.",
        remedy="`rescue` near 60 s: the carrier's list is slow. Others: see placement time, then Redis.",
    ),
    Chart(
        "Jobs by result",
        "cpm",
        queries=[each_minute("dialer_job_seconds_count", _JOB, "result")],
        meaning="Jobs ended, a minute.",
        remedy="`failed`: Redis was away (the job's calls are found again by their leases) or a fault of ours; the"
        " worker's log has it. No `rescue` at all: no worker runs.",
    ),
    Chart(
        "Changes unconfirmed",
        "cpm",
        queries=[each_minute("dialer_redis_changes_unconfirmed_total", "instance")],
        meaning="Changes a minute that too few replicas of Redis confirmed in time: they count as not done, so that no"
        " phone rings twice after a failover.",
        remedy="Anything for more than seconds: nothing is dialed and the API answers 503. Bring the replicas back."
        " Runbook: docs/redis.md.",
    ),
)
