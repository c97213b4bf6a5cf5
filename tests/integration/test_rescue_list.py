"""The carrier's list, when it cannot be read: whoever is in doubt does not wait for it one after the other."""

from __future__ import annotations

import asyncio

from jobs.rescue import _look_up
from tests.fakes.switchboard import Switchboard


async def test_list_that_fails_is_not_asked_for_by_everybody(board: Switchboard) -> None:
    """The first in doubt asks in vain; those behind him know at once that nobody can tell, until it has rested."""
    attempt = await board.attempt(await board.up())
    board.carrier.token_server_up = False
    board.carrier.revoke_tokens()
    in_vain = await _look_up(attempt, 1000, board.context)
    asked = len(board.carrier.log)
    behind = await _look_up(attempt, 1000, board.context)
    assert ((None, False), (None, False), asked) == (in_vain, behind, len(board.carrier.log))

    board.carrier.token_server_up = True
    async with asyncio.timeout(20):  # the token server is given a rest, too
        while not (await _look_up(attempt, 1000, board.context))[0]:
            board.context.list_rests.clear()
            await asyncio.sleep(0.1)


async def test_list_that_nobody_could_ask_for_ten_minutes_tells_nothing(board: Switchboard) -> None:
    """Beyond that it is not asked any more: so nobody may be redialed for not standing in it."""
    attempt = await board.attempt(await board.up())
    asked = len(board.carrier.log)

    assert ((None, False), asked) == (await _look_up(attempt, 600_001, board.context), len(board.carrier.log))
