"""Escalations: reading one as it is now, beginning its steps, noting confirmations by hand, and ending it.

An escalation is a campaign of its kind; its plan and what its steps need to remember lie in one hash beside it. It is
read whole: the kind bounds how many calls it may have.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime

from dialer import keys
from dialer.clock import moment, to_ms
from dialer.dispositions import Disposition
from dialer.errors import IllegalStep, NotFound
from dialer.escalations.duties import ByHand, Duty
from dialer.escalations.escalation import KIND, MOST_CALLS, EscalationScript, Plan
from dialer.escalations.ladder import UNSETTLED, Escalation, Why
from dialer.model import AttemptRef, Call, CallRef, Campaign
from dialer.store.attempts import AttemptStore
from dialer.store.calls import CallStore
from dialer.store.listing import ListingStore

STORED = "en-US"  # a stored script names its language
LADDER = "ladder"
"""Stands among the imports while steps may follow, so that the campaign does not complete between two of them."""
_OPENED, _BY_HAND = "opened:", "by_hand:"
_TAKEN_OVER = (Why.TAKEN_OVER, *sorted(UNSETTLED))
"""What it becomes, and what it was until then."""


class EscalationStore(ListingStore, CallStore, AttemptStore):
    """Escalations."""

    async def store_plan(self, campaign_id: str, plan: Plan, *, until: datetime) -> None:
        """Give a draft its plan, and keep it from completing before its end. Repeatable: the first plan stays."""
        text = json.dumps(plan.to_dict(), ensure_ascii=False)
        await asyncio.gather(
            self._batch.command("HSETNX", keys.escalation(campaign_id), "plan", text),
            self._batch.command("ZADD", keys.imports(campaign_id), to_ms(until), LADDER),
        )

    async def escalation(self, campaign_id: str) -> Escalation:
        """An escalation with all its calls and their attempts. Raises NotFound."""
        return await self._climbed(_of_kind(await self.campaign(campaign_id)))

    async def escalations(self, *, limit: int, cursor: str | None = None) -> tuple[list[Escalation], str | None]:
        """A page of escalations, newest first, and the cursor of the next one. Raises InvalidInput."""
        page = await self._page(keys.ESCALATIONS, cursor, limit=limit)
        return list(await asyncio.gather(*map(self._climbed, page.campaigns))), page.cursor

    async def open_escalations(self) -> list[str]:
        """The ids of those that have anything left to do, drafts too."""
        return await self._opened(keys.ESCALATIONS)

    async def open_step(self, campaign_id: str, number: int) -> bool:
        """Begin the step of this opening; False where somebody did, or it does not run any more. Repeatable."""
        names = [keys.campaign(campaign_id), keys.escalation(campaign_id)]
        return bool(await self._batch.run("open_step", names, [self._now_ms(), number]))

    async def end_waiting(self, call: Call) -> Disposition | None:
        """Dial a call that waits no more; how it ended, None where it does not wait. Repeatable."""
        ref = CallRef.parse(call.id)
        if ref is None:
            return None
        names = keys.call_step(AttemptRef(ref, call.attempts))
        args: list[str | int] = [ref.campaign_id, ref.seq, call.attempts, self._now_ms()]
        ended = await self._batch.run("end_waiting", names, args)
        return Disposition(ended) if ended else None

    async def confirm_by_hand(self, campaign_id: str, person: str, by: str | None) -> None:
        """Note that somebody has confirmed. Repeatable: the first word stays. Raises NotFound, IllegalStep.

        One that ended in vain is taken over by that, however long ago it did.
        """
        told = json.dumps({"at": self._now_ms(), "by": by}, ensure_ascii=False)
        names = [keys.campaign(campaign_id), keys.escalation(campaign_id), keys.UNCONFIRMED, keys.CHANGES]
        match await self._batch.run("confirm_by_hand", names, [person, told, campaign_id, *_TAKEN_OVER]):
            case -1:
                raise _not_found(campaign_id)
            case -2:
                raise IllegalStep(f"escalation {campaign_id} is over: there is nothing to confirm any more")
            case -3:
                raise IllegalStep(f"escalation {campaign_id} has not begun: nobody can confirm it yet")

    async def end_escalation(self, campaign_id: str, why: Why) -> bool:
        """Let nobody be called any more, and have the workers hang up what rings; False where it was over before.

        All of it is one step: what waits has ended, what is claimed is refused, no step is added. Whoever listens is
        not cut off. Repeatable. Raises NotFound.
        """
        ends = Disposition.EXPIRED if why is Why.EXPIRED else Disposition.CANCELLED
        names = [keys.campaign(campaign_id), *(keys.calls_in(campaign_id, state) for state in keys.IN_FLIGHT)]
        names += [keys.calls_done(campaign_id, ends), keys.LEASES, keys.EXPIRING]
        names += [keys.hang_up(campaign_id), keys.HANGING_UP, keys.imports(campaign_id)]
        names += [keys.CLOSING, keys.CALLBACKS_TOLD, *keys.AUDITED, keys.held(campaign_id), keys.CHANGES]
        names += [keys.UNCONFIRMED, keys.SLEEPING]
        names += await self._lines(campaign_id)
        settled = "" if why in UNSETTLED else "1"
        by_itself = "" if why is Why.BY_HAND else "1"
        args: list[str | int] = [campaign_id, self._now_ms(), why, ends, settled, by_itself]
        done = int(await self._batch.run("end_escalation", names, args))
        if done < 0:
            raise _not_found(campaign_id)
        return bool(done)

    async def take_over(self, campaign_id: str) -> None:
        """Show an escalation that ended in vain as such no longer: somebody has confirmed since. Repeatable."""
        names = [keys.UNCONFIRMED, keys.campaign(campaign_id), keys.CHANGES]
        await self._batch.run("take_over", names, [campaign_id, *_TAKEN_OVER])

    async def forget_person(self, campaign_id: str, number: str) -> int:
        """Take whoever has this number out of a plan, and what was said of him; how many people. Repeatable.

        His calls are not touched. He is not called in a step to come, and does not stand among those who confirmed.
        """
        key = keys.escalation(campaign_id)
        while text := await self._batch.command("HGET", key, "plan"):
            plan = Plan.from_dict(json.loads(text))
            kept = plan.without(number)
            if kept == plan:
                break
            gone = plan.people.keys() - kept.people.keys()
            told = json.dumps(kept.to_dict(), ensure_ascii=False)
            args = ["plan", text, told, *(f"{_BY_HAND}{name}" for name in gone)]
            if await self._batch.run("replace_field", [key], args):
                return len(gone)
        return 0

    async def _climbed(self, campaign: Campaign) -> Escalation:
        script = EscalationScript.from_dict(campaign.script, default_language=STORED)
        fields, (calls, _) = await asyncio.gather(
            self._fields(keys.escalation(campaign.id)), self.calls(campaign.id, limit=MOST_CALLS)
        )
        duties = await asyncio.gather(*map(self._duty, calls))
        plan = Plan.from_dict(json.loads(fields["plan"])) if "plan" in fields else Plan(steps=())
        return Escalation(campaign, script, plan, _openings(fields), _by_hand(fields), tuple(duties), fields.get("of"))

    async def _duty(self, call: Call) -> Duty:
        return Duty(call, tuple(await self.attempts(call.id) if call.attempts else ()))


def _openings(fields: Mapping[str, str]) -> tuple[datetime, ...]:
    begun = {int(name.removeprefix(_OPENED)): at for name, at in fields.items() if name.startswith(_OPENED)}
    return tuple(moment(begun[number]) for number in sorted(begun))


def _by_hand(fields: Mapping[str, str]) -> dict[str, ByHand]:
    said = {name.removeprefix(_BY_HAND): json.loads(t) for name, t in fields.items() if name.startswith(_BY_HAND)}
    return {person: ByHand(moment(told["at"]), told["by"]) for person, told in said.items()}


def _of_kind(campaign: Campaign) -> Campaign:
    if campaign.kind != KIND:
        raise NotFound(f"there is no escalation {campaign.id!r}; that campaign is a {campaign.kind}")
    return campaign


def _not_found(campaign_id: str) -> NotFound:
    return NotFound(f"there is no escalation {campaign_id!r}")
