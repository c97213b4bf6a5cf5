"""The random walk, explained after every step: reasons add up to a campaign's size, and each is what the model says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from dialer.clock import to_ms
from dialer.dialing import Pace
from dialer.dispositions import Disposition
from dialer.explaining.explainer import CallExplained
from dialer.explaining.reasons import Code, Group
from dialer.explaining.rules import HELD_BACK, HELD_CODES
from dialer.states import CallState, CampaignState
from tests.fakes.engine import Engine, clean_engine
from tests.fakes.expected_call import ExpectedCall
from tests.fakes.expected_campaign import ExpectedCampaign
from tests.fakes.explaining import explainer_of, let_a_worker_live
from tests.fakes.walk.steps import Walk

STEPS_EACH = 250
ALL_EVERY = 10  # steps between two looks at all calls; a few are looked at after each
FEW = 4
MAY_GO = frozenset({Code.IN_LINE, Code.HIGHER_PRIORITY, Code.GATE_CLOSED, Code.SLOTS_FULL, Code.NUMBER_UP})
OF_ITS_OWN = frozenset({*HELD_BACK, Code.OUT_OF_HOURS, Code.DUE_LATER})
UNDER_WAY = {
    CallState.CLAIMED: Code.CLAIMED,
    CallState.PLACING: Code.PLACING,
    CallState.UNKNOWN: Code.UNKNOWN,
    CallState.LIVE: Code.LIVE,
}


class ExplainedWalk(Walk):
    """A walk that asks why after each step."""

    def __init__(self, engine: Engine, seed: int, paces: Mapping[str, Pace]) -> None:
        super().__init__(engine, seed, paces)
        self.explainer = explainer_of(engine, calls_per_second=paces["main"].calls_per_second)
        self.steps = 0

    async def judge(self) -> None:
        """What must hold of every explanation, beside what must hold after every step."""
        await super().judge()
        await let_a_worker_live(self.engine)
        self.steps += 1
        for campaign_id, campaign in self.expected.campaigns.items():
            told = await self.explainer.campaign(campaign_id)
            assert len(campaign.calls) == told.seen.campaign.total == sum(group.calls for group in told.groups)
            assert all(group.calls > 0 for group in told.groups)
            ended = Counter(call.where for call in campaign.calls.values() if isinstance(call.where, Disposition))
            assert ended == {group.disposition: group.calls for group in told.groups if group.disposition}
            few = self.random.sample(sorted(campaign.calls), min(FEW, len(campaign.calls)))
            seqs = sorted(campaign.calls) if self.steps % ALL_EVERY == 0 else few
            classes = Counter([await self._explain(campaign_id, campaign, seq) for seq in seqs])
            if len(seqs) == len(campaign.calls):
                assert self._classes(told.groups, due=told.seen.due) == classes

    @staticmethod
    def _classes(groups: list[Group], *, due: int) -> Counter[str]:
        """How many calls of each reason; those that are due are one class, whatever is against them."""
        found: Counter[str] = Counter()
        for group in groups[:-1] if due else groups:
            found[group.reason.code] += group.calls
        if due:
            assert groups[-1].calls == due
            found["due"] += due
        return found

    async def _explain(self, campaign_id: str, campaign: ExpectedCampaign, seq: int) -> str:
        told = await self.explainer.call(f"{campaign_id}-{seq}")
        call, code = campaign.calls[seq], told.explained.reason.code
        assert call.where == told.of_call.where
        if isinstance(call.where, Disposition):
            assert code is Code.DONE
        elif call.where is not CallState.WAITING:
            assert code is UNDER_WAY[CallState(call.where)]
        else:
            return self._judge_waiting(told, call)
        return code

    def _judge_waiting(self, told: CallExplained, call: ExpectedCall) -> str:
        now, reason, campaign = self.engine.now_ms, told.explained.reason, call.campaign
        until = to_ms(reason.until) if reason.until else None
        codes = {reason.code, *(one.code for one in told.explained.also)}
        if call.person.number in campaign.barred and not self._other(call):
            assert Code.SUPPRESSED in codes
        else:
            assert told.of_call.number == self._dials(call)
            assert Code.SUPPRESSED not in codes
        assert (campaign.state is CampaignState.PAUSED) == (Code.PAUSED in codes)
        assert (call.too_late_at <= now) == (Code.EXPIRING in codes)
        is_due = told.of_call.at_ms <= now or any(
            told.seen.is_parked(told.of_call.at_ms, opens) for opens in told.seen.unpark
        )
        if not is_due and reason.code in HELD_BACK:
            assert call.held is not None
            assert (HELD_CODES[call.held], call.due) == (reason.code, until)
        elif not is_due and reason.code is Code.DUE_LATER:
            assert call.held is None
            assert call.due == pytest.approx(told.of_call.at_ms)
        elif reason.code is Code.OUT_OF_HOURS:
            assert until is not None
            self._judge_hours(call, now, until)
        elif reason.code in MAY_GO:
            assert is_due
            assert call.claimable_from(now) <= now
        if Code.SLOTS_FULL in codes:
            assert campaign.is_full
        return "due" if is_due else str(reason.code)

    def _judge_hours(self, call: ExpectedCall, now: int, until: int) -> None:
        """Closed now and until then, open then, unless the campaign is over by then."""
        hours, ends = call.campaign.hours, call.campaign.expires_at
        assert hours.claimable_from(call.zones, now) > now
        assert hours.claimable_from(call.zones, until - 1) > until - 1
        assert until == ends or hours.claimable_from(call.zones, until) <= until

    def _other(self, call: ExpectedCall) -> str | None:
        """The number that a suppressed one's person is dialed at instead."""
        person = call.person
        here = person.numbers.index(person.number)
        turn = [*person.numbers[here + 1 :], *person.numbers[: here + 1]]
        return next((n for n in turn if n not in person.spent and n not in call.campaign.barred), None)

    def _dials(self, call: ExpectedCall) -> str | None:
        return call.person.number if call.person.number not in call.campaign.barred else self._other(call)

    async def judge_ends(self) -> None:
        """Every reason of a call's own that ends at a moment holds until a millisecond before it, and no longer."""
        ends: list[tuple[int, str, Code]] = []
        for call_id, call in self.expected.calls():
            told = await self.explainer.call(call_id)
            reason = told.explained.reason
            if call.where is CallState.WAITING and reason.until and told.of_call.at_ms > self.engine.now_ms:
                ends.append((to_ms(reason.until), call_id, reason.code))
        for until, call_id, code in sorted(ends):
            if code in OF_ITS_OWN and until > self.engine.now_ms + 1:
                before, after = [await self._told_at(until + offset, call_id) for offset in (-1, 1)]
                assert code is before.explained.reason.code
                # Due now, whatever keeps it then: another call to its number may be up yet, its campaign paused.
                assert after.of_call.at_ms <= self.engine.now_ms or code is Code.OUT_OF_HOURS

    async def _told_at(self, moment_ms: int, call_id: str) -> CallExplained:
        self.engine.clock.set_us(moment_ms * 1000)
        await let_a_worker_live(self.engine)
        told = await self.explainer.call(call_id)
        self._judge_waiting(told, dict(self.expected.calls())[call_id])
        return told


@pytest.mark.parametrize("seed", range(100, 106))
async def test_every_step_of_a_random_walk_is_explained(redis_url: str, seed: int) -> None:
    """Whatever happens in whatever order, every call of every campaign has its reason, and the model agrees."""
    async with clean_engine(redis_url, calls_per_second=3, further={"south": Pace(10)}) as engine:
        walk = ExplainedWalk(engine, seed, {"main": Pace(3), "south": Pace(10)})
        await walk.walk(STEPS_EACH)
        await walk.judge_ends()
