"""A worker places what it claimed: what becomes of the token of a call that does not go out."""

from __future__ import annotations

from dialer import keys
from dialer.states import CallState
from tests.fakes.switchboard import Switchboard

NUMBERS = [f"+3161234{number:04d}" for number in range(12)]


async def test_the_token_of_a_suppressed_number_goes_to_the_next_call(board: Switchboard) -> None:
    """Eleven people who opted out cost the twelfth no time: he is called with the first one's token."""
    store, batch = board.runtime.store, board.runtime.batch
    for number in NUMBERS[:-1]:
        await batch.command("ZADD", keys.SUPPRESSED, 1, number)
    campaign_id = await board.campaign(NUMBERS)
    await board.place()
    calls, _ = await store.calls(campaign_id)

    assert ["suppressed"] * 11 == [call.disposition for call in calls[:-1]]
    assert CallState.LIVE is calls[-1].state
    assert "1" == await batch.command("HGET", keys.TRUNK, "index")
