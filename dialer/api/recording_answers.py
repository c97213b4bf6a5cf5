"""What a client is answered about recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from dialer.api.models import Outgoing
from dialer.recordings.records import KeptRecording, RecordingState


class RecordingOut(Outgoing):
    """A recording and how far its fetch is."""

    id: str
    state: RecordingState = Field(
        description="`waiting` to be fetched, `failed` and tried again, `stored`, or `gone` for good."
    )
    campaign_id: str
    calls: list[str] = Field(description="The calls it belongs to: several for a conference.")
    attempts: list[str] = Field(description="The attempts that told of it.")
    told_at: datetime = Field(description="When the carrier told of it.")
    started_at: datetime | None = Field(description="By the carrier's clock.")
    ended_at: datetime | None = Field(description="By the carrier's clock.")
    tries: int = Field(description="How often a fetch was begun.")
    error: str | None = Field(description="Why the last fetch failed.")
    next_try_at: datetime | None
    stored_at: datetime | None
    size_bytes: int | None
    sha256: str | None = Field(description="Of the whole file, in hexadecimal.")
    content_type: str | None
    file_name: str | None = Field(description="A name to save it under.")

    @classmethod
    def of(cls, recording: KeptRecording) -> Self:
        """The answer for one recording."""
        given = {"calls", "attempts", "file_name"}
        told: dict[str, Any] = {name: getattr(recording, name) for name in cls.model_fields if name not in given}
        return cls(
            **told,
            calls=list(dict.fromkeys(str(attempt.call) for attempt in recording.attempts)),
            attempts=[str(attempt) for attempt in recording.attempts],
            file_name=recording.file_name if recording.stored_at else None,
        )


class RecordingsOut(Outgoing):
    """A page of recordings, the newest first."""

    recordings: list[RecordingOut]
    next_cursor: str | None
