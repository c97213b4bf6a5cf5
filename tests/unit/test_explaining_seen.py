"""What follows from what was seen of a campaign at one moment."""

from __future__ import annotations

from dialer import pacing
from dialer.dialing import Pace
from dialer.model import MAIN
from tests.fakes.clock import START_MS, START_US
from tests.fakes.explaining import seen_campaign

AHEAD_US = START_US + 5_000_000


def test_scripts_compare_whole_milliseconds() -> None:
    """What has begun of the next one does not count."""
    assert [START_MS, START_MS, START_MS + 1] == [
        seen_campaign(now_us=START_US + more).now_ms for more in (0, 999, 1_000)
    ]


def test_tokens_are_an_interval_with_its_margin_apart() -> None:
    """Two calls a second, and a fifth more."""
    assert 500_000 == seen_campaign().interval_us
    assert 600_000 == seen_campaign(trunk={"margin_ppm": 200_000}).interval_us


def test_the_next_token_is_where_the_claim_would_have_it() -> None:
    """Not before the lead, the gate, or what was given ahead but for the burst."""
    assert START_US + pacing.LEAD_US == seen_campaign().token_at_us()
    assert AHEAD_US == seen_campaign(trunk={"tat_us": AHEAD_US}).token_at_us()
    assert (
        AHEAD_US - 1_200_000
        == seen_campaign(trunk={"tat_us": AHEAD_US, "margin_ppm": 200_000}, pace=Pace(2, 3)).token_at_us()
    )
    assert AHEAD_US == seen_campaign(trunk={"gate_ms": AHEAD_US // 1000}).token_at_us()


def test_those_parked_at_an_opening_stand_just_behind_it() -> None:
    """A quarter of a microsecond apart, twice as many as there ever were of the campaign, and not at it."""
    seen, opens = seen_campaign(campaign={"total": 4}), START_MS + 1_000
    at = [0.0, 0.00025, 9 * 0.00025, 10 * 0.00025]

    assert [False, True, True, False] == [seen.is_parked(opens + behind, opens) for behind in at]


def test_what_was_not_looked_at_stands_against_nobody() -> None:
    """No hours, no old data, no call, no breaker, and the trunk that there always is."""
    seen = seen_campaign()
    assert ({}, {}, False, None) == (seen.stretches, seen.zones, seen.is_old, seen.call)
    assert (MAIN, None) == (seen.trunk.name, seen.trunk.tripped)
