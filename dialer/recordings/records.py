"""What a recording is: as the carrier tells it, as the catalogue shows it, and when a failed fetch is tried again.

A recording's id is derived from what the carrier calls it, so that whoever tells of it again, be it the carrier's
second try or another member of a conference, tells of the same one. No I/O.
"""

from __future__ import annotations

import re
from base64 import b32encode
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b

from dialer.model import AttemptRef
from dialer.providers.base import CallEvent

LONGEST_URL = 2048
"""A longer address is cut here, one character beyond what may be asked, and so refused when it is asked."""
PLAIN_TYPE = "application/octet-stream"
_SOUND = re.compile(r"audio/[a-z0-9.+-]{1,40}")
_ENDINGS = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/ogg": "ogg", "application/ogg": "ogg"}
_WAVES = {"audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"}
_ID_BYTES = 10  # 80 bits: among a million recordings two meet with a chance of 1 in 10^12

_FIRST_WAIT_MS = 60_000
_LONGEST_WAIT_MS = 6 * 3_600_000
_MENDING_WAIT_MS = 3_600_000
_MOST_DOUBLINGS = 10


class RecordingState(StrEnum):
    """How far a recording is."""

    WAITING = "waiting"  # told by the carrier, not fetched yet
    FAILED = "failed"  # the last fetch failed; another follows
    STORED = "stored"
    GONE = "gone"  # the carrier has it no more, or will never give it


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRecording:
    """A recording as the carrier told of it.

    Attributes:
        id: ours, derived.
        url: where it may be fetched, not judged yet.
        figures: its uuid and times, where they were told; values are fit to be stored.
    """

    id: str
    url: str
    figures: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecording:
    """A recording in the catalogue.

    Attributes:
        carrier_url: where the carrier has it, for some days.
        campaign_id: the campaign of the attempt that told of it first.
        attempts: all that told of it; a conference's recording has one for each member who did.
        told_at: when we first heard of it.
        tries: fetches begun.
        error: why the last fetch failed, or why there will be none.
        next_try_at: when it is fetched next; None where nothing more is to be done.
        sha256: of the whole file, in hexadecimal; like size, type and `stored_at` only once it is stored.
    """

    id: str
    state: RecordingState
    carrier_url: str
    campaign_id: str
    attempts: tuple[AttemptRef, ...]
    told_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    tries: int
    error: str | None
    next_try_at: datetime | None
    stored_at: datetime | None
    size_bytes: int | None
    sha256: str | None
    content_type: str | None

    @property
    def object_name(self) -> str:
        """The name of its file in the storage."""
        return object_name(self.campaign_id, self.id)

    @property
    def file_name(self) -> str:
        """The name under which it is downloaded."""
        return f"{self.id}.{file_ending(self.content_type or '')}"


_FIGURES = ("recording_uuid", "start_time", "end_time")


def told_recording(event: CallEvent) -> ToldRecording | None:
    """The recording that an event tells of, None for nearly all of them. Total, like the parsing of events."""
    # By the address and not by the kind: one that comes in a shape nobody foresaw must not be lost.
    url = event.payload.get("recording_url")
    if not isinstance(url, str) or not url.strip():
        return None
    url = url.strip()[: LONGEST_URL + 1]
    figures = {name: event.figures[name] for name in _FIGURES if name in event.figures}
    return ToldRecording(id=_recording_id(str(figures.get("recording_uuid", "")), url), url=url, figures=figures)


def object_name(campaign_id: str, recording_id: str) -> str:
    """Where in the storage the file of a recording lies: one folder a campaign."""
    return f"{campaign_id}/{recording_id}"


def safe_type(told: str) -> str:
    """The media type of a file that somebody else named, of sound or of nothing in particular."""
    told = told.lower()
    return told if _SOUND.fullmatch(told) or told == "application/ogg" else PLAIN_TYPE


def file_ending(content_type: str) -> str:
    """The ending of a file of this type, without its dot."""
    return "wav" if content_type in _WAVES else _ENDINGS.get(content_type, "bin")


def next_wait_ms(tries: int, *, by_hand: bool) -> int:
    """How long after its latest failure a recording is fetched again: minutes, then hours.

    Args:
        tries: fetches so far, this one included.
        by_hand: whether it needs a person to mend it, so that there is no haste.
    """
    wait = min(_FIRST_WAIT_MS << min(tries - 1, _MOST_DOUBLINGS), _LONGEST_WAIT_MS)
    return max(wait, _MENDING_WAIT_MS) if by_hand else wait


def _recording_id(uuid: str, url: str) -> str:
    # The carrier's own id where it told one: hosts in the address may differ by region.
    name = f"uuid\x00{uuid}" if uuid else f"url\x00{url}"
    digest = blake2b(name.encode("utf-8", "replace"), digest_size=_ID_BYTES).digest()
    return f"r{b32encode(digest).decode().lower()}"
