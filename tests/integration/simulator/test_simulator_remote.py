"""The stand-in as a program: read and steered by HTTP, and run until it is stopped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from dialer.simulator import Simulator, SimulatorConfig, serve

NUMBER = "31612345678"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]


async def test_account_is_read_by_http(start: Start, place: Place, http: aiohttp.ClientSession) -> None:
    """Summary, log and phones say what the object says."""
    sim = await start()
    await place(sim)
    await sim.quiet()

    async with http.get(f"{sim.origin}/_simulator/summary") as response:
        summary = await response.json()
    async with http.get(f"{sim.origin}/_simulator/log") as response:
        records = [json.loads(line) for line in (await response.text()).splitlines()]
    async with http.get(f"{sim.origin}/_simulator/phones/+{NUMBER}") as response:
        phone = await response.json()

    assert (2, 1, 1, 1, 0) == tuple(summary[key] for key in ("requests", "accepted", "max_rings", "peak", "live"))
    assert [None, NUMBER] == [record["number"] for record in records]
    assert {"rings": 1, "heard": ["Good morning."]} == phone


async def test_faults_and_phones_are_steered_by_http(start: Start, place: Place, http: aiohttp.ClientSession) -> None:
    """Another process can ask for a fault, tell a phone what to do, and revoke tokens."""
    sim = await start()
    turns = [{"outcome": "busy"}, {"outcome": "answers", "keys": ["1"], "hangs_up_after_s": 3}]
    async with http.post(f"{sim.origin}/_simulator/faults", json={"place": {"503": {"next": 1}}}) as response:
        assert 204 == response.status
    async with http.post(f"{sim.origin}/_simulator/phones/{NUMBER}", json=turns) as response:
        assert 204 == response.status

    seen = [(await place(sim))[0] for _ in range(2)]
    async with http.post(f"{sim.origin}/_simulator/faults", json={"token_server_up": False}) as response:
        assert 204 == response.status

    assert [503, 201] == seen
    assert not sim.token_server_up


async def test_every_wish_can_be_told_by_http(
    start: Start, place: Place, flow: list[Any], http: aiohttp.ClientSession
) -> None:
    """A scenario by name, words, the time somebody stays, and faults of downloads."""
    sim = await start()
    flow[:] = [{"action": "input", "type": ["speech"]}, {"action": "conversation", "name": "board"}]
    turns = [{"scenario": "busy_only"}, {"says": ["yes"], "drops_after_s": 2}]
    async with http.post(f"{sim.origin}/_simulator/phones/{NUMBER}", json=turns) as response:
        assert 204 == response.status
    async with http.post(f"{sim.origin}/_simulator/faults", json={"recordings": {"cut": {"next": 1}}}) as response:
        assert 204 == response.status

    for _ in turns:
        await place(sim)
        await sim.quiet()

    assert ["busy", "completed"] == [leg.status for leg in sim.phone_log(NUMBER)]
    assert (["yes"], "user") == (sim.leg(NUMBER).said, sim.leg(NUMBER).ended_by)
    assert "cut" == sim.faults.draw_recording("any")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"place": {"gremlin": {"next": 1}}}),
        ("faults", {"recordings": {"gremlin": {"next": 1}}}),
        (f"phones/{NUMBER}", {"outcome": "sings"}),
        (f"phones/{NUMBER}", {"scenario": "the_moon_falls"}),
    ],
)
async def test_wrong_wishes_are_refused(path: str, body: Any, start: Start, http: aiohttp.ClientSession) -> None:
    """An unknown fault or behaviour is a 400."""
    sim = await start()

    async with http.post(f"{sim.origin}/_simulator/{path}", json=body) as response:
        assert 400 == response.status


async def test_program_writes_a_line_for_each_request(http: aiohttp.ClientSession) -> None:
    """It runs until cancelled, logs arrivals, and sums up at its end."""
    ready: asyncio.Future[Simulator] = asyncio.get_running_loop().create_future()
    with capture_logs() as lines:
        running = asyncio.create_task(serve(SimulatorConfig(), ready=ready.set_result))
        sim = await ready
        async with http.get(f"{sim.url}/voice/calls") as response:
            assert 401 == response.status
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    assert ["simulator.request", "simulator.stopped"] == [line["event"] for line in lines]
    assert (401, "/communication/nexmo/voice/calls") == (lines[0]["status"], lines[0]["path"])


async def test_short_memory_keeps_counts_only(start: Start, place: Place) -> None:
    """Without a log the counts stay right, and texts and old requests are not kept."""
    sim = await start(keep_log=False, calls_kept=1)
    for index in range(3):
        await place(sim, f"3160000000{index}")
        await sim.quiet()

    assert (3, 3, 1) == (sim.summary().accepted, sim.summary().rings, sim.summary().max_rings)
    assert [] == sim.heard("31600000000")
