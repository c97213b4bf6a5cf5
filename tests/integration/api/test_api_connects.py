"""Whom a script's `connect` calls: nobody outside of where may be called, and nobody whom no campaign calls."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.runtime import Runtime

DESK, OTHER_DESK = "+31201234999", "+31201234998"
SIP_DESK = "sip:desk@pbx.example.com"
GREETING = {"do": "say", "text": "Hello."}


def connect(number: str) -> dict[str, Any]:
    """A step that calls this number."""
    endpoint = {"type": "phone", "number": number.removeprefix("+")}
    return {"do": "connect", "endpoint": endpoint, "caller_id": "31201234567"}


def script(*steps: dict[str, Any]) -> dict[str, Any]:
    """A script of a greeting, then a question whose first key leads to these."""
    ask = {"do": "ask", "prompt": [{"do": "say", "text": "One?"}], "keys": {"1": [*steps]}}
    return {"language": "en-GB", "steps": [GREETING, ask]}


def campaign(*steps: dict[str, Any]) -> dict[str, Any]:
    """A campaign with that script."""
    return {"name": "Harbour", "kind": "script", "script": script(*steps)}


@pytest.fixture
async def campaign_id(api: aiohttp.ClientSession) -> str:
    """A draft that connects to two desks."""
    async with api.post("/v1/campaigns", json=campaign(connect(DESK), connect(OTHER_DESK))) as response:
        assert 201 == response.status, await response.text()
        return str((await response.json())["id"])


async def refused(response: aiohttp.ClientResponse) -> tuple[int, list[str]]:
    """The status and the fields that are named."""
    told = await response.json()
    return response.status, [error["field"] for error in told["errors"]]


FIELD = "script.steps.1.keys.1.0.endpoint.number"


async def test_whoever_may_not_be_called_is_not_connected_to(
    api: aiohttp.ClientSession, runtime: Runtime, redis: Redis
) -> None:
    """Outside of the destinations, or on the list of all campaigns: refused with the field, and nothing is stored."""
    await runtime.store.suppress(DESK)
    before = await redis.dbsize()
    single = {"number": "+31612345678", "kind": "script"}
    for steps in ([connect(DESK)], [connect("+442079460000")]):
        async with api.post("/v1/campaigns", json=campaign(*steps)) as response:
            assert (422, [FIELD]) == await refused(response)
        async with api.post("/v1/calls", json={**single, "script": script(*steps)}) as response:
            assert (422, [FIELD]) == await refused(response)

    audited = {"audit", "audit:chain"}
    assert before + len(audited) >= await redis.dbsize()
    await runtime.store.unsuppress(DESK)
    async with api.post("/v1/campaigns", json=campaign(connect(DESK))) as response:
        assert 201 == response.status


async def test_a_sip_address_is_looked_for_as_well(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """However it is written, as a URI or as user and domain."""
    await runtime.store.suppress(SIP_DESK)
    for endpoint in ({"uri": SIP_DESK}, {"user": "desk", "domain": "pbx.example.com"}):
        step = {"do": "connect", "endpoint": {"type": "sip", **endpoint}}
        async with api.post("/v1/campaigns", json=campaign(step)) as response:
            assert (422, [FIELD.replace("number", "uri")]) == await refused(response)


async def test_a_changed_script_is_held_to_the_same(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """The text of before stays."""
    await runtime.store.suppress(DESK)
    before = await runtime.store.campaign(campaign_id)
    async with api.patch(f"/v1/campaigns/{campaign_id}", json={"script": script(connect(DESK))}) as response:
        assert (422, [FIELD]) == await refused(response)

    assert before == await runtime.store.campaign(campaign_id)


async def test_whoever_comes_on_the_list_later_is_passed_over(
    stranger: aiohttp.ClientSession, webhook: str, runtime: Runtime
) -> None:
    """The call goes on with the next step, as if nobody had picked up."""
    assert [DESK, OTHER_DESK] == await _connected(stranger, webhook)
    await runtime.store.suppress(DESK)
    assert [OTHER_DESK] == await _connected(stranger, webhook)
    await runtime.store.suppress(OTHER_DESK)
    assert [] == await _connected(stranger, webhook)


async def _connected(stranger: aiohttp.ClientSession, webhook: str) -> list[str]:
    """Whom the carrier is to call after the key; nothing more to do is no content."""
    event = {"dtmf": {"digits": "1", "timed_out": False}, "uuid": "u", "timestamp": "2026-01-01T00:00:09Z"}
    async with stranger.post(f"{webhook}/reply/1", json=event) as response:
        assert response.status in {200, 204}
        return called(await response.json() if response.status == 200 else [])


def called(actions: list[dict[str, Any]]) -> list[str]:
    """Whom an NCCO connects to."""
    return ["+" + action["endpoint"][0]["number"] for action in actions if action["action"] == "connect"]


async def test_at_the_answer_he_is_passed_over_too(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """So in the script that an operator put in the place of another: what stands behind it is spoken."""
    steps = [connect(DESK), GREETING, connect(OTHER_DESK)]
    await runtime.store.override_script(attempt_id, {"language": "en-GB", "steps": steps})
    await runtime.store.suppress(DESK)
    async with stranger.get(f"{webhook}/answer") as response:
        actions = await response.json()

    assert ["talk", "connect"] == [action["action"] for action in actions]
    assert [OTHER_DESK] == called(actions)
