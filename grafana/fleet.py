"""*Fleet*: the processes, what they do over and over, their queue, their Redis and their API."""

from __future__ import annotations

from grafana.board import Board, Line, Row
from grafana.panels import Bars, Chart, States, Table, Tile, Word
from grafana.queries import OF_JOB, Query, by, chosen, each_instance, each_minute, fleet, quantiles
from grafana.redis import REDIS, REDIS_NOW
from grafana.requests import REQUESTS

_LONG = "reap|recordings"
"""Duties that do not come round every few seconds."""


def _silent(is_long: str, allowed_s: int) -> str:
    last = by("max", ("duty",), chosen("dialer_last_turn_timestamp_seconds", f'duty{is_long}"{_LONG}"'))
    return f"(time() - {last}) / {allowed_s}"


WORKERS = Tile(
    title="Workers",
    unit="short",
    queries=[Query(fleet("dialer_workers"), "workers")],
    words={"0": Word("none", "red")},
    steps=((0, "red"), (1, "green")),
    meaning="Workers heard from within the last 15 seconds. One is enough to call; two outlive each other.",
    remedy="Fewer than you started: see why they ended. None: nothing is dialed. All gone at once: Redis."
    " Runbook: deploy/README.md, Redis lost.",
)
APIS = Tile(
    title="APIs",
    unit="short",
    queries=[Query(fleet("dialer_apis"), "APIs")],
    words={"0": Word("none", "red")},
    steps=((0, "red"), (1, "green")),
    meaning="API processes that serve webhooks and the page. Without one, whoever picks up hears silence.",
    remedy="Fewer than you started: see why they ended. *No data*: none is scraped.",
)
VERSIONS = Tile(
    title="Versions",
    unit="short",
    queries=[Query(f"count ({by('count', ('version',), chosen('dialer_build_info'))})", "versions")],
    words={"1": Word("one", "green")},
    steps=((0, "green"), (2, "orange")),
    meaning="How many versions of the dialer run side by side: two while it is being upgraded.",
    remedy="Two for hours: an upgrade has not come to its end; the table below says which process runs what.",
)
HOPPER = Tile(
    title="Hopper depth",
    unit="short",
    queries=[Query(fleet("dialer_hopper_depth"), "claimed")],
    steps=((0, "blue"),),
    meaning="Claimed calls waiting for their moment, over the whole fleet: about half a second's worth of budget.",
    remedy="Zero while calls are due: no token is given; see gate and workers. Above a second's worth: a worker"
    " died or hangs; its calls go back when their leases lapse.",
)
QUEUE = Tile(
    title="arq queue",
    unit="short",
    queries=[Query(fleet("dialer_arq_queue_depth"), "jobs")],
    words={"0": Word("empty", "green")},
    steps=((0, "green"), (100, "orange"), (1000, "red")),
    meaning="Jobs that wait in arq's queue. The backlog of calls is not here: only what is dialed within a second.",
    remedy="Growing: workers are too few or stuck. See *Job time* and *Jobs by result*.",
)

PROCESSES = Table(
    title="Processes",
    unit="short",
    queries=[
        Query(
            by("max", ("instance", "role", "version", "python"), chosen("dialer_build_info")),
            "{{instance}}",
        )
    ],
    columns={"instance": "Process", "role": "Role", "version": "Version", "python": "Python"},
    first="role",
    empty="none is scraped",
    meaning="Every process that is scraped and what it runs.",
    remedy="One is missing: its port is not what Prometheus was told, or it ended. Two versions: an upgrade under way.",
)
SCRAPED = States(
    title="Scraped",
    unit="short",
    queries=[Query('min by (instance) (up{job=~".*dialer.*", instance=~"$instance"})', "{{instance}}")],
    words={"0": Word("does not answer", "red"), "1": Word("answers", "green")},
    meaning="Whether each process answered Prometheus.",
    remedy="Red: it died, hangs, or its metrics port is closed to Prometheus; of what it counts nothing is known.",
)
DUTIES = Bars(
    title="Duties: how long silent",
    unit="percentunit",
    queries=[Query(f"{_silent('!~', 180)} or {_silent('=~', 10_800)}", "{{duty}}")],
    most=1,
    steps=((0, "green"), (0.5, "orange"), (1, "red")),
    meaning="Time since each duty of the fleet last came through without an error, as a part of what is allowed: three"
    " minutes, or three hours for `reap`, which is hourly, and `recordings`, which takes as long as its downloads.",
    remedy="Red: it hangs or fails each time; the workers' logs say why. Restart one worker after the other.",
)
IN_HAND = Chart(
    title="Calls in hand",
    unit="short",
    queries=[each_instance("dialer_calls_in_hand")],
    meaning="Calls that each worker has claimed and not yet sent; it takes no more than 256.",
    remedy="One worker far above the others or at 256: its machine cannot keep up; see lateness.",
)
LAPSED = Chart(
    title="Leases lapsed, by state",
    unit="cpm",
    queries=[each_minute("dialer_leases_lapsed_total", "state")],
    meaning="Calls a minute whose holder was presumed dead or silent, by the call's state then.",
    remedy="`claimed` or `placing`: a worker was killed or hangs. `live`: the carrier went silent about calls;"
    " see callbacks.",
)
RESCUED = Chart(
    title="Rescued, by reason",
    unit="cpm",
    queries=[each_minute("dialer_rescued_total", "reason")],
    meaning="What the sweeper did with them, a minute: back in line, found in the carrier's list, asked, redialed.",
    remedy="`asked`, `no_reason`: callbacks are lost. `undetermined`: nobody could tell whether the phone rang."
    " Runbook: deploy/README.md, Calls undetermined.",
)
UNWRITTEN = Chart(
    title="Log lines lost",
    unit="cpm",
    queries=[each_minute("dialer_log_lines_lost_total", "instance")],
    meaning="Log lines a minute that could not be written. Calls go on without them.",
    remedy="Make room on the disk that the logs of this process go to, or start again what reads them.",
)
JOB_TIME = Chart(
    title="Job time (p99)",
    unit="s",
    queries=quantiles("dialer_job_seconds", 99, label=OF_JOB),
    meaning="Time one job took. Placing sleeps until its moment and waits for the carrier, so a second is usual.",
    remedy="`rescue` near 60 s: the carrier's list is slow. Others: see placement time, then Redis.",
)
JOBS = Chart(
    title="Jobs by result",
    unit="cpm",
    queries=[each_minute("dialer_job_seconds_count", OF_JOB, "result")],
    meaning="Jobs ended, a minute.",
    remedy="`failed`: Redis was away (the job's calls are found again by their leases) or a fault of ours; the"
    " worker's log has it. No `rescue` at all: no worker runs.",
)

BOARD = Board(
    uid="dialer-fleet",
    title="Dialer: fleet",
    about="The processes, their duties and jobs, Redis, and the API. Runbook: deploy/README.md.",
    rows=[
        Row(None, [Line(4, [(4, panel) for panel in (WORKERS, APIS, VERSIONS, HOPPER, QUEUE, REDIS_NOW)])]),
        Row(
            "Processes",
            [
                Line(11, [(10, PROCESSES), (7, SCRAPED), (7, DUTIES)]),
                Line(8, [(6, IN_HAND), (6, LAPSED), (6, RESCUED), (6, UNWRITTEN)]),
            ],
        ),
        Row("Jobs", [Line(8, [(12, JOB_TIME), (12, JOBS)])]),
        REDIS,
        REQUESTS,
    ],
)
