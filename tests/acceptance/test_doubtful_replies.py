"""A reply that leaves in doubt whether the phone rings: never dialed again by itself, settled by whoever knows.

The carrier is asked for one call after the other, each meeting another fault, and all of them are then settled at the
same time: by their webhooks, by the carrier's list where the webhooks are lost, and by the campaign's policy where the
list is empty as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from tests.fakes.doubts import HOLD_S, LISTED, LONGEST_CALL_S, NOT_PLACED, PLACED, SETTLE_S, Told, open_doubts

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told() -> AsyncIterator[Told]:
    """All doubtful calls, dialed; they settle while the first of them are asked after."""
    async with open_doubts() as by_webhook, open_doubts() as by_list, open_doubts(calls_kept=0) as not_at_all:
        told = Told(by_webhook, by_list, not_at_all)
        await told.dial()
        yield told


@pytest.mark.parametrize("fault", PLACED)
async def test_placed_call_whose_reply_was_lost_is_settled_by_its_webhooks(told: Told, fault: str) -> None:
    """A call that was placed behind a bad reply ends as its webhooks tell, after one request and one ring."""
    assert ("answered", 1, 1) == await told.by_webhook.outcome(fault)


@pytest.mark.parametrize("fault", LISTED)
async def test_placed_call_without_webhooks_is_settled_by_the_list(told: Told, fault: str) -> None:
    """Where the webhooks are lost too, the carrier's list settles the call, after one request and one ring."""
    assert ("answered", 1, 1) == await told.by_list.outcome(fault)


async def test_call_that_nobody_can_tell_about_is_held_for_a_person(told: Told) -> None:
    """With the webhooks lost and nothing in the list, the call ends undetermined, after one request and one ring."""
    assert ("undetermined", 1, 1) == await told.not_at_all.outcome("lost_reply")


async def test_doubtful_call_is_held_for_as_long_as_the_setting_says(told: Told) -> None:
    """Nobody is given up before DIALER_UNKNOWN_HOLD_S have passed."""
    await told.not_at_all.outcome("lost_reply")
    call = await told.not_at_all.call("lost_reply")
    held = datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["attempts"][0]["placed_at"])
    assert timedelta(seconds=HOLD_S) <= held


@pytest.mark.parametrize("fault", NOT_PLACED)
async def test_bad_reply_without_a_call_is_not_dialed_again_blindly(told: Told, fault: str) -> None:
    """A reply that leaves in doubt whether there is a call is held for a person even when there is none."""
    assert ("undetermined", 1, 0) == await told.by_webhook.outcome(fault)


async def test_call_behind_a_503_is_dialed_again_when_nobody_has_seen_it(told: Told) -> None:
    """A 503 without a call is followed by a second request, and that by one ring."""
    assert ("answered", 2, 1) == await told.by_webhook.outcome("503")


async def test_call_behind_a_503_may_show_itself_before_it_is_dialed_again(told: Told) -> None:
    """Between a 503 and the next request for the same call lie at least DIALER_UNAVAILABLE_SETTLE_S."""
    await told.by_webhook.outcome("503")
    first, second = told.by_webhook.world.placings(told.by_webhook.numbers["503"])
    assert second.arrived_s - first.arrived_s >= SETTLE_S


async def test_people_dialed_among_the_doubts_are_reached(told: Told) -> None:
    """Doubts about some calls change nothing for the others."""
    others = [name for name in told.by_webhook.runs if name.startswith("after ")]
    assert {("answered", 1, 1)} == {await told.by_webhook.outcome(name) for name in others}


async def test_call_whose_webhooks_are_all_lost_is_asked_after(told: Told) -> None:
    """A call that was placed and never told of ends as the carrier says when it is asked."""
    assert ("answered", 1, 1) == await told.by_list.outcome("after lost_reply")


async def test_campaign_may_choose_to_redial_doubtful_calls(told: Told) -> None:
    """With `"unknown": "redial"`, nobody having seen the call, it is dialed again after the longest possible call."""
    doubts = told.not_at_all
    number = doubts.numbers["504_placed"]
    await doubts.world.until_rung(number, 2, within_s=90)
    first, second = doubts.world.placings(number)
    assert second.arrived_s - first.arrived_s >= LONGEST_CALL_S
    assert 2 == (await doubts.call("504_placed"))["tries"]
