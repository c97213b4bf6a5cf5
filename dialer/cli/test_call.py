"""Placing the one test call and watching it to its end."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from dialer.cli.client import ApiRefusal, DialerClient, Json
from dialer.doctor import test_call
from dialer.doctor.finding import Finding, failed
from dialer.errors import DialerError
from dialer.phone import mask
from dialer.settings import Settings

_EVERY_S = 0.5
_TRIES = 3


async def place_test_call(
    client: DialerClient, settings: Settings, number: str, *, say: Callable[[str], None]
) -> Finding:
    """Call this number once, whatever the network does, and say what became of it."""
    try:
        call = await _added(client, test_call.body(settings, number))
    except DialerError as error:
        return failed(str(error), "No call was placed." if isinstance(error, ApiRefusal) else _perhaps(number))
    say(f"Calling {mask(number)} (call {call['id']}); pick up and listen ...")
    try:
        return await _watched(client, call["id"], settings, say)
    except asyncio.CancelledError:
        say(f"The call goes on without us: GET /v1/calls/{call['id']} tells what becomes of it.")
        raise


async def _added(client: DialerClient, body: Json) -> Json:
    # The same key each time: a request whose answer was lost is not a second call.
    key = f"doctor-{secrets.token_hex(8)}"
    for left in reversed(range(_TRIES)):
        try:
            return await client.add_call(body, key=key)
        except DialerError as error:
            if isinstance(error, ApiRefusal) or not left:
                raise
            await asyncio.sleep(_EVERY_S)
    raise AssertionError("the last try returns or raises")


async def _watched(client: DialerClient, call_id: str, settings: Settings, say: Callable[[str], None]) -> Finding:
    clock, shown = asyncio.get_running_loop().time, 0
    give_up_at = clock() + test_call.longest_s(settings)
    while True:
        call = await client.call(call_id)
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
