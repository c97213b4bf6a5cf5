"""A recording with real processes: told to the API, fetched by a worker within seconds, also by one that takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.simulator.sound import wav
from tests.fakes.recorded_world import record, ringing
from tests.fakes.waiting import FIGURES
from tests.fakes.world import World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SECONDS = 10.0
"""From the event to the file: a schedule of three seconds, the fetch, and a busy machine."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for these tests."""
    async with open_world() as opened:
        yield opened


async def _stored(world: World, count: int) -> list[str]:
    """The ids of so many stored recordings, once there are as many."""
    async with asyncio.timeout(_SECONDS):
        while True:
            listed = (await world.get("/v1/recordings?state=stored"))["recordings"]
            if len(listed) >= count:
                return [recording["id"] for recording in listed]
            await asyncio.sleep(0.1)


async def test_recording_is_fetched_within_seconds(world: World) -> None:
    """What the carrier told of can be heard at the API seconds later, byte for byte."""
    recording = await record(world, await ringing(world))
    began = time.monotonic()
    (recording_id,) = await _stored(world, 1)
    FIGURES.append(f"recording: {time.monotonic() - began:.1f} s from its event to its file")
    async with world.http.get(f"/v1/recordings/{recording_id}/audio") as response:
        body = await response.read()

    assert wav(world.carrier.config.seed, recording.sound, 1) == body


async def test_recording_outlives_its_workers() -> None:
    """One that is told while no worker runs is fetched by the next."""
    async with open_world() as world:
        attempt_id = await ringing(world)
        await world.workers[0].kill()
        await record(world, attempt_id)
        await world.start_workers(1)

        assert 1 == len(await _stored(world, 1))
