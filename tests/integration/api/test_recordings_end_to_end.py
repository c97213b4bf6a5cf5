"""From a call at the carrier stand-in to its sound at the API, in the three ways in which the carrier records."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from dialer.dialing import Dialing, Pace
from dialer.keys import RECORDINGS
from dialer.leases import Leases
from dialer.providers.base import CallRequest, Placed
from dialer.runtime import Runtime, open_runtime
from dialer.settings import Settings
from dialer.simulator import Simulator, SimulatorConfig
from jobs.context import Context
from jobs.reap import reap
from jobs.recordings import recordings

Call = Callable[..., Awaitable[None]]
NUMBERS = ("31612345678", "31612345679")


@pytest.fixture
async def carrier() -> AsyncIterator[Simulator]:
    """The stand-in, quick enough for a test."""
    async with Simulator(SimulatorConfig(time_scale=0.01, calls_per_second=1000)) as simulator:
        yield simulator


@pytest.fixture
async def worker(carrier: Simulator, settings: Settings) -> AsyncIterator[Context]:
    """A worker of the dialer, whose carrier is the stand-in."""
    changes = {
        "carrier_url": carrier.url,
        "carrier_token_url": carrier.token_url,
        "carrier_client_id": "c",
        "carrier_client_secret": SecretStr("s"),
        "carrier_application_id": "a",
        "from_number": "+31201234567",
        "recording_origins": frozenset({carrier.origin}),
    }
    async with open_runtime(settings.model_copy(update=changes)) as runtime:
        assert runtime.provider
        runtime.provider.set_share(1000)
        dialing = Dialing(runtime.batch, runtime.clock, Pace(3, 1), life=runtime.life)
        yield Context(runtime, dialing, Leases(runtime.batch, runtime.clock), runtime.provider)


@pytest.fixture
def call(worker: Context, carrier: Simulator, url: str, webhook: str) -> Callable[..., Awaitable[None]]:
    """Lets the carrier carry out these actions with so many people, all of it told to the attempt's event address."""

    async def place(*flow: dict[str, Any], people: int = 1) -> None:
        async def answer(_: web.Request) -> web.Response:
            return web.json_response(flow)

        app = web.Application()
        app.router.add_get("/answer", answer)
        async with TestServer(app) as server:
            for number in NUMBERS[:people]:
                request = CallRequest(
                    to=f"+{number}",
                    from_="+31201234567",
                    answer_url=str(server.make_url("/answer")),
                    event_url=f"{url}{webhook}/event",
                    ringing_timer_s=45,
                    length_timer_s=600,
                )
                assert isinstance(await worker.provider.place(request), Placed)
            await carrier.quiet()

    return place


async def fetched(api: aiohttp.ClientSession, worker: Context) -> tuple[dict[str, Any], bytes]:
    """The one recording that there is, and its sound, after a worker's run."""
    await recordings({"context": worker})
    async with api.get("/v1/recordings") as response:
        (recording,) = (await response.json())["recordings"]
    async with api.get(f"/v1/recordings/{recording['id']}/audio") as response:
        assert 200 == response.status, await response.text()
        return recording, await response.read()


TALK = {"action": "talk", "text": "This is recorded."}
IN_PASSING = [{"action": "record", "format": "wav", "split": "conversation"}, TALK]
LIKE_VOICEMAIL = [TALK, {"action": "record", "endOnSilence": 3, "beepStart": True}, TALK]
CONFERENCE = [{"action": "conversation", "name": "standup", "record": True}]


@pytest.mark.parametrize("case", [(IN_PASSING, 1, 2), (LIKE_VOICEMAIL, 1, 1), (CONFERENCE, 2, 1)])
async def test_recording_ends_at_the_api(
    case: tuple[list[dict[str, Any]], int, int],
    call: Call,
    api: aiohttp.ClientSession,
    worker: Context,
    attempt_id: str,
) -> None:
    """A call recorded in passing, a caller prompted as in voicemail, a conference: one sound each, with its attempt."""
    flow, people, channels = case
    await call(*flow, people=people)
    recording, body = await fetched(api, worker)

    with wave.open(io.BytesIO(body)) as sound:
        assert channels == sound.getnchannels()
    assert ("stored", [attempt_id], "audio/wav") == tuple(
        recording[name] for name in ("state", "attempts", "content_type")
    )
    assert len(body) == recording["size_bytes"]


async def test_carriers_faults_do_not_show(
    call: Call, carrier: Simulator, api: aiohttp.ClientSession, worker: Context
) -> None:
    """A download that breaks off is repeated within one run."""
    await call({"action": "record"}, TALK)
    carrier.faults.next_recording("cut")
    recording, body = await fetched(api, worker)

    assert ("stored", 1) == (recording["state"], recording["tries"])
    assert body.startswith(b"RIFF")


async def test_many_are_fetched_by_two_workers_each_once(
    call: Call, carrier: Simulator, api: aiohttp.ClientSession, worker: Context
) -> None:
    """Runs that overlap share the work."""
    await call(*[{"action": "record", "endOnSilence": 3}] * 12)
    await asyncio.gather(*(recordings({"context": worker}) for _ in range(5)))
    async with api.get("/v1/recordings?state=stored") as response:
        found = (await response.json())["recordings"]

    downloads = [record.path for record in carrier.log if "/v1/files/" in record.path]
    assert 12 == len(found) == len(set(downloads)) == len(downloads)


async def test_reaper_deletes_what_is_too_old(
    call: Call, api: aiohttp.ClientSession, worker: Context, runtime: Runtime
) -> None:
    """A recording older than the setting is deleted, its file within the next run."""
    await call({"action": "record"}, TALK)
    recording, _ = await fetched(api, worker)
    await reap({"context": worker})
    await runtime.store.recording(recording["id"])

    days_ms = worker.settings.recording_retention_days * 86_400_000
    too_old_ms = runtime.clock.now_us() // 1000 - days_ms - 1
    await runtime.batch.command("ZADD", RECORDINGS, too_old_ms, recording["id"])
    await reap({"context": worker})
    await recordings({"context": worker})
    async with api.get(f"/v1/recordings/{recording['id']}") as response:
        assert 404 == response.status
    assert [] == list((worker.settings.data_dir / "recordings").iterdir())


async def test_stopping_worker_begins_no_fetch(call: Call, carrier: Simulator, worker: Context) -> None:
    """What is due stays due for another."""
    await call({"action": "record"}, TALK)
    worker.stopping.set()
    await recordings({"context": worker})

    assert not [record for record in carrier.log if "/v1/files/" in record.path]
