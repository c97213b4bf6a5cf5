"""A campaign made from another's calls: which of them, and how far the copying is.

The plan is stored with the new campaign, so that any worker goes on where another died. A batch is added by the same
step as a list's, which knows everybody by id or number: adding it again adds nobody twice.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dialer import keys
from dialer.clock import moment
from dialer.dispositions import Disposition
from dialer.errors import IllegalStep, NotFound
from dialer.kinds import Callee, steps_of
from dialer.model import ERASED, Call, Campaign, NewCall
from dialer.store.calls import CallStore
from dialer.store.rows import IMPORT_LEASE_MS, RowStore
from dialer.store.suppression import SuppressionStore

NEVER_AGAIN = frozenset({Disposition.OPTED_OUT, Disposition.SUPPRESSED})
"""Whoever ended so never comes along."""
COPY_LEASE_MS = 30_000
_AT_ONCE = 500
_IMPORT_ID = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """From where a campaign's calls come, and how far that is.

    Attributes:
        of: the other campaign.
        dispositions: who comes along.
        looked_at: how many of the other's calls were looked at.
        left_out: how many ended so, but are suppressed by now or lack a value that the script needs.
        ended: whether all were looked at.
        reason: why it ended before that.
    """

    of: str
    dispositions: frozenset[Disposition]
    looked_at: int = 0
    left_out: int = 0
    ended: bool = False
    reason: str | None = None


class CopyStore(RowStore, CallStore, SuppressionStore):
    """Campaigns made from others."""

    async def begin_copying(self, campaign_id: str, of: str, dispositions: Collection[Disposition]) -> None:
        """Have the workers add the other's calls. Repeatable: the first plan stays."""
        plan = json.dumps({"of": of, "dispositions": sorted(dispositions)})
        await self._batch.command("HSETNX", keys.again(campaign_id), "plan", plan)
        await self._batch.command("ZADD", keys.COPYING, "NX", self._now_ms(), campaign_id)

    async def copying(self, campaign_id: str) -> Copying | None:
        """How far it is; None for a campaign that is made from no other."""
        fields = await self._fields(keys.again(campaign_id))
        if "plan" not in fields:
            return None
        plan = json.loads(fields["plan"])
        return Copying(
            of=plan["of"],
            dispositions=frozenset(map(Disposition, plan["dispositions"])),
            looked_at=int(fields.get("looked_at", 0)),
            left_out=int(fields.get("left_out", 0)),
            ended="ended" in fields,
            reason=fields.get("reason"),
        )

    async def take_copying(self, most: int) -> list[str]:
        """Campaigns whose calls somebody must go on adding; held for a while."""
        now = self._now_ms()
        return list(await self._batch.run("take_due", [keys.COPYING], [now, now + COPY_LEASE_MS, most]))

    async def pass_copying_on(self, campaign_id: str) -> None:
        """Let another worker go on at once."""
        await self._batch.command("ZADD", keys.COPYING, "XX", self._now_ms(), campaign_id)

    async def copy_some(self, campaign_id: str) -> bool:
        """Add the next calls; returns whether there is more. Repeatable."""
        copying = await self.copying(campaign_id)
        if copying is None or copying.ended:
            await self._batch.command("ZREM", keys.COPYING, campaign_id)
            return False
        try:
            after = await self._copied(campaign_id, copying)
        except (IllegalStep, NotFound) as error:
            await self._end_copying(campaign_id, str(error))
            return False
        told = ("looked_at", after.looked_at, "left_out", after.left_out)
        await self._batch.command("HSET", keys.again(campaign_id), *told)
        await self._batch.command("ZADD", keys.COPYING, "XX", self._now_ms() + COPY_LEASE_MS, campaign_id)
        if after.ended:
            await self._end_copying(campaign_id, "")
        return not after.ended

    async def _copied(self, campaign_id: str, copying: Copying) -> Copying:
        campaign, source = await asyncio.gather(self.campaign(campaign_id), self.campaign(copying.of))
        # Held also where nobody of these comes along: a campaign that runs must not complete meanwhile.
        until = self._now_ms() + IMPORT_LEASE_MS
        await self._batch.command("ZADD", keys.imports(campaign_id), until, _IMPORT_ID)
        found = await self.numbered_calls(copying.of, copying.looked_at + 1, _AT_ONCE)
        ended_so = copying.dispositions - NEVER_AGAIN
        wanted = [call for call in found if call.disposition in ended_so and call.number != ERASED]
        allowed = await self._allowed(campaign, wanted)
        now = moment(self._now_ms())
        new = [_new(call, now) for call in allowed]
        await self.add_calls(campaign_id, new, import_id=_IMPORT_ID)
        looked_at = min(copying.looked_at + _AT_ONCE, source.total)
        return Copying(
            of=copying.of,
            dispositions=copying.dispositions,
            looked_at=looked_at,
            left_out=copying.left_out + len(wanted) - len(allowed),
            ended=looked_at >= source.total,
        )

    async def _allowed(self, campaign: Campaign, calls: list[Call]) -> list[Call]:
        if not calls:
            return []
        looks = (self._suppressed_since(call.number, *call.others) for call in calls)
        suppressed = await asyncio.gather(*looks)
        steps = steps_of(campaign.kind, json.dumps(campaign.script), Callee(campaign.id))
        return [
            call
            for call, since in zip(calls, suppressed, strict=True)
            # One of a person's numbers is enough: it is people who opt out.
            if not any(since) and not steps.check(call.variables)
        ]

    async def _end_copying(self, campaign_id: str, reason: str) -> None:
        if await self._batch.command("EXISTS", keys.campaign(campaign_id)):
            told = ("ended", 1, *(("reason", reason) if reason else ()))
            await self._batch.command("HSET", keys.again(campaign_id), *told)
            await self.end_import(campaign_id, _IMPORT_ID)
        await self._batch.command("ZREM", keys.COPYING, campaign_id)


def _new(call: Call, now: datetime) -> NewCall:
    # An end that is past would end it again at once: it was asked for anew, until whenever its new campaign says.
    still_ahead = call.expires_at is not None and call.expires_at > now
    return NewCall(
        number=call.number,
        external_id=call.external_id,
        variables=call.variables,
        timezone=call.timezone,
        expires_at=call.expires_at if still_ahead else None,
        others=call.others,
    )
