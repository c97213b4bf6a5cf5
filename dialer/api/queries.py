"""What a client may ask for in an address: which campaigns, calls and recordings, a page at a time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dialer import forms
from dialer.api.models import Incoming
from dialer.dispositions import Disposition
from dialer.recordings.records import RecordingState
from dialer.states import CallState, CampaignState


class CampaignsQuery(Incoming):
    """Which campaigns."""

    state: CampaignState | None = None
    kind: Literal["notification", "script", "conference", "escalation"] | None = None
    limit: int = Field(50, ge=1, le=200, description="How many at most.")
    cursor: str | None = Field(
        None, pattern=forms.CAMPAIGN_CURSOR, max_length=100, description="`next_cursor` of the page before."
    )


class CallsQuery(Incoming):
    """Which of a campaign's calls."""

    state: CallState | None = None
    disposition: Disposition | None = None
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(None, pattern=forms.PLACE_CURSOR, description="`next_cursor` of the page before.")


class RecordingsQuery(Incoming):
    """Which recordings."""

    campaign_id: str | None = Field(None, pattern=forms.OUR_ID, max_length=64, description="Those of one campaign.")
    call_id: str | None = Field(
        None, pattern=forms.OUR_ID, max_length=64, description="Those of one call, all in one page."
    )
    state: RecordingState | None = None
    limit: int = Field(100, ge=1, le=1000, description="How many at most.")
    cursor: str | None = Field(None, pattern=forms.RECORDING_CURSOR, description="`next_cursor` of the page before.")
