"""A recording with real processes: told to the API, fetched by a worker within seconds, also by one that takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dialer.simulator import Recording
from dialer.simulator.sound import wav
from dialer.tokens import make_token
from tests.fakes.recordings import record_event
from tests.fakes.waiting import FIGURES
from tests.fakes.world import SECRET, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

_SECONDS = 10.0
"""From the event to the file: a schedule of three seconds, the fetch, and a busy machine."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for these tests."""
    async with open_world() as opened:
        yield opened


async def _attempt(world: World) -> str:
    """Call somebody; returns the attempt once the phone rang."""
    (number,) = world.people(1)
    call = await world.call(number)
    await world.until_rung(number)
    return f"{call['id']}-1"


async def _record(world: World, attempt_id: str) -> Recording:
    """Record something at the carrier, and tell the API of it."""
    archive = world.carrier._exchange.archive
    recording = archive.add(Recording(application_id="acceptance", conversation_uuid="CON-1", sound=attempt_id))
    recording.end(1.0)
    told = record_event(archive.url(recording), recording_uuid=recording.uuid)
    async with world.http.post(f"/webhooks/{make_token(SECRET, attempt_id)}/event", json=told) as response:
        assert 204 == response.status
    return recording


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
    recording = await _record(world, await _attempt(world))
    began = time.monotonic()
    (recording_id,) = await _stored(world, 1)
    FIGURES.append(f"recording: {time.monotonic() - began:.1f} s from its event to its file")
    async with world.http.get(f"/v1/recordings/{recording_id}/audio") as response:
        body = await response.read()

    assert wav(world.carrier.config.seed, recording.sound, 1) == body


async def test_recording_outlives_its_workers() -> None:
    """One that is told while no worker runs is fetched by the next."""
    async with open_world() as world:
        attempt_id = await _attempt(world)
        await world.workers[0].kill()
        await _record(world, attempt_id)
        await world.start_workers(1)

        assert 1 == len(await _stored(world, 1))
