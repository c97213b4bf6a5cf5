"""The carrier's scenarios (`tests/data/derived/call-scenarios.json`), and what each ends in over the whole dialer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dialer.dispositions import Disposition

_TABLE = Path(__file__).parents[1] / "data/derived/call-scenarios.json"
SCENARIOS: dict[str, list[dict[str, Any]]] = {
    scenario["id"]: scenario["events"] for scenario in json.loads(_TABLE.read_text("utf-8"))["scenarios"]
}
REFUSED = ("rate_limited_429", "token_expired_401")
"""Surely no call: these are dialed again."""
HUNG_UP = "put_too_early_400"
"""We hang this one up."""
SILENT = ("completed_lost", "length_timer_no_completed", "all_webhooks_lost")
"""No event tells the end of these."""
ENDS = {
    "answered_completed": Disposition.ANSWERED,
    "busy_then_completed": Disposition.BUSY,
    "busy_only": Disposition.BUSY,
    "completed_before_busy": Disposition.BUSY,  # the reason counts, whichever came first
    "ring_timeout": Disposition.NO_ANSWER,
    "ring_timeout_as_cancelled": Disposition.NO_ANSWER,
    "unanswered_unavailable": Disposition.NO_ANSWER,
    "rejected_invalid_number": Disposition.INVALID_NUMBER,
    "rejected_declined": Disposition.REJECTED,
    "failed_cannot_route": Disposition.FAILED,
    "machine_hangup": Disposition.MACHINE,
    "machine_continue": Disposition.MACHINE,
    "human_detected": Disposition.ANSWERED,
    "swapped_started_ringing": Disposition.ANSWERED,
    "event_before_201": Disposition.ANSWERED,
    "webhook_duplicate_after_slow_ack": Disposition.ANSWERED,
    "completed_lost": Disposition.ANSWERED,  # the carrier, asked after it, tells the end
    "all_webhooks_lost": Disposition.NO_ANSWER,  # likewise; it knows of no conversation
    "http_504_but_call_made": Disposition.ANSWERED,  # unknown until its webhooks tell
    "connection_reset_but_call_made": Disposition.ANSWERED,  # likewise
    "answer_url_bad_ncco": Disposition.FAILED,  # somebody picked up and heard nothing
    "rate_limited_429": Disposition.ANSWERED,  # refused, dialed again, and then somebody answers
    "token_expired_401": Disposition.ANSWERED,  # likewise, with a new token
    "length_timer_no_completed": Disposition.ANSWERED,  # as with completed_lost
    "put_too_early_400": Disposition.CANCELLED,  # hung up by us before anybody answered
}
