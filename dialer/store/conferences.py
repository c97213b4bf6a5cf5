"""Conferences: reading one as it is now, calling a member again, and saying that it is over.

A conference is a campaign of its kind with at most 50 calls; these are read whole.
"""

from __future__ import annotations

import asyncio

from dialer import keys
from dialer.conferences.conference import KIND, MOST_MEMBERS, ConferenceScript
from dialer.conferences.gathering import BY_HAND, Conference, Member
from dialer.errors import IllegalStep, NotFound
from dialer.model import AttemptRef, Call, CallRef, Campaign
from dialer.store.attempts import AttemptStore
from dialer.store.calls import CallStore
from dialer.store.listing import ListingStore

_STORED = "en-US"  # a stored script names its language


class ConferenceStore(ListingStore, CallStore, AttemptStore):
    """Conferences."""

    async def conference(self, campaign_id: str) -> Conference:
        """A conference with all its members and their attempts. Raises NotFound."""
        return await self._gathered(_of_kind(await self.campaign(campaign_id)))

    async def conferences(self, *, limit: int, cursor: str | None = None) -> tuple[list[Conference], str | None]:
        """A page of conferences, newest first, and the cursor of the next one. Raises InvalidInput."""
        page = await self._page(keys.CONFERENCES, cursor, limit=limit)
        return list(await asyncio.gather(*map(self._gathered, page.campaigns))), page.cursor

    async def open_conferences(self) -> list[str]:
        """The ids of those that have anything left to do, drafts too."""
        return await self._opened(keys.CONFERENCES)

    async def recall(self, call: Call) -> None:
        """Call a member again because somebody asked for it, now; `call` as it was read. Raises IllegalStep."""
        await self._recall(call, dropped=False)

    async def recall_dropped(self, call: Call) -> bool:
        """Call a member again who was in and dropped; False where he is not, or not any more. Repeatable."""
        try:
            await self._recall(call, dropped=True)
        except IllegalStep:
            return False
        return True

    async def _recall(self, call: Call, *, dropped: bool) -> None:
        ref = CallRef.parse(call.id)
        if ref is None:
            raise NotFound(f"there is no call {call.id!r}")
        attempt = AttemptRef(ref, call.attempts)
        args: list[str | int] = [ref.campaign_id, ref.seq, attempt.number, self._now_ms(), "1" if dropped else ""]
        match await self._batch.run("recall_call", keys.call_step(attempt), args):
            case [-1]:
                raise NotFound(f"there is no conference {ref.campaign_id!r}")
            case [-2, "over"]:
                raise IllegalStep(f"conference {ref.campaign_id} is over: nobody is called any more; start a new one")
            case [-2, state]:
                raise IllegalStep(f"conference {ref.campaign_id} is {state}: nobody is called now")
            case [0]:
                raise IllegalStep(f"{ref} is being called or is on the phone: there is nobody to call again")
        await self._wake()

    async def end_conference(self, campaign_id: str, why: str) -> bool:
        """Let nobody be called any more and nobody in; False where it was over before. Raises NotFound."""
        args: list[str | int] = [campaign_id, self._now_ms(), why, int(why != BY_HAND)]
        names = [keys.campaign(campaign_id), keys.EXPIRING, *keys.AUDITED]
        done = await self._batch.run("end_conference", names, args)
        if int(done) < 0:
            raise NotFound(f"there is no conference {campaign_id!r}")
        return bool(done)

    async def _gathered(self, campaign: Campaign) -> Conference:
        script = ConferenceScript.from_dict(campaign.script, default_language=_STORED)
        calls, _ = await self.calls(campaign.id, limit=MOST_MEMBERS)
        members = await asyncio.gather(*(self._member(call, script) for call in calls))
        return Conference(campaign, script, tuple(members))

    async def _member(self, call: Call, script: ConferenceScript) -> Member:
        attempts = await self.attempts(call.id) if call.attempts else []
        return Member(call, tuple(attempts), script.is_moderator(call.number, call.external_id))


def _of_kind(campaign: Campaign) -> Campaign:
    if campaign.kind != KIND:
        raise NotFound(f"there is no conference {campaign.id!r}; that campaign is a {campaign.kind}")
    return campaign
