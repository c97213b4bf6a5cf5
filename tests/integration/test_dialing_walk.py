"""A random walk over all that can happen to four campaigns on two trunks, beside a model in plain Python that judges.

What every step must leave: each call in exactly one set, the one the model says; leases for calls in flight and no
others; no attempt begun twice; no more requests in any second than the budget; no due call that nobody will look at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, TypeVar

import pytest

from dialer import keys, pacing
from dialer.callbacks.events import CallbackEvent, Callbacks
from dialer.callbacks.messages import SWEPT, Message
from dialer.clock import moment, to_ms
from dialer.decisions import ALL_CAMPAIGNS
from dialer.dialing import Begun, Claim, Dial, Follows, Pace
from dialer.dispositions import Disposition, Fact
from dialer.errors import IllegalStep, NotFound
from dialer.holding import read_held
from dialer.leases import Lapsed
from dialer.model import AttemptRef, Call, CallRef, Caps, NewCall, Priority, Redial, Share, Terms
from dialer.providers.base import CallEvent, Placed, PlaceResult, Refusal, Refused
from dialer.states import CallState, CampaignState
from dialer.windows import MIDNIGHT, Hours, Windows
from tests.fakes.engine import PLACING_LEASE_MS, REASON_MS, RINGING_MS, Engine, clean_engine, new_calls
from tests.fakes.expected import Expected, Look
from tests.fakes.expected_call import ExpectedCall, ExpectedCampaign
from tests.fakes.expected_redials import ExpectedPerson

STEPS_EACH = 400
SECOND_US = 1_000_000
REDIALS = (
    {Disposition.BUSY: Redial(2, 3_000), Disposition.FAILED: Redial(1, 0)},
    {
        Disposition.BUSY: Redial(5, 200, 250, 2_000, next_number=True),
        Disposition.NO_ANSWER: Redial(0, 0, next_number=True),
        Disposition.MACHINE: Redial(3, 7, 133, other_hour=True),
        Disposition.ANSWERED: Redial(1, 50),
    },
    {
        Disposition.REJECTED: Redial(1, 0, then="suppress"),
        Disposition.INVALID_NUMBER: Redial(0, 0, then="suppress", next_number=True),
        Disposition.FAILED: Redial(2, 0, 1000, next_number=True),
    },
)
CAPS = (Caps(), Caps(), Caps(day=2), Caps(day=4, week=3), Caps(spacing_ms=2_000), Caps(day=3, spacing_ms=90_000))
SLOTS = (None, None, None, 1, 2, 5)
SLOTS_LOOK_MS = 5_000
EVENTS = [CallEvent(kind=fact, facts=frozenset({fact})) for fact in Fact] + [CallEvent(kind="input")]
LATE_US = (-25_000, -25_000, 0, 0, 10_000, 100_000, 200_000, pacing.LATEST_US, pacing.LATEST_US + 1)
PASSING_MS = (1, 5, 50, 200, 338, 500, 1_000, 5_000, 60_000, 700_000)
IN_FLIGHT = [CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE]
ZONES = ("Europe/London", "Asia/Kolkata", "America/New_York")
OFFSETS = (60, 0, 330, -300)  # minutes of these zones and of Amsterdam, in January
T = TypeVar("T")


class Walk:
    """One walk; its seed makes it the same again."""

    def __init__(self, engine: Engine, seed: int, rates: dict[str, int]) -> None:
        self.engine, self.random, self.rates = engine, Random(seed), rates  # noqa: S311 - guards nothing
        self.expected, self.start_ms = Expected(), engine.now_ms
        self.lists: dict[str, set[str]] = {"vip": set(), "staff": set()}
        self.dials: list[Dial] = []
        self.begun: list[tuple[Dial, str]] = []
        self.seen: list[Lapsed] = []
        self.looked: list[Call] = []
        self.under_way: dict[AttemptRef, str] = {}
        self.left_us: dict[str, list[int]] = {trunk: [] for trunk in self.rates}
        self.left_by: dict[AttemptRef, str] = {}

    async def walk(self, steps: int) -> None:
        """Take so many steps, and judge after each."""
        for name in self.lists:
            await self.engine.store.suppress(on=name)
        for number in range(4):
            await self.create(f"c{number}")
        taken: list[str] = []
        for _ in range(steps):
            (step,) = self.random.choices([*WEIGHTS], [*WEIGHTS.values()])
            taken.append(step.__name__)
            try:
                await step(self)
                await self.judge()
            except AssertionError as error:
                raise AssertionError(f"step {len(taken)}, after {' '.join(taken[-10:])}: {error}") from error

    def any_of(self, choices: list[T]) -> list[T]:
        """One of these, mostly one of the latest; none if there are none."""
        if not choices:
            return []
        return [choices[-1 - min(int(self.random.expovariate(0.3)), len(choices) - 1)]]

    async def create(self, campaign_id: str) -> None:
        """A running campaign without calls, urgent now and then."""
        priority = self.random.choice([Priority.URGENT, Priority.NORMAL, Priority.NORMAL, Priority.BACKGROUND])
        terms = Terms(connects=self.random.choice([0, 0, 0, 1, 2]))
        windows = self.random.choice([None, self.some_windows()])
        ends_in_ms = self.random.choice([None, None, None, 90_000, 1_500_000])
        expires_at = None if ends_in_ms is None else moment(self.engine.now_ms + ends_in_ms)
        redial, max_tries = self.random.choice(REDIALS), self.random.choice([None, None, 1, 2, 4])
        fields: dict[str, Any] = {"priority": priority, "redial": redial, "terms": terms, "expires_at": expires_at}
        fields["windows"] = windows
        fields["caps"] = self.random.choice(CAPS)
        fields["share"] = Share(weight=self.random.choice([1, 1, 2, 7]), slots=self.random.choice(SLOTS))
        fields["lists"] = tuple(self.random.choice([[], [], ["vip"], ["vip", "staff"]]))
        fields["trunks"] = self.random.choice([("main",), ("main",), ("south",), ("main", "south"), ("main", "south")])
        fields["callbacks"] = Callbacks("https://crm.example.com/in", frozenset(CallbackEvent))
        kind = self.random.choice(["notification", "conference"])
        await self.engine.run_campaign(campaign_id, calls=0, kind=kind, max_tries=max_tries, **fields)
        campaign = ExpectedCampaign(priority, redial, CampaignState.RUNNING, kind=kind)
        campaign.hours.windows = windows
        campaign.max_tries, campaign.suppressed = max_tries or math.inf, self.expected.suppressed
        campaign.caps, campaign.slots = fields["caps"], fields["share"].slots or math.inf
        campaign.trunks = fields["trunks"]
        campaign.lists = tuple(self.lists[name] for name in fields["lists"])
        campaign.expires_at = math.inf if ends_in_ms is None else self.engine.now_ms + ends_in_ms
        self.expected.campaigns[campaign_id] = campaign

    def some_windows(self) -> Windows:
        """Minutes here and there, on the clocks of all zones of these walks, from now on or a little later."""
        start = self.start_ms // 60_000 % MIDNIGHT
        begins = [start + self.random.choice(OFFSETS) + self.random.randint(0, 120) for _ in range(14)]
        hours = [Hours(frozenset(range(7)), m % MIDNIGHT, (m + self.random.randint(1, 9)) % MIDNIGHT) for m in begins]
        later = moment(self.engine.now_ms + 60_500) if self.random.random() < 0.2 else None
        day = moment(self.engine.now_ms).date()
        closed = frozenset({day + timedelta(days=1)}) if self.random.random() < 0.1 else frozenset()
        holidays = self.random.choice([None, None, "NL", "US"])
        return Windows(hours=tuple(hours), closed=closed, holidays=holidays, not_before=later)

    async def change(self) -> None:
        """Somebody changes the windows of a campaign, or takes them away."""
        campaign_id, campaign = self.random.choice([*self.expected.campaigns.items()])
        windows = self.random.choice([None, self.some_windows(), self.some_windows()])
        try:
            await self.engine.store.change_windows(campaign_id, windows)
        except IllegalStep:
            assert campaign.state in {CampaignState.CANCELLED, CampaignState.COMPLETED}
        else:
            campaign.hours.windows = windows

    async def share(self) -> None:
        """Somebody changes how many calls of a campaign may be up, and how often it may dial a number."""
        campaign_id, expected = self.random.choice([*self.expected.campaigns.items()])
        before = await self.engine.store.campaign(campaign_id)
        share, caps = Share(weight=3, slots=self.random.choice(SLOTS)), self.random.choice(CAPS)
        try:
            await self.engine.store.change_campaign(before, replace(before, share=share, caps=caps))
        except IllegalStep:
            assert expected.state in {CampaignState.CANCELLED, CampaignState.COMPLETED}
        else:
            expected.slots = share.slots or math.inf
            expected.change_caps(caps, self.engine.now_ms)

    async def suppress(self) -> None:
        """A number comes on a list, or is taken off."""
        numbers = sorted({number for _, call in self.expected.calls() for number in call.person.numbers})
        for number in self.any_of(numbers):
            name = self.random.choice([ALL_CAMPAIGNS, *self.lists])
            listed = self.lists.get(name, self.expected.suppressed)
            if self.random.random() < 0.4:
                assert (number in listed) is bool(await self.engine.store.unsuppress(number, on=name))
                listed.discard(number)
            else:
                assert (number not in listed) is bool(await self.engine.store.suppress(number, on=name))
                listed.add(number)

    async def renew(self) -> None:
        """When a campaign is over, another begins."""
        over = {CampaignState.COMPLETED, CampaignState.CANCELLED}
        now = self.engine.now_ms
        if (
            sum(
                campaign.state not in over and campaign.expires_at > now
                for campaign in self.expected.campaigns.values()
            )
            < 3
        ):
            await self.create(f"c{len(self.expected.campaigns)}")

    async def add(self) -> None:
        """A list comes in."""
        campaign_id, campaign = self.random.choice([*self.expected.campaigns.items()])
        count = self.random.randint(1, 5)
        first, now = len(campaign.calls) + 1, self.engine.clock.now_us() / 1000
        calls = [self._new_call(call) for call in new_calls(count, first=first)]
        try:
            await self.engine.store.add_calls(campaign_id, calls, import_id="i1")
        except IllegalStep:
            over = campaign.state in {CampaignState.CANCELLED, CampaignState.COMPLETED}
            assert over or campaign.expires_at <= now
            return
        await self.engine.store.end_import(campaign_id, "i1")
        for position, call in enumerate(calls):
            person, zones = ExpectedPerson((call.number, *call.others)), (call.timezone or "Europe/Amsterdam",)
            expected = ExpectedCall(campaign, now + (position + 1) * 0.0005, person, zones)
            if call.expires_at:
                expected.expires_at = expected.look_at = to_ms(call.expires_at)
            campaign.calls[first + position] = expected

    def _new_call(self, call: NewCall) -> NewCall:
        """Somebody in any zone, with up to three numbers, now and then only for some minutes."""
        others = [call.number.replace("+3161", f"+316{digit}") for digit in range(2, self.random.choice([2, 2, 3, 4]))]
        ends_in_ms = self.random.choice([*[None] * 8, 500, 200_000])
        expires_at = None if ends_in_ms is None else moment(self.engine.now_ms + ends_in_ms)
        zone = self.random.choice([None, *ZONES])
        return replace(call, others=tuple(others), timezone=zone, expires_at=expires_at)

    async def step(self) -> None:
        """Somebody pauses, resumes or cancels."""
        campaign_id = self.random.choice([*self.expected.campaigns])
        verb = self.random.choice(["pause", "resume", "resume", "resume", "start", "cancel"])
        allowed = self.expected.campaigns[campaign_id].step(verb)
        try:
            await self.engine.store.step(campaign_id, verb)
        except IllegalStep:
            assert not allowed
        else:
            assert allowed

    async def wait(self) -> None:
        """Time passes."""
        self.engine.clock.advance_ms(self.random.choice(PASSING_MS))

    async def claim(self) -> None:
        """A hopper claims."""
        await self._claim(self.random.randint(1, 5), None)

    @staticmethod
    def _judge_order(
        claims: list[Claim], priorities: dict[str, Priority], left: list[Priority], asked_at_us: int
    ) -> None:
        """Nobody gets a token before a higher class, but for one far ahead: an urgent call takes those before it."""
        rank = [*Priority].index
        for claim in claims:
            # Less a microsecond: a token's moment and the interval are rounded on their way out of the script.
            far = claim.place_at_us > asked_at_us + pacing.LEAD_US + claim.interval_us - 1
            passed = [priority for priority in left if not (far and priority is Priority.URGENT)]
            assert rank(priorities[str(claim.call)]) <= min(map(rank, passed), default=9)

    async def _claim(self, most: int, inherited: Claim | None) -> list[Dial]:
        trunk = inherited.trunk if inherited else self.random.choice([*self.rates])
        due, asked_at_us = self.expected.due(self.engine.now_ms, trunk), self.engine.clock.now_us()
        claimed = await self.engine.dialing.claim(most, trunk=trunk, inherited=inherited)
        ids = {str(claim.call) for claim in claimed.claims}
        took = [priority for priority, call_id in due if call_id in ids]

        assert len(ids) == len(took) == len(claimed.claims) <= most
        assert {claim.trunk for claim in claimed.claims} <= {trunk}
        self.expected.claim(claimed.claims)
        # Of a campaign without slots nothing more is due.
        left = [priority for priority, call_id in self.expected.due(self.engine.now_ms, trunk) if call_id not in ids]
        self._judge_order(claimed.claims, {call_id: priority for priority, call_id in due}, left, asked_at_us)
        # What is due and was not claimed lacks a token, or room; nothing else.
        assert not left or len(ids) == most or claimed.look_again_us > self.engine.clock.now_us()
        dials = await self.engine.dialing.read(claimed.claims)
        self.dials += dials
        return dials

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
            assert call.campaign.up <= call.campaign.slots
            assert dial.number not in call.campaign.barred
            assert call.campaign.hours.holds_at(call.zones, max(look.now_us, dial.claim.place_at_us) / 1000)
            self.under_way[dial.attempt] = nonce
            self.begun.append((dial, nonce))
            self.left_us[dial.claim.trunk].append(max(look.now_us, dial.claim.place_at_us))
            self.left_by[dial.attempt] = dial.claim.trunk
        elif begun in {Begun.PREEMPTED, Begun.NEXT_NUMBER, Begun.HELD, Begun.NO_SLOT}:
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
        for attempt in [dial.attempt for dial, _ in self.any_of(self.begun)]:
            event = self.random.choice(EVENTS)
            wanted = self.expected.event(attempt, event, self.engine.now_ms)
            wanted = replace(wanted, trunk=self.left_by[attempt]) if wanted.attempt else wanted

            assert wanted == await self.engine.store.apply_event(str(attempt), event)

    async def sweep(self) -> None:
        """The sweeper frees what has lapsed."""
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

    async def recall(self) -> None:
        """The watch or a person calls a member again, mostly as he stands, now and then as he was seen before."""
        refs = [CallRef(i, seq) for i, campaign in self.expected.campaigns.items() for seq in campaign.calls]
        self.looked += [
            await self.engine.store.call(str(ref)) for ref in self.any_of(self.random.sample(refs, len(refs)))
        ]
        for call in self.any_of(self.looked):
            dropped, ref = self.random.choice([True, False]), CallRef.parse(call.id)
            assert ref
            wanted = self.expected.recall(ref, call.attempts, self.engine.now_ms, dropped=dropped)

            assert wanted is await self._recalled(call, dropped=dropped)

    async def _recalled(self, call: Call, *, dropped: bool) -> bool:
        try:
            if dropped:
                return await self.engine.store.recall_dropped(call)
            await self.engine.store.recall(call)
        except (IllegalStep, NotFound):
            return False
        return True

    async def end(self) -> None:
        """A conference is over, found out once or twice."""
        conferences = [i for i, campaign in self.expected.campaigns.items() if campaign.kind == "conference"]
        for campaign_id in self.any_of(conferences):
            wanted = self.expected.end(campaign_id, self.engine.now_ms)

            assert wanted is await self.engine.store.end_conference(campaign_id, "everybody left")

    async def complete(self) -> None:
        """The sweeper completes exactly the campaigns with nothing left to do, empty ones once they expired."""
        await self.expire()
        over = {campaign_id for campaign_id, campaign in self.expected.campaigns.items() if campaign.is_over}
        for campaign_id in over:
            self.expected.campaigns[campaign_id].state = CampaignState.COMPLETED

        assert over == set(await self.engine.leases.complete_campaigns())

    async def expire(self) -> None:
        """The sweeper ends what campaigns past their end have not dialed."""
        wanted = self.expected.expire(self.engine.now_ms)

        assert wanted == await self.engine.leases.expire_campaigns()

    async def expire_calls(self) -> None:
        """The sweeper ends calls for which it is too late."""
        wanted = self.expected.expire_calls(self.engine.now_ms)

        assert wanted == await self.engine.leases.expire_calls(1000)

    async def tune(self) -> None:
        """A trunk's carrier finds the pace too fast, or not."""
        answers: list[PlaceResult] = [Refused(Refusal.RATE), Placed("u1"), Placed("u1")]
        result = self.random.choice(answers)
        trunk, rate = self.random.choice([*self.rates.items()])
        wait_ms = 1000 // rate
        await pacing.tune(self.engine.batch, self.engine.clock, result, first_wait_ms=wait_ms, trunk=trunk)

    async def judge(self) -> None:
        """All that must hold after every step."""
        stored = await self.engine.keyspace()
        calls = dict(self.expected.calls())
        leases = {call_id: call.lease for call_id, call in calls.items() if call.lease is not None}

        assert sorted((call_id, str(call.where)) for call_id, call in calls.items()) == self._standing(stored)
        assert leases == stored.get("leases", {})
        assert leases.keys() == {call_id for call_id, call in calls.items() if call.where in IN_FLIGHT}
        for trunk, rate in self.rates.items():
            left = sorted(self.left_us[trunk])[-10 * rate :]
            assert all(late - early >= SECOND_US for early, late in zip(left, left[rate:], strict=False)), "too fast"
        assert self.expected.suppressed == set(stored.get("suppressed", {}))
        for name, numbers in self.lists.items():
            assert numbers == set(stored.get(f"suppressed:{name}", {}))
        self._numbers_agree(stored)
        looks = {call_id: call.look_at for call_id, call in calls.items() if call.look_at is not None}
        assert looks == stored.get("expiring:calls", {})
        self._nobody_is_forgotten(stored)
        self._attempts_agree(stored)
        self._each_end_is_told_once(stored)
        self._nobody_is_tried_too_often()

    def _numbers_agree(self, stored: dict[str, Any]) -> None:
        """What was dialed when stands there for every number, and who is held back, and why."""
        dialed = {key: fields for key, fields in stored.items() if key.startswith("dialed:")}
        moments = {key: {number: text.split()[1:] for number, text in fields.items()} for key, fields in dialed.items()}
        assert self.expected.numbers.moments() == moments
        for campaign_id, campaign in self.expected.campaigns.items():
            held = {int(seq): read_held(why) for seq, why in stored.get(f"campaign:{campaign_id}:held", {}).items()}
            expected = {seq: (call.held, call.due) for seq, call in campaign.calls.items() if call.held is not None}
            assert held.items() <= expected.items()
            # One that is due by now may have been parked since, until its campaign opens.
            assert all(campaign.calls[seq].due <= self.engine.now_ms for seq in expected.keys() - held.keys())

    def _standing(self, stored: dict[str, Any]) -> list[tuple[str, str]]:
        return sorted(
            (str(CallRef(campaign_id, int(seq))), key.rpartition(":")[2])
            for campaign_id in self.expected.campaigns
            for key in keys.call_sets(campaign_id)
            for seq in stored.get(key.removeprefix(keys.TAG), {})
        )

    def _each_end_is_told_once(self, stored: dict[str, Any]) -> None:
        """Every call that ended, and no other, has one line of its own, or ended in one stroke with its campaign.

        One that was called back after its end ends again, by another line.
        """
        lines = [Message.read(line) for line in stored.get("callbacks:told", [])]
        told = Counter(line.id for line in lines if line.event != SWEPT)
        swept = {(line.subject, line.word) for line in lines if line.event == SWEPT}
        ended = {call_id: call.where for call_id, call in self.expected.calls() if isinstance(call.where, Disposition)}
        ends = {call_id: tries.get("ends", 0) for call_id, tries in self._tries(stored) if "told" in tries}
        in_one_stroke = {i for i, where in ended.items() if (i.rpartition("-")[0], str(where)) in swept}

        assert ended.keys() - in_one_stroke <= ends.keys() <= ended.keys()
        assert not {line_id: count for line_id, count in told.items() if count > 1}
        assert {f"{i}-ended" + (f"-{count}" if count > 1 else "") for i, count in ends.items()} <= told.keys()
        of_calls = [line for line in lines if line.event == CallbackEvent.CALL_ENDED]
        assert sum(tries.get("ends", 0) for _, tries in self._tries(stored)) == len(of_calls)
        over = {campaign_id for campaign_id, c in self.expected.campaigns.items() if c.state is CampaignState.COMPLETED}
        assert over == {line.subject for line in lines if line.event == "campaign.ended" and line.word == "completed"}

    def _tries(self, stored: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        for campaign_id in self.expected.campaigns:
            for key, fields in stored.items():
                if key.startswith(f"campaign:{campaign_id}:calls:"):
                    named = ((field[:-1], value) for field, value in fields.items() if field.endswith("t"))
                    yield from ((f"{campaign_id}-{seq}", value) for seq, value in named)

    def _nobody_is_forgotten(self, stored: dict[str, Any]) -> None:
        """A running campaign with calls in line is ready, or sleeps until the first may be dialed at the latest.

        It is so on each of its trunks, and on no other.
        """
        for trunk in self.rates:
            self._nobody_is_forgotten_by(trunk, stored)

    def _nobody_is_forgotten_by(self, trunk: str, stored: dict[str, Any]) -> None:
        now = self.engine.now_ms
        ready = set(chain.from_iterable(stored.get(key.removeprefix(keys.TAG), {}) for key in keys.lines([trunk])))
        for campaign_id, campaign in self.expected.campaigns.items():
            # A parked call is due some microseconds after the opening, so that lists keep their order.
            waiting = [
                call.claimable_from(now) + (seq + 1) * 0.0005
                for seq, call in campaign.calls.items()
                if call.where is CallState.WAITING
            ]
            if campaign.state is not CampaignState.RUNNING or trunk not in campaign.trunks:
                assert campaign_id not in ready
            elif waiting and campaign_id not in ready and now < campaign.expires_at:
                latest = max(now + SLOTS_LOOK_MS if campaign.is_full else now, min(waiting))
                assert stored["sleeping"][campaign_id] <= latest + 0.001

    def _attempts_agree(self, stored: dict[str, Any]) -> None:
        """Each attempt has the disposition it should have, and at most one of a call is open."""
        attempts = {
            f"attempt:{call_id}-{number}": attempt.disposition
            for call_id, call in self.expected.calls()
            for number, attempt in call.attempts.items()
        }

        assert attempts == {k: fields.get("disposition") for k, fields in stored.items() if k.startswith("attempt:")}
        for _, call in self.expected.calls():
            assert 1 >= sum(not one.disposition and not one.given_up for one in call.attempts.values())

    def _nobody_is_tried_too_often(self) -> None:
        """Unless recalled, no call has more tries than redials, other numbers and attempts given up make up."""
        for _, call in self.expected.calls():
            if call.is_recalled:
                continue
            redials = sum(redial.times for redial in call.campaign.redial.values())
            given_up = sum(attempt.given_up for attempt in call.attempts.values())

            assert call.tries <= min(redials + len(call.person.numbers) + given_up, call.campaign.max_tries)


WEIGHTS = {
    Walk.place: 14, Walk.event: 14, Walk.wait: 10, Walk.add: 8, Walk.begin: 8, Walk.record: 6, Walk.claim: 6,
    Walk.sweep: 6, Walk.sweep_late: 4, Walk.redial: 4, Walk.complete: 3, Walk.expire: 3, Walk.renew: 3, Walk.tune: 3,
    Walk.recall: 8, Walk.step: 2, Walk.end: 1, Walk.change: 2, Walk.expire_calls: 3, Walk.share: 2, Walk.suppress: 3,
}  # fmt: skip


@pytest.mark.parametrize("rate", [3, 30])
@pytest.mark.parametrize("seed", range(8))
async def test_random_walk(redis_url: str, seed: int, rate: int) -> None:
    """Whatever happens in whatever order, scripts and model agree, and the promises hold after every step."""
    async with clean_engine(redis_url, calls_per_second=rate, further={"south": Pace(10)}) as engine:
        await Walk(engine, seed, {"main": rate, "south": 10}).walk(STEPS_EACH)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "begins",
    [
        "2027-03-28T00:40:00+00:00",  # summer time begins in Europe at one
        "2027-10-31T00:40:00+00:00",  # and ends
        "2027-11-07T05:40:00+00:00",  # it ends in New York at six
        "2027-04-26T21:40:00+00:00",  # at ten the King's birthday begins in Amsterdam
        "2027-07-04T03:40:00+00:00",  # at four Independence Day begins in New York
        "2027-12-31T22:40:00+00:00",  # at eleven New Year's Day begins in Amsterdam
    ],
)
async def test_random_walk_over_odd_days(redis_url: str, begins: str, seed: int) -> None:
    """The same on days with an hour more or less, and into holidays."""
    async with clean_engine(redis_url, calls_per_second=30, further={"south": Pace(10)}) as engine:
        engine.clock.set_us(to_ms(datetime.fromisoformat(begins)) * 1000)
        await Walk(engine, seed, {"main": 30, "south": 10}).walk(STEPS_EACH // 2)
