"""What can be said to a live call, and the two ways in which a call cannot be steered.

These are words only; what the carrier takes of them, its adapter checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dialer.errors import CarrierError


class Act(StrEnum):
    """What can be done to a live call without saying more. The value is the word in the API and on the command line."""

    HANG_UP = "hang_up"
    MUTE = "mute"  # the others do not hear this party
    UNMUTE = "unmute"
    EARMUFF = "earmuff"  # this party does not hear the others
    UNEARMUFF = "unearmuff"
    STOP_STREAM = "stop_play"
    STOP_TALK = "stop_talk"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Go on with another script: the URL that serves an NCCO, or the NCCO itself where the carrier takes one."""

    script: str | Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class StartStream:
    """Play an audio file to this party. `loop` 0 is endless; `level` from -1 to 1, None for the carrier's own."""

    url: str
    loop: int = 1
    level: float | None = None


@dataclass(frozen=True, slots=True)
class StartTalk:
    """Speak to this party: plain text or SSML. `loop` and `level` as in `StartStream`."""

    text: str
    language: str
    style: int = 0
    premium: bool = False
    loop: int = 1
    level: float | None = None


@dataclass(frozen=True, slots=True)
class SendDigits:
    """Press keys towards this party: `0-9`, `*`, `#`, and `p` for a pause of half a second."""

    digits: str


Order = Act | Transfer | StartStream | StartTalk | SendDigits


class CallOver(CarrierError):
    """The call has ended, or the carrier knows none of this id any more: nothing can be done to it."""

    def __init__(self, message: str = "The call is over", *, status: int | None = None) -> None:
        super().__init__(message, status=status, retryable=False)


class NotAnswered(CarrierError):
    """Nobody has picked up yet, and what was asked for needs somebody who listens."""

    def __init__(self, message: str = "The call is not answered yet", *, status: int | None = None) -> None:
        super().__init__(message, status=status, retryable=True)


class TooEarly(CarrierError):
    """The call is under way, but so young that the carrier takes no orders for it, even after some waiting."""

    def __init__(self, message: str = "The call cannot be steered yet", *, status: int | None = None) -> None:
        super().__init__(message, status=status, retryable=True)
