"""The labels of the metrics with all the values that each may have: closed sets, no numbers, no ids, no error texts."""

from __future__ import annotations

from itertools import chain

from dialer import __version__, forms
from dialer.dispositions import Disposition
from dialer.escalations.ladder import Why
from dialer.holding import Held
from dialer.kinds import KINDS
from dialer.metrics.contract import Label, one_of
from dialer.model import MAIN, Priority
from dialer.providers.base import Doubt, Refusal
from dialer.providers.kpn.events import EventKind
from dialer.providers.steering import Act
from dialer.states import UP, CallState, CampaignState
from dialer.webhook_signature import Distrust

JOBS = (
    *KINDS,
    "rescue",
    "watch_conferences",
    "watch_escalations",
    "escalate",
    "reap",
    "again",
    "erase",
    "recordings",
    "renew_token",
)
"""arq's jobs: those that place the calls of a kind, then those of a schedule."""
LOOPS = ("clock", "heartbeat", "hopper", "hang_ups", "callbacks", "data")
"""What a process does over and over beside arq's jobs."""

DISPOSITION = one_of("disposition", Disposition)
KIND = one_of("kind", KINDS)
PRIORITY = one_of("priority", Priority)
CALL_STATE = one_of("state", (state for state in CallState if state is not CallState.DONE))
CAMPAIGN_STATE = one_of(
    "state", (CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.CANCELLED)
)
TRUNK = Label("trunk", pattern=forms.TRUNK, told=f"`{MAIN}` and the names in `DIALER_TRUNKS`")
HELD = one_of("reason", (reason.name.lower() for reason in Held))
STOPPED = one_of("reason", ("breaker", "dialer"))
RETURNED = one_of(
    "reason",
    (
        "gone",
        "not_running",
        "gate_closed",
        "preempted",
        "too_late",
        "suppressed",
        "next_number",
        "expired",
        "out_of_hours",
        "held",
        "no_slot",
        "changed",
        "over_cap",
        "breaker_open",
        "trunk_stopped",
        "old_data",
        "not_ready",
    ),
)
PLACED = one_of(
    "result",
    ("placed", *(f"refused_{refusal}" for refusal in Refusal), *(f"unknown_{doubt}" for doubt in Doubt)),
)
EVENT = one_of("kind", EventKind)
IGNORED = one_of(
    "reason",
    (
        "forged_token",
        "unknown_attempt",
        "unknown_position",
        "repeated",
        "unreadable",
        "nothing_new",
        *(f"signature_{distrust}" for distrust in Distrust),
    ),
)
ORDER = one_of("order", (*Act, "transfer", "play", "talk", "dtmf"))
ORDERED = one_of("result", ("done", "call_over", "not_placed", "not_answered", "too_early", "refused", "no_answer"))
API_REFUSAL = one_of("reason", ("missing_key", "wrong_key", "lapsed_key", "role", "rate", "failures"))
RENEWED = one_of("result", ("renewed", "failed"))
LEASED = one_of("state", (CallState.CLAIMED, *UP))
RESCUED_BY = one_of("reason", ("requeued", "listed", "asked", "redialed", "undetermined", "no_reason"))
RECORDED = one_of("result", ("told", "stored", "carrier_failed", "storage_failed", "gone", "deleted"))
TOLD = one_of("result", ("delivered", "failed", "dead"))
# Whoever takes one over that ended in vain does not end it once more.
WHY_OVER = one_of("reason", (why.name.lower() for why in Why if why is not Why.TAKEN_OVER))
JOB = one_of("job", JOBS)
JOB_RESULT = one_of("result", ("done", "failed"))
DUTY = one_of("duty", chain(LOOPS, JOBS[len(KINDS) :]))
OPERATION = Label(
    "operation", pattern="[a-z_]+", told="an `operationId` of the API's reference; `none` where no route is"
)
STATUS = one_of("status", ("1xx", "2xx", "3xx", "4xx", "5xx"))
VERSION = Label("version", pattern=r"[0-9]+(\.[0-9a-z]+)*", told=f"of the dialer, such as `{__version__}`")
PYTHON = Label("python", pattern=r"3\.[0-9]+\.[0-9]+\S*", told="such as `3.11.2`")
ROLE = one_of("role", ("api", "worker"))
