"""From a call that was given up to the escalation that is begun for it.

The step that ends such a call puts it into the line `escalating`, once. A worker takes it under a lease; what its
campaign keeps for that becomes an escalation in one step, which takes the call out of the line as well. So a worker
that dies, one that comes late and two at once begin exactly one; where the call was erased meanwhile, none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from dialer import keys
from dialer.clock import moment, to_ms
from dialer.errors import NotFound
from dialer.escalations.escalating import about, escalation_id, forgotten, values_of, wanted, without_call
from dialer.escalations.escalation import AFTER_LAST_S, EscalationScript, Plan
from dialer.model import ERASED, Call, CallRef, Campaign
from dialer.states import CampaignState
from dialer.store.campaign_fields import campaign_from_fields, to_fields
from dialer.store.campaigns import new_campaign_keys
from dialer.store.escalations import LADDER, STORED, EscalationStore

ESCALATE_LEASE_MS = 30_000
"""Longer than beginning one takes; whoever fails at one leaves the others in front for so long."""


class Planned(NamedTuple):
    """An escalation that a campaign begins: the campaign that it will be, without id and times, and its plan."""

    campaign: Campaign
    plan: Plan

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Planned:
        """From what `to_dict` wrote."""
        fields = {name: str(value) for name, value in stored["campaign"].items()}
        return cls(campaign_from_fields("", fields, 0), Plan.from_dict(stored["plan"]))

    def to_dict(self) -> dict[str, Any]:
        """As JSON, which is `Campaign.escalation`."""
        return {"campaign": to_fields(self.campaign), "plan": self.plan.to_dict()}

    @property
    def wanted(self) -> frozenset[str]:
        """What its texts say of the call."""
        return wanted(EscalationScript.from_dict(self.campaign.script, default_language=STORED))

    def begun(self, call: Call, now: datetime) -> Planned:
        """The same, running from now on for this call."""
        running = replace(
            self.campaign,
            id=escalation_id(call.id),
            state=CampaignState.RUNNING,
            created_at=now,
            started_at=now,
            expires_at=now + timedelta(seconds=self.plan.longest_s + AFTER_LAST_S),
        )
        return Planned(running, about(self.plan, values_of(call, self.wanted)))


class EscalatingStore(EscalationStore):
    """Calls that were given up, and what is begun for them."""

    async def take_escalating(self, most: int) -> list[str]:
        """The ids of calls for which somebody must begin an escalation; held for a while."""
        now = self._now_ms()
        return list(await self._batch.run("take_due", [keys.ESCALATING], [now, now + ESCALATE_LEASE_MS, most]))

    async def begin_escalation(self, call_id: str) -> Campaign | None:
        """Begin the escalation of a call that stands in the line; None where nothing was begun. Repeatable."""
        while True:
            ref = CallRef.parse(call_id)
            try:
                call = await self.call(call_id)
            except NotFound:
                call = None
            text = await self._batch.command("HGET", keys.campaign(ref.campaign_id), "escalation") if ref else None
            if ref is None or call is None or call.number == ERASED or text is None:
                # Deleted or erased meanwhile: nobody is left to be alarmed about.
                await self._batch.command("ZREM", keys.ESCALATING, call_id)
                return None
            planned = Planned.from_dict(json.loads(text)).begun(call, moment(self._now_ms()))
            begun = await self._begin(ref, text, planned)
            if begun >= 0:
                return planned.campaign if begun else None

    async def _begin(self, ref: CallRef, read: str, planned: Planned) -> int:
        campaign, ends = planned.campaign, to_ms(planned.campaign.expires_at or planned.campaign.created_at)
        names = [keys.ESCALATING, keys.campaign(ref.campaign_id), keys.escalation(campaign.id)]
        names += [keys.imports(campaign.id), *keys.AUDITED, *new_campaign_keys(campaign)]
        told = json.dumps(planned.plan.to_dict(), ensure_ascii=False)
        fields = [part for pair in to_fields(campaign).items() for part in pair]
        args = [str(ref), read, told, LADDER, campaign.id, to_ms(campaign.created_at), ends, *fields]
        return int(await self._batch.run("begin_escalation", names, args))

    async def forget_planned(self, campaign_id: str, number: str) -> int:
        """Take whoever has this number out of what a campaign would begin; how many people. Repeatable."""
        gone: list[int] = []

        def change(text: str) -> str:
            stored = json.loads(text)
            plan = Plan.from_dict(stored["plan"])
            kept = plan.without(number)
            gone.append(len(plan.people) - len(kept.people))
            return text if kept == plan else json.dumps(stored | {"plan": kept.to_dict()}, ensure_ascii=False)

        changed = await self._replace_text(keys.campaign(campaign_id), "escalation", change)
        return gone[-1] if changed else 0

    async def forget_call(self, campaign_id: str) -> None:
        """Take out of an escalation what its people are told of the call for which it was begun. Repeatable."""
        await self._replace_text(keys.escalation(campaign_id), "plan", _plan_without_call)
        total = int(await self._batch.command("HGET", keys.campaign(campaign_id), "total") or 0)
        for seq in range(1, total + 1):
            await self._replace_text(keys.bucket(campaign_id, seq), str(seq), _record_without_call)

    async def _replace_text(self, key: str, field: str, change: Callable[[str], str]) -> bool:
        """Change one field of a hash, whoever else does so at once; whether anything was changed."""
        while (text := await self._batch.command("HGET", key, field)) and (changed := change(text)) != text:
            if await self._batch.run("replace_field", [key], [field, text, changed]):
                return True
        return False


def _plan_without_call(text: str) -> str:
    plan = Plan.from_dict(json.loads(text))
    kept = without_call(plan)
    return text if kept == plan else json.dumps(kept.to_dict(), ensure_ascii=False)


_VARIABLES = 2  # of a call's record, see `store/rows.py`


def _record_without_call(text: str) -> str:
    record = json.loads(text)
    if len(record) <= _VARIABLES or not record[_VARIABLES]:
        return text
    kept = forgotten(record[_VARIABLES])
    if kept == record[_VARIABLES]:
        return text
    record[_VARIABLES] = kept
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
