"""What the sweeper does in a random walk, in time or late: leases that lapse, ends that have come, unknown attempts."""

from __future__ import annotations

from dialer import keys
from dialer.dispositions import Disposition
from dialer.leases import Lapsed
from dialer.model import AttemptRef, CallRef
from dialer.states import CallState, CampaignState
from tests.fakes.walk.ground import Ground


class Sweepers(Ground):
    """Steps of the sweeper."""

    async def sweep(self) -> None:
        """The sweeper frees what has lapsed."""
        await self.engine.leases.forget_doubts()
        self.expected.forget_doubts(self.engine.now_ms)
        lapsed = await self.engine.leases.lapsed(100)
        self.seen += lapsed
        for one in lapsed:
            await self._lapse(one)

    async def sweep_late(self) -> None:
        """A slow sweeper frees what it saw lapse long ago, or a worker that stops puts its claim back."""
        claims = [Lapsed(dial.attempt, dial.claim.deadline_ms) for dial in self.dials[-3:]]
        for lapsed in self.any_of([*self.seen, *claims]):
            await self._lapse(lapsed)

    async def _lapse(self, lapsed: Lapsed) -> None:
        wanted = self.expected.lapse(lapsed, self.engine.now_ms)

        assert wanted is await self.engine.leases.lapse(lapsed)

    async def redial(self) -> None:
        """The sweeper gives an attempt up, if it is unknown still."""
        for attempt in [dial.attempt for dial, _ in self.any_of(self.begun)]:
            wanted = self.expected.redial(attempt, self.engine.now_ms)

            assert wanted is await self.engine.dialing.redial(attempt)

    async def complete(self) -> None:
        """The sweeper completes exactly the campaigns with nothing left to do, empty ones once they expired.

        It pauses exactly those that their breaker or their cap in euro has stopped.
        """
        await self.expire()
        over = {campaign_id for campaign_id, campaign in self.expected.campaigns.items() if campaign.is_over}
        for campaign_id in over:
            self.expected.campaigns[campaign_id].state = CampaignState.COMPLETED
        for campaign in self.expected.campaigns.values():
            if campaign.state is CampaignState.RUNNING and campaign.is_stopped():
                campaign.state = CampaignState.PAUSED

        assert over == set(await self.engine.leases.complete_campaigns())

    async def expire(self) -> None:
        """The sweeper ends what campaigns past their end have not dialed."""
        wanted = self.expected.expire(self.engine.now_ms)

        assert wanted == await self.engine.leases.expire_campaigns()

    async def expire_call(self) -> None:
        """The sweeper ends a call that waits for a redial, if it is too late for it."""
        refs = [CallRef(i, seq) for i, campaign in self.expected.campaigns.items() for seq in campaign.calls]
        for ref in self.any_of(self.random.sample(refs, len(refs))):
            now, call = self.engine.now_ms, self.expected.call(ref)
            wanted = call.where is CallState.WAITING and now >= call.too_late_at
            if wanted:
                call.finish(Disposition.EXPIRED)
            names = keys.call_step(AttemptRef(ref, call.tries))

            assert wanted == await self.engine.batch.run("expire_call", names, [*map(str, (*ref, call.tries, now))])

    async def expire_calls(self) -> None:
        """The sweeper ends calls for which it is too late."""
        wanted = self.expected.expire_calls(self.engine.now_ms)

        assert wanted == await self.engine.leases.expire_calls(1000)
