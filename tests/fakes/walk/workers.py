"""What workers and carriers do in a random walk: claim, begin in time or late, record, tell of calls, slow a trunk."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from dialer import keys, pacing
from dialer.clock import moment
from dialer.dialing import Begun, Follows
from dialer.dials import Claim, Dial
from dialer.dispositions import Fact
from dialer.model import AttemptRef, CallRef, Priority
from dialer.providers.base import CallEvent, Placed, PlaceResult, Refusal, Refused
from dialer.restoring import LEASE_MS, adopt
from dialer.states import CampaignState
from tests.fakes.engine import PLACING_LEASE_MS, REASON_MS, RINGING_MS
from tests.fakes.expected import Look
from tests.fakes.expected_call import ExpectedCall
from tests.fakes.expected_campaign import ExpectedCampaign
from tests.fakes.walk.ground import Ground

EVENTS = [CallEvent(kind=fact, facts=frozenset({fact})) for fact in Fact] + [CallEvent(kind="input")]
LATE_US = (-25_000, -25_000, 0, 0, 10_000, 100_000, 200_000, pacing.LATEST_US, pacing.LATEST_US + 1)
UP_MS = (0, 8_000, 700_000)
PASSING_MS = (-20, -2, 1, 5, 50, 200, 338, 500, 1_000, 5_000, 60_000, 700_000)

HANDED_ON = {Begun.PREEMPTED, Begun.NEXT_NUMBER, Begun.HELD, Begun.NO_SLOT}
HANDED_ON |= {Begun.OVER_CAP, Begun.BREAKER_OPEN, Begun.CHANGED}
PRICES = (None, None, "0.00000001", "0.0525", "0.10", "0.1499", "0.31")
ROUNDED_US = 1_000
"""The moments of a campaign's own pace are rounded each time."""


