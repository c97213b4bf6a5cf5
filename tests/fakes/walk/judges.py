"""What must hold after every step of a random walk, whatever it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

from dialer import keys
from dialer.callbacks.events import CallbackEvent
from dialer.callbacks.messages import SWEPT, Message
from dialer.dispositions import Disposition
from dialer.holding import read_held
from dialer.model import CallRef
from dialer.states import CallState, CampaignState
from tests.fakes.walk.ground import Ground

SECOND_US = 1_000_000
IN_FLIGHT = [CallState.CLAIMED, CallState.PLACING, CallState.UNKNOWN, CallState.LIVE]


class Judges(Ground):
    """All judges."""

    async def judge(self) -> None:
        """All that must hold after every step."""
        self.latest_ms = max(self.latest_ms, self.engine.now_ms)
        stored = await self.engine.keyspace()
        calls = dict(self.expected.calls())
        leases = {call_id: call.lease for call_id, call in calls.items() if call.lease is not None}

        assert sorted((call_id, str(call.where)) for call_id, call in calls.items()) == self._standing(stored)
        assert leases == stored.get("leases", {})
        assert leases.keys() == {call_id for call_id, call in calls.items() if call.where in IN_FLIGHT}
        for trunk, pace in self.paces.items():
            rate = round(pace.calls_per_second)
            left = sorted(self.left_us[trunk])[-10 * rate :]
            assert all(late - early >= SECOND_US for early, late in zip(left, left[rate:], strict=False)), "too fast"
            has_slot = {call_id for call_id, call in calls.items() if call.lease is not None and call.trunk == trunk}
            assert has_slot <= stored.get(f"trunk:{trunk}:up", {}).keys() or not pace.slots
        assert self.expected.suppressed == set(stored.get("suppressed", {}))
        for name, numbers in self.lists.items():
            assert numbers == set(stored.get(f"suppressed:{name}", {}))
        self._numbers_agree(stored)
        assert self.expected.doubts == stored.get("doubtful", {})
        self._campaigns_agree(stored)
        escalated = {call_id for call_id, call in calls.items() if call.is_escalated}
        assert escalated == set(stored.get("escalating", {}))
        looks = {call_id: call.look_at for call_id, call in calls.items() if call.look_at is not None}
        assert looks == stored.get("expiring:calls", {})
        self._nobody_is_forgotten(stored)
        self._no_end_is_forgotten(stored)
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

    def _campaigns_agree(self, stored: dict[str, Any]) -> None:
        """Each campaign is in its state, has cost what its calls have cost, and its breaker stands as it should."""
        for campaign_id, campaign in self.expected.campaigns.items():
            fields = stored[f"campaign:{campaign_id}"]
            assert campaign.state == fields["state"]
            assert campaign.money.spent * 10**8 == int(fields.get("spent", 0))
            assert campaign.money.dearest * 10**8 == int(fields.get("dearest", 0))
            assert campaign.breaker.until == (int(fields["tripped_until"]) if "tripped_until" in fields else None)

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
        for trunk in self.paces:
            self._nobody_is_forgotten_by(trunk, stored)

    def _no_end_is_forgotten(self, stored: dict[str, Any]) -> None:
        """Somebody looks after each campaign that is over or to be stopped, and is told of each call in doubt."""
        undetermined = {i for i, call in self.expected.calls() if call.where is Disposition.UNDETERMINED}
        assert undetermined == set(stored.get("undetermined", {}))
        for campaign_id, campaign in self.expected.campaigns.items():
            stopped = campaign.state is CampaignState.RUNNING and campaign.is_stopped()
            left = any(isinstance(call.where, CallState) for call in campaign.calls.values())
            cancelled = campaign.state is CampaignState.CANCELLED and not left and campaign_id in stored.get("open", ())
            is_seen_to = campaign_id in stored.get("closing", ())
            assert is_seen_to or not (campaign.is_over or stopped or cancelled), campaign_id

    def _nobody_is_forgotten_by(self, trunk: str, stored: dict[str, Any]) -> None:
        now = self.latest_ms
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
                latest = max(campaign.looked_at(now), self.expected.trunk_looked_at(trunk, now), min(waiting))
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
            redials = sum(call.campaign.most_redials.values())
            given_up = sum(attempt.given_up for attempt in call.attempts.values())

            assert call.tries <= min(redials + len(call.person.numbers) + given_up, call.campaign.most_tries)
