"""What the jobs of one worker share."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypedDict

from dialer.dialing import Dialing
from dialer.leases import Leases
from dialer.model import MAIN
from dialer.providers.base import Provider
from dialer.runtime import Runtime
from dialer.settings import Settings
from jobs.in_hand import InHand
from jobs.reports import Reports


@dataclass(slots=True)
class Context:
    """The parts of one worker, and what it has in hand.

    Attributes:
        provider: the carrier's account of the trunk `main`.
        in_hand: calls claimed by this process whose request has not left yet; they tell how many more it claims.
        placings: placings under way; shutdown waits for them, nothing cancels them.
        looking_up: held while the carrier's list is read for an unknown attempt.
        list_rests: until when, on the monotonic clock, a trunk's list is not asked for, as it could not be read.
        fetching: a place in it is held while a recording is fetched.
        reports: what this worker's requests tell of the pace.
        stopping: set when this worker shall end: nothing more is claimed, and what it holds is placed.
        lets_go: it could not go on working on what is in Redis: what it holds goes back to the line instead.
    """

    runtime: Runtime
    dialing: Dialing
    leases: Leases
    provider: Provider
    in_hand: InHand = field(default_factory=InHand)
    placings: set[asyncio.Task[None]] = field(default_factory=set)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    lets_go: bool = False
    looking_up: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    list_rests: dict[str, float] = field(default_factory=dict)
    fetching: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(4))
    reports: Reports = field(init=False)

    def __post_init__(self) -> None:
        self.reports = Reports(self.runtime, self.dialing)

    @property
    def settings(self) -> Settings:
        """This process' settings."""
        return self.runtime.settings

    def carrier(self, trunk: str) -> Provider:
        """The carrier's account of a trunk. Raises CarrierError where it is not set up in this process."""
        return self.provider if trunk == MAIN else self.runtime.carrier(trunk)

    def start(self, placing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a placing as a task of our own: arq cancels its jobs, and a request under way must not be cancelled."""
        task = asyncio.get_running_loop().create_task(placing)
        self.placings.add(task)
        task.add_done_callback(self.placings.discard)
        return task


class ArqContext(TypedDict):
    """The part of arq's job context that the jobs here use."""

    context: Context
