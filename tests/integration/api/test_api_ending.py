"""An API process that is asked to end: it serves on for its grace, tells that it is not ready, and lets go."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import aiohttp
import pytest
from redis.asyncio import Redis
from yarl import URL

from dialer import keys
from dialer.errors import OtherData
from dialer.redis.batch import Batch
from dialer.schema import WRITES
from dialer.settings import Settings
from tests.fakes.served import served
from tests.fakes.waiting import until

GRACE_S = 0.5


async def test_it_serves_on_for_its_grace_and_keeps_no_connection(settings: Settings) -> None:
    """`/readyz` says no at once; whoever asks is answered, and told to come on a new connection, to somebody else."""
    graceful = settings.model_copy(update={"api_grace_s": GRACE_S})
    async with served(graceful) as server, aiohttp.ClientSession(server.url) as http:
        async with http.get("/readyz") as before:
            assert (200, None) == (before.status, before.headers.get("Connection"))
        server.running.cancel()
        await asyncio.sleep(0)
        async with http.get("/readyz") as ready, http.get("/healthz") as alive:
            told = await ready.json()
        began = asyncio.get_running_loop().time()
        await asyncio.wait([server.running], timeout=5)
        took = asyncio.get_running_loop().time() - began

        assert (503, 200) == (ready.status, alive.status)
        assert {"redis": "ok", "process": "ending"} == told["checks"]
        assert {"close"} == {answer.headers["Connection"] for answer in (ready, alive)}
        assert GRACE_S / 2 < took < GRACE_S + 4
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get("/healthz")


async def test_whoever_got_in_is_answered_though_it_asks_when_the_door_is_shut(settings: Settings) -> None:
    """A proxy's request may come after its connection, and a POST that is dropped is sent to nobody else."""
    async with served(settings.model_copy(update={"api_grace_s": GRACE_S})) as server:
        address = URL(server.url)
        assert address.host
        reader, writer = await asyncio.open_connection(address.host, address.port)
        server.running.cancel()
        await _until_refused(address)
        writer.write(b"POST /webhooks/probe/nobody HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}")
        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nConnection: close\r\n" in answer


async def _until_refused(address: URL) -> None:
    with suppress(ConnectionRefusedError):
        while True:
            _, writer = await asyncio.open_connection(address.host, address.port)
            writer.close()
            await asyncio.sleep(0.01)


async def test_it_ends_when_a_newer_release_takes_the_data(
    settings: Settings, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sentence that says what to do, and without a grace: it could not understand what it would serve."""
    monkeypatch.setattr("dialer.runtime.LOOK_S", 0.02)
    with suppress(OtherData):
        async with served(settings.model_copy(update={"api_grace_s": 60})) as server:
            await asyncio.sleep(0.1)
            runs = not server.running.done()
            await Batch(redis).command("HSET", keys.SCHEMA, "version", WRITES + 1, "needs", WRITES + 1)
            await until(server.running.done, within_s=5)

    assert runs
    with pytest.raises(OtherData, match="Start the newer release again"):
        server.running.result()
