"""Placing the one test call and watching it to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dialer.client import ApiRefusal, AsyncDialer
from dialer.doctor import test_call
from dialer.doctor.finding import Finding, failed
from dialer.errors import DialerError
from dialer.phone import mask
from dialer.settings import Settings

_EVERY_S = 0.5


async def place_test_call(
    dialer: AsyncDialer, settings: Settings, number: str, *, say: Callable[[str], None]
) -> Finding:
    """Call this number once, whatever the network does, and say what became of it."""
    try:
        call = await dialer.calls.create(test_call.body(settings, number))
    except DialerError as error:
        return failed(str(error), "No call was placed." if isinstance(error, ApiRefusal) else _perhaps(number))
    say(f"Calling {mask(number)} (call {call.id}); pick up and listen ...")
    try:
        return await _watched(dialer, call.id, settings, say)
    except asyncio.CancelledError:
        say(f"The call goes on without us: GET /v1/calls/{call.id} tells what becomes of it.")
        raise


async def _watched(dialer: AsyncDialer, call_id: str, settings: Settings, say: Callable[[str], None]) -> Finding:
    clock, shown = asyncio.get_running_loop().time, 0
    give_up_at = clock() + test_call.longest_s(settings)
    while True:
        call = (await dialer.calls.get(call_id)).model_dump(mode="json")
        kinds = test_call.told(call)
        for kind in kinds[shown:]:
            say(f"  webhook: {kind}")
        shown = len(kinds)
        if call["state"] == "done":
            return test_call.judged(call)
        if clock() > give_up_at:
            return test_call.unended(call)
        await asyncio.sleep(_EVERY_S)


def _perhaps(number: str) -> str:
    return f"{mask(number)} may be called all the same: look at the API's log before trying again."
