"""What becomes of calls that the carrier says nothing of, once they are old enough.

They are the ones of `test_doubtful_replies.py`, which have aged while other tests ran. The name of this file has it run
before tests on an event loop of their own, during which the carriers of these calls would stand still.
"""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import Told
from tests.fakes.doubts import LONGEST_CALL_S

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.timeout(120)
async def test_call_whose_webhooks_are_all_lost_is_asked_after(told: Told) -> None:
    """A call that was placed and never told of ends as the carrier says when it is asked."""
    assert ("answered", 1, 1) == await told.by_list.outcome("after lost_reply")


@pytest.mark.timeout(120)
async def test_campaign_may_choose_to_redial_doubtful_calls(told: Told) -> None:
    """With `"unknown": "redial"`, nobody having seen the call, it is dialed again after the longest possible call."""
    doubts = told.not_at_all
    number = doubts.numbers["504_placed"]
    await doubts.world.until_rung(number, 2, within_s=90)
    first, second = doubts.world.placings(number)
    assert second.arrived_s - first.arrived_s >= LONGEST_CALL_S
    assert 2 == (await doubts.call("504_placed"))["tries"]
