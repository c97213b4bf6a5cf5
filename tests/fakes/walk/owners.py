"""What owners of campaigns do in a random walk: make and fill them, change them while they run, stop them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dialer import keys
from dialer.callbacks.events import CallbackEvent, Callbacks
from dialer.clock import moment, to_ms
from dialer.decisions import ALL_CAMPAIGNS
from dialer.dispositions import Disposition
from dialer.erasures.erasure import Plan
from dialer.errors import IllegalStep, NotFound
from dialer.model import Breaker, Call, CallRef, Caps, EuroCap, NewCall, Priority, Redial, Share, Terms
from dialer.states import CampaignState
from dialer.windows import MIDNIGHT, Hours, Windows
from tests.fakes.engine import new_calls
from tests.fakes.expected_call import ExpectedCall
from tests.fakes.expected_campaign import ExpectedCampaign
from tests.fakes.expected_redials import ExpectedPerson
from tests.fakes.walk.ground import Ground

ESCALATING = {
    Disposition.BUSY: Redial(3, 60_000, then="escalate"),
    Disposition.NO_ANSWER: Redial(1, 500_000, then="escalate"),
    Disposition.MACHINE: Redial(0, 0, then="escalate"),
}
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
    ESCALATING,
)
CAPS = (Caps(), Caps(), Caps(day=2), Caps(day=4, week=3), Caps(spacing_ms=2_000), Caps(day=3, spacing_ms=90_000))
SHARES = (
    *[Share(weight=weight) for weight in (1, 1, 1, 2, 7)],
    *[Share(slots=slots) for slots in (1, 2, 5)],
    *[Share(calls_per_second=rate) for rate in (0.2, 1.5, 4)],
    Share(weight=3, slots=3, calls_per_second=2.5),
)
MONEY = (
    *[EuroCap()] * 4,
    EuroCap(total=Decimal("0.80"), per_call=Decimal("0.10")),
    EuroCap(day=Decimal("0.70"), per_call=Decimal("0.05")),
    EuroCap(total=Decimal("1.5"), day=Decimal(1)),
)
TRIPPED_BY = [Breaker(failures=n, of=of, wait_ms=wait) for n, of, wait in ((3, 4, 60_000), (1, 1, 500), (2, 6, 4_000))]
BREAKERS = (None, None, *TRIPPED_BY, Breaker(failures=2, of=5, wait_ms=9_000, resume="person"))
LIMITS: dict[str, tuple[Any, ...]] = {
    "redial": REDIALS,
    "max_tries": (None, None, 1, 2, 4),
    "share": SHARES,
    "caps": CAPS,
    "euro_cap": MONEY,
    "breaker": BREAKERS,
    "lists": ((), (), ("vip",), ("vip", "staff")),
}
"""What a campaign may have of each, and what it may be changed to while it runs."""
ESCALATION: dict[str, Any] = {"campaign": {}, "plan": {}}
"""Marks a campaign whose calls may be escalated; nothing of it is begun here."""
LETS_THEM_TALK = Plan(number="", suppress=False, hang_up=False, salt="", number_digest="", requested_ms=0, by=None)
"""An erasure that hangs up on nobody; of which number is not asked where one call is erased."""
ZONES = ("Europe/London", "Asia/Kolkata", "America/New_York")
OFFSETS = (60, 0, 330, -300)  # minutes of these zones and of Amsterdam, in January


class Owners(Ground):
    """Steps of owners."""

    async def create(self, campaign_id: str) -> None:
        """A running campaign without calls, urgent now and then."""
        priority = self.random.choice([Priority.URGENT, Priority.NORMAL, Priority.NORMAL, Priority.BACKGROUND])
        windows = self.random.choice([None, self.some_windows()])
        ends_in_ms = self.random.choice([None, None, None, 90_000, 1_500_000])
        expires_at = None if ends_in_ms is None else moment(self.engine.now_ms + ends_in_ms)
        fields: dict[str, Any] = {"priority": priority, "expires_at": expires_at, "windows": windows}
        fields |= {name: self.random.choice(choices) for name, choices in LIMITS.items()}
        fields["terms"] = Terms(connects=self.random.choice([0, 0, 0, 1, 2]))
        fields["trunks"] = self.random.choice([("main",), ("main",), ("south",), ("main", "south"), ("main", "south")])
        fields["callbacks"] = Callbacks("https://crm.example.com/in", frozenset(CallbackEvent))
        fields["escalation"] = self.random.choice([None, ESCALATION])
        if fields["escalation"]:
            fields["redial"] = ESCALATING
        kind = self.random.choice(["notification", "conference"])
        await self.engine.run_campaign(campaign_id, calls=0, kind=kind, **fields)
        campaign = ExpectedCampaign(priority, fields["redial"], CampaignState.RUNNING, kind=kind)
        campaign.hours.windows, campaign.suppressed = windows, self.expected.suppressed
        campaign.trunks, campaign.escalates = fields["trunks"], fields["escalation"] is not None
        campaign.expires_at = math.inf if ends_in_ms is None else self.engine.now_ms + ends_in_ms
        self._expect(campaign, fields)
        self.expected.campaigns[campaign_id] = campaign

    def _expect(self, campaign: ExpectedCampaign, fields: dict[str, Any]) -> None:
        """A campaign has these limits now."""
        campaign.redial, campaign.max_tries = fields["redial"], fields["max_tries"] or math.inf
        campaign.slots, campaign.money.cap = fields["share"].slots or math.inf, fields["euro_cap"]
        campaign.lists = {name: self.lists[name] for name in fields["lists"]}
        campaign.pace.change(fields["share"].calls_per_second)
        campaign.breaker.change(fields["breaker"])
        campaign.change_caps(fields["caps"], self.engine.now_ms)
        campaign.remember_limits()

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

    async def amend(self) -> None:
        """Somebody changes some of the limits of a campaign, its lists, redials or its text."""
        campaign_id, campaign = self.random.choice([*self.expected.campaigns.items()])
        before = await self.engine.store.campaign(campaign_id)
        fields: dict[str, Any] = {name: getattr(before, name) for name in LIMITS}
        for name in self.random.sample([*LIMITS], self.random.randint(1, 3)):
            fields[name] = self.random.choice(LIMITS[name])
        script = self.random.choice([before.script, before.script, {"text": f"Hello {self.random.random()}"}])
        try:
            await self.engine.store.change_campaign(before, replace(before, script=script, **fields))
        except IllegalStep:
            assert campaign.state in {CampaignState.CANCELLED, CampaignState.COMPLETED}
        else:
            self._expect(campaign, fields)
            campaign.version += script != before.script

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

    async def give_up(self) -> None:
        """Somebody lets a call that waits not be dialed any more, as he has seen it now or before."""
        for call in self.any_of([*self.looked, *await self._some_call()]):
            ref = CallRef.parse(call.id)
            assert ref
            wanted = self.expected.give_up(ref, call.attempts)

            assert wanted is await self.engine.store.end_waiting(call)

    async def erase(self) -> None:
        """Somebody is to be forgotten: at once, or as soon as his call is over."""
        for call in await self._some_call():
            ref, redis = CallRef.parse(call.id), self.engine.redis
            assert ref
            scores = [await redis.zscore(keys.calls_done(ref.campaign_id, one), str(ref.seq)) for one in Disposition]
            erased = await self.engine.store._erased("e1", ref, LETS_THEM_TALK)
            wanted = self.expected.erase(ref, self.engine.now_ms, max(filter(None, scores), default=0))

            assert wanted == (erased.name.lower() if erased else None)

    async def _some_call(self) -> list[Call]:
        refs = [CallRef(i, seq) for i, campaign in self.expected.campaigns.items() for seq in campaign.calls]
        return [await self.engine.store.call(str(self.random.choice(refs)))] if refs else []

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
            over = campaign.over or campaign.state in {CampaignState.CANCELLED, CampaignState.COMPLETED}
            assert over or campaign.swept or campaign.expires_at <= now
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
