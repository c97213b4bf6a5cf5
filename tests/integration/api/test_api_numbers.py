"""`/v1/numbers` and `dialer find`: in which calls a number stands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.model import NewCall, Priority
from dialer.runtime import Runtime
from tests.integration.api.conftest import KEY

NUMBER = "+31612345678"
Everything = Callable[[], Awaitable[dict[str, bytes]]]


async def find(api: aiohttp.ClientSession, **body: Any) -> tuple[int, dict[str, Any]]:
    """Ask for a number."""
    async with api.post("/v1/numbers/find", json=body) as response:
        return response.status, await response.json()


@pytest.fixture
async def calls(runtime: Runtime, campaign_id: str) -> list[str]:
    """A call of a list with an id, and two single calls, one of them to the number as a further one."""
    listed = await runtime.store.add_calls(
        campaign_id, [NewCall(number=NUMBER, external_id="k-17", variables={"name": "Ann"})], import_id="i1"
    )
    single = [
        await runtime.store.enqueue_call(Priority.NORMAL, call, key=None)
        for call in (NewCall(number=NUMBER), NewCall(number="+31201234567", others=(NUMBER,)))
    ]
    return [one.call_id for one in (*reversed(single), *listed)]


async def test_a_number_is_found_in_all_campaigns(
    api: aiohttp.ClientSession, calls: list[str], campaign_id: str
) -> None:
    """However it is written; each call with its campaign, state and due time, the newest campaign first."""
    status, found = await find(api, number="06 1234 5678")

    assert (200, NUMBER, 3, False, None) == (
        status, found["number"], found["total"], found["suppressed"], found["since"],
    )  # fmt: skip
    assert calls == [call["call_id"] for call in found["calls"]]
    listed = found["calls"][2]
    assert ("Harbour", "draft", "k-17", "waiting", None, 0) == tuple(
        listed[name] for name in ("campaign_name", "campaign_state", "external_id", "state", "disposition", "tries")
    )
    assert campaign_id == listed["campaign_id"]
    assert listed["due_at"] is not None


async def test_a_limit_is_told(api: aiohttp.ClientSession, calls: list[str]) -> None:
    """With a limit the total tells how many there are; a suppressed number is told as such."""
    await api.post("/v1/suppressions/add", json={"number": NUMBER})
    _, found = await find(api, number=NUMBER, limit=1)

    assert (3, calls[:1], True) == (found["total"], [call["call_id"] for call in found["calls"]], found["suppressed"])


@pytest.mark.parametrize("body", [{}, {"number": "12"}, {"number": NUMBER, "limit": 0}, {"number": 31612345678}])
async def test_what_is_no_number_is_refused_by_name(
    body: dict[str, Any], api: aiohttp.ClientSession, everything: Everything
) -> None:
    """The error names the field."""
    before = await everything()
    status, problem = await find(api, **body)

    assert (422, True) == (status, problem["errors"][0]["field"] in {"number", "limit"})
    assert before == await everything()


async def dialer(url: str, *words: str) -> Result:
    """Run `dialer find` with the address of this dialer."""
    told = ["find", "--url", url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def test_the_command_line_shows_a_row_a_call(url: str, calls: list[str]) -> None:
    """For people as a table and a sentence, for programs as JSON."""
    plain = (await dialer(url, "0612345678")).stdout
    told = (await dialer(url, "0612345678", "--json")).stdout

    assert all(f" {call_id} " in plain for call_id in calls)
    assert f"{NUMBER} stands in 3 calls and is not suppressed." in plain
    assert 3 == json.loads(told[told.index("{\n") :])["total"]


async def test_the_command_line_says_that_there_is_none(url: str) -> None:
    """A sentence, and no table."""
    assert f"{NUMBER} stands in no call and is not suppressed." in (await dialer(url, NUMBER)).stdout
