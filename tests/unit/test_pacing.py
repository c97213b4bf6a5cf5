"""The pace: its constants, which hold together, and what an answer of the carrier says about it."""

from __future__ import annotations

import pytest

from dialer import pacing
from dialer.dialing import CLAIM_LEASE_MS, Pace, paces_of
from dialer.pacing import Budget, Verdict, interval_us, verdict
from dialer.providers.base import Doubt, Placed, PlaceResult, Refusal, Refused, Unknown
from dialer.settings import Settings
from dialer.trunk_breaker import policy_of

SECOND_US = 1_000_000
ANSWERS: list[tuple[PlaceResult, Verdict | None]] = [
    (Placed("u1"), Verdict.ACCEPTED),
    (Refused(Refusal.RATE), Verdict.RATE),
    (Refused(Refusal.QUOTA), Verdict.TROUBLE),
    (Refused(Refusal.NOT_SENT), Verdict.TROUBLE),
    (Refused(Refusal.TOKEN), Verdict.TROUBLE),
    (Refused(Refusal.BAD_REQUEST), None),
    (Refused(Refusal.MISCONFIGURED), None),
    (Unknown(Doubt.UNREADABLE), Verdict.ACCEPTED),
    (Unknown(Doubt.TIMED_OUT), Verdict.TROUBLE),
    (Unknown(Doubt.CONNECTION_LOST), Verdict.TROUBLE),
    (Unknown(Doubt.SERVER_ERROR), Verdict.TROUBLE),
    (Unknown(Doubt.UNAVAILABLE), Verdict.TROUBLE),
]


@pytest.mark.parametrize(("result", "said"), ANSWERS, ids=str)
def test_each_answer_has_its_verdict(result: PlaceResult, said: Verdict | None) -> None:
    """Each answer says that the pace was fine, too fast, that the carrier is ill, or nothing."""
    assert (said, 0) == verdict(result)


def test_each_reason_is_regarded() -> None:
    """No refusal and no doubt is left out here."""
    assert {*Refusal, *Doubt} == {result.reason for result, _ in ANSWERS if not isinstance(result, Placed)}


@pytest.mark.parametrize(
    ("asked_ms", "believed_ms"), [(None, 0), (0, 0), (1, 1), (21_600_000, 21_600_000), (10**15, 21_600_000)]
)
def test_a_wait_is_believed_up_to_six_hours(asked_ms: int | None, believed_ms: int) -> None:
    """The wait that a carrier asks for is kept, within reason."""
    assert believed_ms == verdict(Refused(Refusal.RATE, retry_after_ms=asked_ms))[1]
    assert believed_ms == verdict(Unknown(Doubt.UNAVAILABLE, retry_after_ms=asked_ms))[1]


def test_horizon_and_lateness_stay_below_a_second() -> None:
    """The token that a late call must move is not given yet, and 50 ms are left for the way to the carrier."""
    assert pacing.HORIZON_US + pacing.LATEST_US <= SECOND_US - 50_000


def test_a_claim_outlives_its_token() -> None:
    """A call as late as it may be still holds its claim, with seconds left for a slow Redis."""
    assert CLAIM_LEASE_MS * 1000 > pacing.LATEST_US + 2 * SECOND_US


def test_a_token_leaves_time_to_get_there() -> None:
    """The earliest token lies within the horizon."""
    assert 0 < pacing.LEAD_US < pacing.HORIZON_US


@pytest.mark.parametrize("rate", [*range(1, 10_001, 37), 3, 30, 300, 7_000, 9_950, 10_000])
def test_the_least_margin_covers_the_rounding(rate: int) -> None:
    """Intervals are whole microseconds; the least margin is more than what that rounds away."""
    assert interval_us(rate) * (1 + pacing.MARGIN_LEAST_PPM / 1_000_000) * rate >= SECOND_US


def test_a_new_trunk_has_the_first_margin() -> None:
    """A trunk nobody dialed on has an open gate, no counts and the margin to begin with."""
    assert Budget(pacing.MARGIN_PPM, 0, 0, 0) == Budget.from_fields({})


def test_tokens_are_taken_as_far_ahead_as_claims_need() -> None:
    """A claim that is late for its intent moves the next ones by as much; where all are early, slowly back again."""
    lead, leads = pacing.Lead(), []
    for late_us in (-500_000, 30_000, 20_000, -1, *[-1] * 100):
        lead.learn(late_us)
        leads.append(lead.us)

    assert [pacing.LEAD_US, 90_000, 110_000, 107_800] == leads[:4]
    assert pacing.LEAD_US == leads[-1]


def test_no_token_is_taken_beyond_the_horizon() -> None:
    """However long claims take: nothing could be claimed then."""
    lead = pacing.Lead()
    lead.learn(10_000_000)

    assert pacing.LEAD_US < lead.us < pacing.HORIZON_US


def test_each_trunk_has_its_own_pace() -> None:
    """Its rate, burst, slots and breaker; shares of numbers that begin alike are the same on all."""
    names = ("carrier_client_id", "carrier_client_secret", "carrier_application_id")
    own = {"calls_per_second": 7, "burst": 2, "slots": 9, "trunk_breaker": "5/10", "from_number": "+31207654321"}
    settings = Settings(
        calls_per_second=3,
        slots=40,
        trunk_breaker="off",
        prefix_shares=frozenset({"+3120=0.25"}),
        trunks={"south": dict.fromkeys(names, "own") | own},
    )

    assert {
        "main": Pace(3, slots=40, prefix_shares={"+3120": 0.25}),
        "south": Pace(7, 2, 9, {"+3120": 0.25}, policy_of("5/10")),
    } == paces_of(settings)
