"""`.../explain`, `dialer explain` and `dialer campaign explain`: why nothing is being dialed now."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner, Result

from dialer import keys
from dialer.cli import main
from dialer.clock import now_ms
from dialer.model import NewCall
from dialer.runtime import Runtime
from tests.integration.api.conftest import KEY

NUMBER = "+31612345678"


async def explain(api: aiohttp.ClientSession, path: str) -> tuple[int, dict[str, Any]]:
    """Ask why."""
    async with api.get(f"/v1/{path}/explain") as response:
        return response.status, await response.json()


@pytest.fixture
async def calls(runtime: Runtime, campaign_id: str) -> list[str]:
    """Three calls of a draft; the first has two numbers."""
    people = [
        NewCall(number=NUMBER, others=("+31201234567",), variables={"name": "Ann"}),
        *(NewCall(number=f"+3161234567{n}", variables={"name": "Bo"}) for n in (0, 1)),
    ]
    added = await runtime.store.add_calls(campaign_id, people, import_id="i1")
    await runtime.store.end_import(campaign_id, "i1")
    await asyncio.sleep(0.005)
    return [one.call_id for one in added]


async def test_a_campaign_is_explained(api: aiohttp.ClientSession, calls: list[str], campaign_id: str) -> None:
    """The strongest reason on top, and groups of calls that add up to the campaign's size."""
    status, told = await explain(api, f"campaigns/{campaign_id}")

    assert (200, "draft", None, "draft", campaign_id) == (
        status, told["code"], told["until"], told["state"], told["campaign_id"],
    )  # fmt: skip
    assert f"dialer campaign start {campaign_id}" in told["words"]
    assert ["no_worker"] == [one["code"] for one in told["also"]]
    assert [("draft", 3, None)] == [(one["code"], one["calls"], one["disposition"]) for one in told["reasons"]]
    assert len(calls) == told["total"] == sum(one["calls"] for one in told["reasons"])


async def test_no_worker_is_told_until_there_is_one(
    api: aiohttp.ClientSession, calls: list[str], campaign_id: str, runtime: Runtime
) -> None:
    """Then the calls are in line, each about when its turn comes."""
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    assert "no_worker" == (await explain(api, f"campaigns/{campaign_id}"))[1]["code"]
    await runtime.redis.zadd(keys.WORKERS, {"w1": now_ms(runtime.clock)})
    _, told = await explain(api, f"campaigns/{campaign_id}")
    turns = [(await explain(api, f"calls/{call_id}"))[1] for call_id in calls]

    assert ("in_line", [("in_line", 3)]) == (told["code"], [(one["code"], one["calls"]) for one in told["reasons"]])
    assert sorted(one["until"] for one in turns) == [one["until"] for one in turns]


async def test_a_call_is_explained_with_what_decides(
    api: aiohttp.ClientSession, calls: list[str], campaign_id: str, runtime: Runtime
) -> None:
    """Whom it would dial, which of its numbers are suppressed, its caps, hours and tries."""
    await runtime.store.suppress(NUMBER)
    windows = {
        "windows": {"hours": [{"days": "mo-su", "from": "00:00", "to": "24:00"}], "not_before": "2099-01-01T00:00:00Z"}
    }
    async with api.put(f"/v1/campaigns/{campaign_id}/windows", json=windows) as response:
        assert 200 == response.status
    status, told = await explain(api, f"calls/{calls[0]}")

    assert (200, "draft", ["out_of_hours", "no_worker"]) == (
        status,
        told["code"],
        [one["code"] for one in told["also"]],
    )
    assert ("+31201234567", [NUMBER], 0, None) == (
        told["would_dial"], [*told["suppressed"]], told["tries"], told["decision"],
    )  # fmt: skip
    assert (["Europe/Amsterdam"], "2099-01-01T00:00:00Z") == (told["zones"], told["opens_at"])
    assert {"tries_day": None, "tries_week": None, "spacing_s": 0} == told["caps"]
    assert [] == told["dialed"]


async def test_an_attempt_under_way_tells_what_allowed_it(api: aiohttp.ClientSession, attempt_id: str) -> None:
    """It is on its way; the number was dialed once, and the rules that let it go are told."""
    _, told = await explain(api, f"calls/{attempt_id.rpartition('-')[0]}")

    assert ("placing", 1, 1) == (told["code"], told["tries"], len(told["dialed"]))
    assert 1 == told["decision"]["script_version"]


@pytest.mark.parametrize("path", ["campaigns/c9", "calls/c9-1", "calls/x"])
async def test_what_is_not_there_is_not_found(api: aiohttp.ClientSession, path: str) -> None:
    """As everywhere."""
    assert 404 == (await explain(api, path))[0]


async def test_a_stranger_is_told_nothing(stranger: aiohttp.ClientSession, calls: list[str], campaign_id: str) -> None:
    """Numbers and reasons are for clients with the key."""
    for path in (f"campaigns/{campaign_id}", f"calls/{calls[0]}"):
        assert 401 == (await explain(stranger, path))[0]


async def dialer(url: str, *words: str) -> Result:
    """Run a command with the address of this dialer."""
    told = [*words, "--url", url, "--api-key", KEY]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


def _json(result: Result) -> dict[str, Any]:
    """What it printed, behind the log of the API that runs beside it."""
    told: dict[str, Any] = json.loads(result.stdout[result.stdout.index("{\n") :])
    return told


@pytest.mark.usefixtures("calls")
async def test_the_command_line_explains_a_campaign(url: str, campaign_id: str) -> None:
    """A sentence with what to do, and a table that adds up."""
    shown = await dialer(url, "campaign", "explain", campaign_id)
    told = _json(await dialer(url, "campaign", "explain", campaign_id, "--json"))
    rows = [line.split() for line in shown.stdout.splitlines()]

    assert f"Campaign {campaign_id} (draft), draft: The campaign is a draft: start it with" in shown.stdout
    assert ["3", "draft"] in [row[:2] for row in rows]
    assert ["3", "in", "all"] in rows
    assert 3 == told["total"]


async def test_the_command_line_explains_a_call(url: str, calls: list[str], campaign_id: str) -> None:
    """By its id, for people and as JSON."""
    shown = (await dialer(url, "explain", calls[0])).stdout
    told = _json(await dialer(url, "explain", calls[0], "--json"))

    assert f"{calls[0]}  Harbour (draft)\n  draft: The campaign is a draft: start it with" in shown
    assert f"  would dial: {NUMBER}\n" in shown
    assert (calls[0], campaign_id) == (told["call_id"], told["campaign_id"])


async def test_the_command_line_explains_every_call_of_a_number(url: str, calls: list[str]) -> None:
    """However it is written; also where it is a further number of the person."""
    shown = (await dialer(url, "explain", "06 1234 5678")).stdout
    further = _json(await dialer(url, "explain", "+31201234567", "--json"))
    nobody = (await dialer(url, "explain", "+31209999999")).stdout

    assert f"{calls[0]}  Harbour (draft)" in shown
    assert f"{NUMBER} stands in 1 call." in shown
    assert [calls[0]] == [one["call_id"] for one in further["calls"]]
    assert "stands in no call." in nobody
