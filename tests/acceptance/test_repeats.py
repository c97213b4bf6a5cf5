"""The same wish twice, one after the other or at once: nobody is called twice for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFLICT = 409
CREATED = 201


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for all of these tests."""
    async with open_world() as opened:
        yield opened


async def _call(world: World, number: str, key: str) -> tuple[int, Any]:
    """Ask for one call under an Idempotency-Key."""
    body = {"number": number, "script": {"text": "Hello."}}
    async with world.http.post("/v1/calls", json=body, headers={"Idempotency-Key": key}) as response:
        return response.status, await response.json()


async def test_list_sent_again_while_it_is_dialed_adds_nobody(world: World) -> None:
    """A list imported twice, the second time while its people are being called, calls each of them once."""
    people = world.people(100)
    run = await world.dial(people)
    await world.until_asked(people[20])
    again = await run.add(people)
    assert (0, 100) == (again["accepted"], again["duplicates"])
    assert 100 == (await run.until_done())["total"]
    await run.judge_done()


async def test_list_sent_twice_at_once_adds_everybody_once(world: World) -> None:
    """Two imports of one list at the same time accept each of its people once between them."""
    people = world.people(3000)
    run = await world.campaign()
    first, second = await asyncio.gather(run.add(people), run.add(people))
    assert (3000, 3000) == (first["accepted"] + second["accepted"], first["duplicates"] + second["duplicates"])
    assert 3000 == (await run.look())["total"]


async def test_same_idempotency_key_at_once_rings_once(world: World) -> None:
    """Five requests for a call under one key, at once, make one call; whoever is too early is told so."""
    (number,) = world.people(1)
    answers = await asyncio.gather(*(_call(world, number, "at once") for _ in range(5)))
    assert {status for status, _ in answers} <= {CREATED, CONFLICT}
    assert 1 == len({body["id"] for status, body in answers if status == CREATED})
    await world.until_rung(number)
    await world.carrier.quiet()
    assert 1 == world.carrier.rings(number)


async def test_same_idempotency_key_later_gives_the_same_call(world: World) -> None:
    """A request repeated after its call is over is answered with that call, and nobody rings again."""
    (number,) = world.people(1)
    _, first = await _call(world, number, "later")
    await world.until_rung(number)
    await world.carrier.quiet()
    status, again = await _call(world, number, "later")
    assert (CREATED, first["id"]) == (status, again["id"])
    # Calls leave in order: once somebody else was called, a second ring would have come before.
    (other,) = world.people(1)
    await world.call(other)
    await world.until_rung(other)
    assert 1 == world.carrier.rings(number)


async def test_campaign_started_twice_at_once_calls_everybody_once(world: World) -> None:
    """A start repeated, as by a client that lost the answer, is the same start."""
    run = await world.campaign()
    await run.add(world.people(20))
    await asyncio.gather(run.step("start"), run.step("start"))
    await run.until_done()
    await run.judge_done()
