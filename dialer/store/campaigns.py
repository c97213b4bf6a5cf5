"""Campaigns: create, read, count, and step from state to state."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from dialer import keys
from dialer.built_in import BUILT_IN
from dialer.callbacks.events import Callbacks
from dialer.clock import moment, to_ms
from dialer.conferences import conference
from dialer.dispositions import Disposition
from dialer.errors import ChangedMeanwhile, IllegalStep, InvalidInput, NotFound
from dialer.escalations import escalation
from dialer.masking import masked_text
from dialer.model import Campaign, Caps, Priority, Progress, UnknownPolicy
from dialer.states import CAMPAIGN_STEPS, UP, CallState, CampaignState
from dialer.store.base import StorePart
from dialer.store.campaign_fields import (
    callback_fields,
    callbacks_of,
    campaign_from_fields,
    changeable_fields,
    to_fields,
)
from dialer.trunk_breaker import SHUT_MS
from dialer.trunks import trunks_of
from dialer.windows import Windows

_LISTS = {conference.KIND: keys.CONFERENCES, escalation.KIND: keys.ESCALATIONS}
"""Kinds whose campaigns stand in a list of their own, too."""
_OTHER_VERSION = -3  # as the scripts tell it


class SingleCallRules(NamedTuple):
    """By what the calls of a built-in campaign go."""

    windows: Windows | None = None
    callbacks: Callbacks | None = None
    caps: Caps = Caps()


class CampaignStore(StorePart):
    """Campaigns."""

    async def create_campaign(self, campaign: Campaign) -> bool:
        """Store a new campaign; False when its id exists already, and nothing was changed.

        Raises InvalidInput where a suppression list that it names was dropped.
        """
        fields = [part for pair in to_fields(campaign).items() for part in pair]
        names = [keys.SUPPRESSION, *new_campaign_keys(campaign)]
        end = to_ms(campaign.expires_at) if campaign.expires_at else ""
        args = [campaign.id, to_ms(campaign.created_at), end, " ".join(campaign.lists), *fields]
        created = await self._batch.run("create_campaign", names, args)
        if created < 0:
            raise _list_dropped()
        return bool(created)

    async def campaign(self, campaign_id: str) -> Campaign:
        """One campaign. Raises NotFound."""
        fields = await self._fields(keys.campaign(campaign_id)) if is_campaign_id(campaign_id) else {}
        if "state" not in fields:
            raise NotFound(f"there is no campaign {campaign_id!r}")
        return campaign_from_fields(campaign_id, fields, self._now_ms())

    async def progress(self, campaign_ids: Sequence[str]) -> list[Progress]:
        """How far these campaigns are, each counted at one moment."""
        return list(await asyncio.gather(*(self._progress(campaign_id) for campaign_id in campaign_ids)))

    async def _progress(self, campaign_id: str) -> Progress:
        # One script, not many ZCARDs: a call that moves between two of them would be counted twice or never.
        sizes, to_hang_up = await asyncio.gather(
            self._batch.run("count_calls", keys.call_sets(campaign_id), []),
            self._batch.command("ZCARD", keys.hang_up(campaign_id)),
        )
        in_flight = dict(zip(keys.IN_FLIGHT, sizes, strict=False))
        ended = dict(zip(Disposition, islice(sizes, len(keys.IN_FLIGHT), None), strict=True))
        return Progress({**in_flight, CallState.DONE: sum(ended.values())}, ended, to_hang_up or None)

    async def step(
        self, campaign_id: str, verb: str, *, reason: str = "", untouched_since: int | None = None
    ) -> Campaign:
        """Start, pause, resume or cancel. A campaign that is there already stays so.

        A `reason` is given where the dialer does so by itself; that is audited in the same step. So it may only be
        where nobody touched the campaign since a moment (ms).

        Raises:
            NotFound: there is no such campaign.
            IllegalStep: not from the state it is in, or touched since.
        """
        sources, target = CAMPAIGN_STEPS[verb]
        if not is_campaign_id(campaign_id):
            raise NotFound(f"there is no campaign {campaign_id!r}")
        if verb == "cancel" and campaign_id in BUILT_IN.values():
            raise IllegalStep(f"{campaign_id} takes every single call and cannot be cancelled; pause it instead")
        names = [keys.calls_in(campaign_id, CallState.WAITING), keys.calls_in(campaign_id, CallState.CLAIMED)]
        names.append(keys.calls_done(campaign_id, Disposition.CANCELLED))
        since = "" if untouched_since is None else untouched_since
        answer = await self._batch.run(
            "step_campaign",
            [
                keys.campaign(campaign_id),
                *names,
                keys.LEASES,
                keys.SLEEPING,
                keys.CLOSING,
                keys.CALLBACKS_TOLD,
                *keys.AUDITED,
                keys.held(campaign_id),
                keys.CHANGES,
                *await self._lines(campaign_id),
            ],
            [campaign_id, self._now_ms(), target, reason, masked_text(reason), since, *sources],
        )
        match answer:
            case [-1]:
                raise NotFound(f"there is no campaign {campaign_id!r}")
            case [0, state]:
                raise IllegalStep(
                    f"cannot {verb} campaign {campaign_id}: it is {state}, not {' or '.join(sorted(sources))}"
                )
        if target is CampaignState.RUNNING:
            await self._wake()
        return await self.campaign(campaign_id)

    async def change_windows(
        self, campaign_id: str, windows: Windows | None, *, override: bool = False, version: int | None = None
    ) -> Campaign:
        """Give a campaign other windows, or none; what was claimed in the old hours is not begun outside the new ones.

        Raises:
            NotFound: there is no such campaign.
            IllegalStep: it is over.
            ChangedMeanwhile: it is of another version than the one given.
        """
        if not is_campaign_id(campaign_id):
            raise NotFound(f"there is no campaign {campaign_id!r}")
        told = json.dumps(windows.to_dict()) if windows is not None else ""
        args: list[str | int] = [campaign_id, self._now_ms(), told, int(override), version or ""]
        names = [keys.campaign(campaign_id), *await self._lines(campaign_id)]
        changed = await self._batch.run("change_windows", names, args)
        if changed == 0:
            raise NotFound(f"there is no campaign {campaign_id!r}")
        if changed == _OTHER_VERSION:
            raise ChangedMeanwhile(campaign_id)
        if changed < 0:
            raise IllegalStep(f"campaign {campaign_id} is over; its windows have no meaning any more")
        await self._wake()
        return await self.campaign(campaign_id)

    async def change_campaign(self, before: Campaign, after: Campaign, *, version: int | None = None) -> Campaign:
        """Give a campaign what `after` has otherwise than `before`, of share, caps, lists, redials, tries and script.

        What somebody else changed meanwhile, and these leave alone, stays as it is.

        Raises:
            NotFound: there is no such campaign any more.
            IllegalStep: it is over.
            ChangedMeanwhile: it is of another version than the one given.
            InvalidInput: a suppression list that it names was dropped.
        """
        old, new = changeable_fields(before), changeable_fields(after)
        told = {name: value for name, value in new.items() if value != old.get(name)}
        names = [keys.campaign(before.id), keys.texts(before.id), keys.SUPPRESSION, keys.CLOSING]
        names += [keys.calls_in(before.id, CallState.WAITING), keys.held(before.id), *keys.lines(before.trunks)]
        fields = (part for name, value in told.items() for part in (name, "" if value is None else value))
        args: list[str | int] = [before.id, self._now_ms(), version or "", *fields]
        changed = await self._batch.run("change_campaign", names, args)
        if changed == 0:
            raise NotFound(f"there is no campaign {before.id!r}")
        if changed == _OTHER_VERSION:
            raise ChangedMeanwhile(before.id)
        if changed == -1:
            raise IllegalStep(f"campaign {before.id} is over; nothing of it can be changed any more")
        if changed < 0:
            raise _list_dropped()
        await self._wake()
        return await self.campaign(before.id)

    async def shut_trunk(self, campaign_id: str, trunk: str) -> bool:
        """Keep a campaign's calls from one of its trunks for ten minutes, for it would refuse all of them.

        False where it has no other trunk left that is not shut: it is to be paused. Repeatable.
        """
        now, named = self._now_ms(), await trunks_of(self._batch, campaign_id)
        args: list[str | int] = [trunk, now + SHUT_MS, now, *named]
        return not await self._batch.run("shut_trunk", [keys.campaign(campaign_id)], args)

    async def hang_up_all(self, campaign_id: str) -> int:
        """Pause a running campaign and have the workers end every call that is up or may be; returns how many.

        All of it is one step: what is placed before it is on their list, and nothing is placed after it. Asking again
        adds what came up since; what is on the list already is not hung up twice. Raises NotFound.
        """
        if not is_campaign_id(campaign_id):
            raise NotFound(f"there is no campaign {campaign_id!r}")
        up = [keys.calls_in(campaign_id, state) for state in UP]
        names = [keys.campaign(campaign_id), *up, keys.hang_up(campaign_id), keys.HANGING_UP]
        names += [keys.SLEEPING, keys.CLOSING, *await self._lines(campaign_id)]
        left = int(await self._batch.run("hang_up_campaign", names, [campaign_id, self._now_ms()]))
        if left < 0:
            raise NotFound(f"there is no campaign {campaign_id!r}")
        return left

    async def _wake(self) -> None:
        """Tell an idle hopper to look at once. Lost or doubled, it looks a second later or once for nothing."""
        await asyncio.gather(
            self._batch.command("LPUSH", keys.WAKE, 1),
            self._batch.command("LTRIM", keys.WAKE, 0, 0),
        )

    async def built_in(self, priority: Priority, rules: SingleCallRules | None = None) -> str:
        """The built-in campaign for single calls of a priority, made and running at its first use.

        The rules are those that it is made with. Whom it tells follows them from then on; the rest is changed by hand.
        """
        rules = rules or SingleCallRules()
        campaign_id = BUILT_IN[priority]
        key = keys.campaign(campaign_id)
        state, *told = await self._batch.command("HMGET", key, "state", "callback_url", "tells")
        if state:
            await self._tell_from_now_on(key, callbacks_of(*told), rules.callbacks)
            return campaign_id
        now = moment(self._now_ms())
        campaign = Campaign(
            id=campaign_id,
            name="single calls" if priority is Priority.NORMAL else f"single calls, {priority}",
            kind="notification",
            script={},
            priority=priority,
            redial={},
            unknown=UnknownPolicy.HOLD,
            success=frozenset({Disposition.CONFIRMED, Disposition.ANSWERED}),
            state=CampaignState.RUNNING,
            created_at=now,
            started_at=now,
            windows=rules.windows,
            callbacks=rules.callbacks,
            caps=rules.caps,
        )
        await self.create_campaign(campaign)
        return campaign_id

    async def _tell_from_now_on(self, key: str, before: Callbacks | None, after: Callbacks | None) -> None:
        if after and after != before:
            await self._batch.command("HSET", key, *[part for pair in callback_fields(after).items() for part in pair])
        elif before and not after:
            await self._batch.command("HDEL", key, "tells")


def new_campaign_keys(campaign: Campaign) -> list[str]:
    """What creating a campaign touches, in the order of `create_campaign.lua`."""
    names = [keys.campaign(campaign.id), keys.CAMPAIGNS, keys.OPEN, keys.EXPIRING]
    if campaign.id not in BUILT_IN.values():
        names.append(keys.IDLING)
    return names + ([_LISTS[campaign.kind]] if campaign.kind in _LISTS else [])


def is_campaign_id(text: str) -> bool:
    """Whether it may be one; with a colon it would name another key of a campaign, one of another type."""
    return ":" not in text


def _list_dropped() -> InvalidInput:
    """Between the look at the lists and the step that names them, one went."""
    return InvalidInput("a list named here was dropped a moment ago", field="suppression_lists")
