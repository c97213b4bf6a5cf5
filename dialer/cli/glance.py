"""What one glance at a dialer holds, asked for at once: campaigns, pace, and what waits for a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialer.api.answers import CampaignOut
from dialer.api.event_answers import BudgetEvent
from dialer.client import AsyncDialer
from dialer.dispositions import Disposition
from dialer.escalations.ladder import UNSETTLED
from dialer.recordings.records import RecordingState
from dialer.states import CallState, CampaignState

_CAMPAIGNS = 200  # the newest; a dialer with more of them has a page for that
_SOME = 100  # whatever is more is told as "100 or more"
_URGENCY = ("urgent", "normal", "background")
_LATELY = timedelta(days=1)  # an alarm that failed before that has been seen
_SHOWN = {CampaignState.RUNNING, CampaignState.PAUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A dialer at this moment.

    Attributes:
        campaigns: those that run or are paused, urgent ones first.
        pace: of the whole fleet.
        placed_per_second: calls that its carriers accepted within the last second.
        wants: what waits for a person, a sentence each, with the command that tells more.
    """

    campaigns: Sequence[CampaignOut]
    pace: BudgetEvent
    placed_per_second: float
    wants: Sequence[str]

    @property
    def budget(self) -> float:
        """Calls a second that all carriers take."""
        return sum(trunk.calls_per_second for trunk in self.pace.trunks)


async def glance(dialer: AsyncDialer) -> Glance:
    """Look; takes a second or two, for the pace shows only over time."""
    (before, pace), newest, dead, failed = await asyncio.gather(
        _two_paces(dialer), _newest(dialer), _dead_callbacks(dialer), _failed_recordings(dialer)
    )
    campaigns = sorted((one for one in newest if one.state in _SHOWN), key=lambda one: _URGENCY.index(one.priority))
    seconds = (pace.at - before.at).total_seconds()
    placed = sum(trunk.accepted for trunk in pace.trunks) - sum(trunk.accepted for trunk in before.trunks)
    alarms = _of_alarms(newest, pace.at - _LATELY)
    undetermined = _of_undetermined(newest, pace.at - _LATELY)
    wants = [
        *alarms, *_of_data(pace), *_of_workers(pace), *_of_trunks(pace), *_of_campaigns(campaigns),
        *undetermined, *dead, *failed,
    ]  # fmt: skip
    return Glance(
        campaigns=campaigns, pace=pace, placed_per_second=max(0.0, placed / seconds if seconds else 0.0), wants=wants
    )


async def _two_paces(dialer: AsyncDialer) -> tuple[BudgetEvent, BudgetEvent]:
    seen: list[BudgetEvent] = []
    async with aclosing(dialer.events.listen(calls=False)) as heard:
        async for event in heard:
            if isinstance(event.data, BudgetEvent):
                seen.append(event.data)
            if len(seen) > 1:
                break
    return seen[0], seen[-1]


async def _newest(dialer: AsyncDialer) -> list[CampaignOut]:
    return [one async for one in dialer.campaigns.all(limit=_CAMPAIGNS)]


async def _dead_callbacks(dialer: AsyncDialer) -> list[str]:
    dead = len([one async for one in dialer.callbacks.all(limit=_SOME)])
    return [f"{_many(dead)} callbacks were taken by nobody: dialer callback list"] if dead else []


async def _failed_recordings(dialer: AsyncDialer) -> list[str]:
    failed = [one async for one in dialer.recordings.all(state=RecordingState.FAILED, limit=_SOME)]
    if not failed:
        return []
    since = min(one.told_at for one in failed)
    oldest = f"the oldest is of {since.astimezone():%d %b}, and the carrier does not keep them for long"
    return [f"{_many(len(failed))} recordings could not be fetched yet, {oldest}: dialer recording list --state failed"]


def _of_alarms(campaigns: Sequence[CampaignOut], since: datetime) -> list[str]:
    return [
        f"{one.id} ({one.name}) is over and nobody has taken it over: dialer escalation show {one.id}"
        for one in campaigns
        if one.over_reason in UNSETTLED and (one.ended_at is None or one.ended_at > since)
    ]


def _of_data(pace: BudgetEvent) -> list[str]:
    old = "The data in Redis is older than what was seen of it, so nothing is dialed: dialer restored"
    return [old] if pace.data_old else []


def _of_workers(pace: BudgetEvent) -> list[str]:
    return [] if pace.workers else ["No worker is there, so nothing is dialed: dialer worker"]


def _of_trunks(pace: BudgetEvent) -> list[str]:
    return [
        f"Trunk {trunk.trunk} lets nothing out for {trunk.gate_s:.0f} s, after a refusal: dialer trunk list"
        for trunk in pace.trunks
        if trunk.gate_s >= 1
    ]


def _of_campaigns(campaigns: Sequence[CampaignOut]) -> list[str]:
    stopped = [f"{one.id} is paused: {one.reason}: dialer campaign explain {one.id}" for one in campaigns if one.reason]
    doubtful = [(one.id, one.counts.get(CallState.UNKNOWN, 0)) for one in campaigns]
    return stopped + [
        f"{count} calls of {campaign_id} may or may not have rung: dialer campaign explain {campaign_id}"
        for campaign_id, count in doubtful
        if count
    ]


def _of_undetermined(campaigns: Sequence[CampaignOut], since: datetime) -> list[str]:
    counted = [
        (one.id, one.dispositions.get(Disposition.UNDETERMINED, 0))
        for one in campaigns
        if one.ended_at is None or one.ended_at > since
    ]
    return [
        f"{count} calls of {campaign_id} ended undetermined, somebody must look: dialer campaign results {campaign_id}"
        for campaign_id, count in counted
        if count
    ]


def _many(count: int) -> str:
    return f"{count} or more" if count >= _SOME else str(count)
