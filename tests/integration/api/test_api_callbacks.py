"""Callbacks as a client asks for them, and `/v1/callbacks`: what a customer's own system did not take."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from dialer import keys
from dialer.callbacks.messages import Message
from dialer.model import Priority
from dialer.runtime import Runtime
from dialer.settings import Settings
from tests.fakes.receiver import SECRET

CAMPAIGN = {"name": "Harbour", "kind": "notification", "script": {"text": "Hello."}}
URL = "https://crm.example.com/in"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The same, with a secret and an address for everybody."""
    return Settings(**settings.model_dump() | {"callback_secret": SECRET, "callback_url": f"{URL}/all"})


async def _created(api: aiohttp.ClientSession, **fields: Any) -> dict[str, Any]:
    async with api.post("/v1/campaigns", json=CAMPAIGN | fields) as response:
        told: dict[str, Any] = await response.json()
        return told


async def test_a_campaign_tells_where_and_what_it_was_asked_to(api: aiohttp.ClientSession) -> None:
    """Its own address and events go before the dialer's; an empty list means nothing at all."""
    own = await _created(api, callback_url=URL, callback_events=["campaign.ended", "call.ended"])
    common, none = await _created(api), await _created(api, callback_events=[])

    assert (URL, ["call.ended", "campaign.ended"]) == (own["callback_url"], own["callback_events"])
    assert (f"{URL}/all", ["call.ended"]) == (common["callback_url"], common["callback_events"])
    assert (None, []) == (none["callback_url"], none["callback_events"])


async def test_single_calls_are_told_to_the_common_address(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """They have no campaign that could name one."""
    await runtime.store.built_in(Priority.NORMAL)
    async with api.post("/v1/calls", json={"number": "+31201234567", "script": {"text": "Hello."}}) as response:
        assert 201 == response.status

    assert "call.ended" == await runtime.batch.command("HGET", keys.campaign("direct"), "tells")


@pytest.mark.parametrize("address", ["http://crm.example.com/in", "https://10.0.0.1/in", "https://[::1]/"])
async def test_address_that_is_refused(address: str, api: aiohttp.ClientSession) -> None:
    """Nothing private and nothing without TLS, unless its origin was allowed."""
    told = await _created(api, callback_url=address)

    assert (422, "callback_url") == (told["status"], told["field"])


async def test_given_up_callbacks_are_listed_retried_and_dropped(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Each can be sent again or dropped, once."""
    for seq in (1, 2):
        message = Message.read(f"call.ended c1-{seq} busy 1764201600000", "r1").failed("answered 410")
        await runtime.batch.command("HSET", keys.CALLBACKS, message.id, message.dump())
        await runtime.redis.zadd(keys.CALLBACKS_DEAD, {message.id: 1_764_201_700_000 + seq})
    async with api.get("/v1/callbacks") as response:
        listed = (await response.json())["callbacks"]
    async with api.post("/v1/callbacks/c1-1-ended/retry") as response:
        retried = response.status
    async with api.delete("/v1/callbacks/c1-2-ended") as response:
        dropped = response.status
    async with api.delete("/v1/callbacks/c1-2-ended") as response:
        again = response.status

    assert [("c1-1-ended", 1, "answered 410"), ("c1-2-ended", 1, "answered 410")] == [
        (one["id"], one["tries"], one["error"]) for one in listed
    ]
    assert (202, 204, 404) == (retried, dropped, again)
    assert ["call.ended c1-1 busy 1764201600000"] == await runtime.batch.command("LRANGE", keys.CALLBACKS_TOLD, 0, -1)
