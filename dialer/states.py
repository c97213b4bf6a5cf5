"""The states of campaigns, calls and attempts, and the steps between them.

A call's state is not a field: it is *which sorted set of its campaign the call stands in* (see `keys.py`), so the
states of a campaign add up to its size by construction. The tables here are the README's picture in code.
"""

from __future__ import annotations

from enum import StrEnum


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"  # created; calls may be added; nothing is dialed
    RUNNING = "running"  # its due calls are claimed
    PAUSED = "paused"  # nothing new goes out; calls under way end by themselves
    COMPLETED = "completed"  # every call has its disposition
    CANCELLED = "cancelled"  # what had not gone out is `cancelled`


class CallState(StrEnum):
    """Where a call stands; the names are the names of the sets."""

    WAITING = "waiting"  # has a due time: first try, redial
    CLAIMED = "claimed"  # in the hopper with a token and a lease
    PLACING = "placing"  # intent stored, request going out
    UNKNOWN = "unknown"  # the phone may or may not have rung
    LIVE = "live"  # the carrier has it
    DONE = "done"  # one disposition, for good but for members of a conference


UP = (CallState.PLACING, CallState.UNKNOWN, CallState.LIVE)
"""The carrier has the call, or may have it."""

CALL_STEPS: dict[CallState, frozenset[CallState]] = {
    # To live without being placed: an unknown attempt was given up, and then the carrier told of it after all.
    CallState.WAITING: frozenset({CallState.CLAIMED, CallState.UNKNOWN, CallState.LIVE, CallState.DONE}),
    CallState.CLAIMED: frozenset(
        {CallState.WAITING, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE, CallState.DONE}
    ),
    CallState.PLACING: frozenset({CallState.WAITING, CallState.UNKNOWN, CallState.LIVE, CallState.DONE}),
    CallState.UNKNOWN: frozenset({CallState.WAITING, CallState.LIVE, CallState.DONE}),
    CallState.LIVE: frozenset({CallState.WAITING, CallState.DONE}),
    CallState.DONE: frozenset({CallState.WAITING}),  # of a running conference only: a member is called again
}

CAMPAIGN_STEPS: dict[str, tuple[frozenset[CampaignState], CampaignState]] = {
    "start": (frozenset({CampaignState.DRAFT}), CampaignState.RUNNING),
    "pause": (frozenset({CampaignState.RUNNING}), CampaignState.PAUSED),
    "resume": (frozenset({CampaignState.PAUSED}), CampaignState.RUNNING),
    "cancel": (frozenset({CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED}), CampaignState.CANCELLED),
}