class Workers(Ground):
    """Steps of workers and carriers."""

    async def wait(self) -> None:
        """Time passes."""
        self.engine.clock.advance_ms(self.random.choice(PASSING_MS))

    async def claim(self) -> None:
        """A hopper claims."""
        await self._claim(self.random.randint(1, 5), None)

    @staticmethod
    def _judge_order(claims: list[Claim], classes: dict[str, Priority], left: list[ExpectedCall], now_us: int) -> None:
        """Nobody gets a token before a higher class, but for one far ahead: an urgent call takes those before it."""
        rank = [*Priority].index
        for claim in claims:
            # Less a microsecond: a token's moment and the interval are rounded on their way out of the script.
            far = claim.place_at_us > now_us + pacing.LEAD_US + claim.interval_us - 1
            soon_us = min(claim.place_at_us, now_us + pacing.LEAD_US) - ROUNDED_US
            able = [call.campaign for call in left if call.campaign.pace.next_us < soon_us]
            passed = [one.priority for one in able if not (far and one.priority is Priority.URGENT)]
            assert rank(classes[str(claim.call)]) <= min(map(rank, passed), default=9)

    async def _claim(self, most: int, inherited: Claim | None) -> list[Dial]:
        trunk = inherited.trunk if inherited else self.random.choice([*self.paces])
        due, asked_at_us = self.expected.due(self.engine.now_ms, trunk), self.engine.clock.now_us()
        dozing = await self._dozing()
        claimed = await self.engine.dialing.claim(most, trunk=trunk, inherited=inherited)
        ids = {str(claim.call) for claim in claimed.claims}

        assert ids <= due.keys()
        assert len(ids) == len(claimed.claims) <= most
        assert {claim.trunk for claim in claimed.claims} <= {trunk}
        self.expected.claim(claimed.claims)
        if self.paces[trunk].slots and ids:
            assert len(await self._up(trunk)) <= self.paces[trunk].slots
        # Of a campaign without slots nothing more is due.
        left = [call for call_id, call in self.expected.due(self.engine.now_ms, trunk).items() if call_id not in ids]
        awake = [call for call in left if call.campaign not in dozing]
        self._judge_order(claimed.claims, {i: call.campaign.priority for i, call in due.items()}, awake, asked_at_us)
        # What is due and was not claimed lacks a token, or room; or its campaign's own pace was behind the first token:
        # it is looked at again in a millisecond.
        soon_us = min(inherited.place_at_us if inherited else math.inf, asked_at_us + pacing.LEAD_US) - ROUNDED_US
        # A call that was parked comes some microseconds after its campaign has opened; a clock behind sees it later.
        came = [call for call in left if call.claimable_from(self.engine.now_ms) < self.engine.now_ms >= self.latest_ms]
        able = [call for call in came if call.campaign.pace.next_us < soon_us and call.campaign not in dozing]
        assert not able or len(ids) == most or claimed.look_again_us > self.engine.clock.now_us()
        dials = await self.engine.dialing.read(claimed.claims)
        self.dials += dials
        return dials

    async def _up(self, trunk: str) -> set[str]:
        """Who holds a slot of a trunk: whoever has no lease any more holds none."""
        redis: Any = self.engine.redis
        return {*await redis.zrange(keys.trunk_up(trunk), 0, -1)} & {*await redis.zrange(keys.LEASES, 0, -1)}

    async def _dozing(self) -> list[ExpectedCampaign]:
        """Campaigns whose own pace found a token of this millisecond too early: they are looked at in the next one."""
        redis: Any = self.engine.redis
        found = await redis.zrangebyscore(keys.SLEEPING, f"({self.engine.now_ms}", self.engine.now_ms + 1)
        return [self.expected.campaigns[campaign_id] for campaign_id in found]

    async def begin(self) -> None:
        """Any job that ever was begins, for the first time or again, in time or too late."""
        for dial in self.any_of(self.dials):
            await self._begin(dial, self.random.choice("xy"), self.random.choice(LATE_US))

    async def place(self) -> None:
        """The ordinary way: claim some, begin them in time, record an answer or die."""
        for dial in await self._claim(2, None):
            begun = await self._begin(dial, "z", self.random.choice(LATE_US))
            answer = self.random.choice(["live", "live", "unknown", "back", None])
            if begun is Begun.BEGUN and answer:
                await self._record(dial, "z", answer)

    async def _begin(self, dial: Dial, nonce: str, late_us: int) -> Begun:
        await self.engine.clock.sleep_until(dial.claim.place_at_us + late_us)
        look = await self._look(dial)
        before = self.under_way.get(dial.attempt)
        wanted = self.expected.begin(dial, nonce, look)
        begun = await self.engine.dialing.begin(dial, nonce, lease_ms=PLACING_LEASE_MS)

        assert wanted is begun
        if begun is Begun.BEGUN and before != nonce:
            assert before is None, f"{dial.attempt} was begun twice"
            call = self.expected.call(dial.claim.call)
            assert call.campaign.state is CampaignState.RUNNING
            assert call.campaign.up <= call.campaign.most_up
            assert not call.campaign.breaker.is_open(look.now_us // 1000)
            assert call.campaign.money.is_within(call.campaign.up, look.now_us // 1000)
            assert dial.number not in call.campaign.barred
            assert call.campaign.hours.holds_at(call.zones, max(look.now_us, dial.claim.place_at_us) / 1000)
            self.under_way[dial.attempt] = nonce
            self.begun.append((dial, nonce))
            self.left_us[dial.claim.trunk].append(max(look.now_us, dial.claim.place_at_us))
            self.left_by[dial.attempt] = dial.claim.trunk
        elif begun in HANDED_ON:
            for heir in await self._claim(1, dial.claim):
                await self._begin(heir, nonce, self.random.choice(LATE_US))
        return begun

    async def _look(self, dial: Dial) -> Look:
        redis: Any = self.engine.redis
        now_us = self.engine.clock.now_us()
        campaign = keys.campaign(dial.claim.campaign_id)
        timed, stretch = await redis.hmget(campaign, "timed", f"h{dial.claim.cohort}")
        opens, closes = map(int, (stretch or "0 0").split())
        return Look(
            now_us,
            lease=now_us // 1000 + PLACING_LEASE_MS,
            gate=int(await redis.hget(keys.trunk(dial.claim.trunk), "gate") or 0),
            urgent=bool(await redis.zcard(keys.ready(Priority.URGENT, dial.claim.trunk))),
            hours=(opens, closes) if timed else None,
            held=int(await redis.zcard(keys.held(dial.claim.campaign_id))),
        )

    async def record(self) -> None:
        """Any run that ever began records an answer, for the first time or again."""
        for dial, nonce in self.any_of(self.begun):
            await self._record(dial, nonce, self.random.choice(["live", "live", "unknown", "back", "failed"]))

    async def _record(self, dial: Dial, nonce: str, answer: str) -> None:
        attempt = dial.attempt
        wait = {"live": RINGING_MS, "unknown": REASON_MS}.get(answer)
        follows = Follows(answer, answer, "", self.engine.now_ms + wait if wait else 0)
        wanted = self.expected.record(attempt, nonce, follows, self.engine.now_ms)
        recorded = await self.engine.dialing.record(dial, nonce, follows)

        assert wanted == recorded[:2]
        if recorded.taken and answer == "back":
            del self.under_way[attempt]

    async def event(self) -> None:
        """The carrier tells something of any attempt that ever was."""
        for attempt in self.any_of([*self.adopted, *(dial.attempt for dial, _ in self.begun)]):
            event, price = self.random.choice(EVENTS), self.random.choice(PRICES)
            event = replace(event, figures={"price": price}) if price else event
            up_until = self.engine.now_ms + self.random.choice(UP_MS) if Fact.LOST in event.facts else 0
            wanted = self.expected.event(attempt, event, self.engine.now_ms, up_until)
            wanted = replace(wanted, trunk=self.left_by[attempt]) if wanted.attempt else wanted

            assert wanted == await self.engine.store.apply_event(str(attempt), event, up_until_ms=up_until)

    async def tune(self) -> None:
        """A trunk's carrier finds the pace too fast, or not."""
        answers: list[PlaceResult] = [Refused(Refusal.RATE), Placed("u1"), Placed("u1")]
        result = self.random.choice(answers)
        trunk, pace = self.random.choice([*self.paces.items()])
        wait_ms = round(1000 / pace.calls_per_second)
        await pacing.tune(self.engine.batch, self.engine.clock, result, first_wait_ms=wait_ms, trunk=trunk)

    async def adopt(self) -> None:
        """The carrier knows of an attempt that the data has lost, at a call that waits or does not."""
        campaigns = self.expected.campaigns.items()
        refs = [CallRef(i, seq) for i, one in campaigns for seq, call in one.calls.items() if not call.is_erased]
        for ref in self.any_of(self.random.sample(refs, len(refs))):
            call, now, trunk = self.expected.call(ref), self.engine.now_ms, self.random.choice([*self.paces])
            attempt = AttemptRef(ref, call.tries + self.random.choice([1, 1, 1, 2]))
            number, place = call.person.number, call.person.numbers.index(call.person.number) + 1
            wanted = self.expected.adopt(attempt, now + LEASE_MS, trunk, now)
            told = {"number": number, "place": place, "at": moment(now), "uuid": "u1", "trunk": trunk}

            assert wanted is await adopt(self.engine.batch, self.engine.clock, attempt, **told)  # type: ignore[arg-type]
            if wanted:
                self.adopted.append(attempt)
                self.under_way[attempt] = "adopted"
                self.left_by[attempt] = trunk
