"""The programs of one measurement, all real and in processes of their own, in a folder that goes when it ends.

A private Redis with its append-only file synced at every write, as `dialer up` runs it; what else is needed is started
piece by piece: carrier, API, workers. Leaving ends all of it, also when a measurement failed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from redis.asyncio import Redis

from dialer import keys
from dialer.cli.simulate import stand_in_environment
from dialer.cli.stack import free_port
from dialer.client import AsyncDialer, Upload
from dialer.redis.embedded import EmbeddedRedis
from dialer.settings import Settings, load_settings
from dialer.simulator.remote import BASE as CONTROL
from dialer.states import CallState
from tests.bench import children, people
from tests.bench.children import Child

HOST = "127.0.0.1"
API_KEY = "benchmark-key-0123456789"
WEBHOOK_SECRET = "benchmark-secret-0123456789"
_REWRITTEN_S = 30.0
_READY_S = 120.0  # imports on a busy machine take seconds
_BODY = {"name": "Benchmark", "kind": "notification", "script": {"text": "Hello {{ name }}.", "language": "en-GB"}}


class Server(Protocol):
    """A Redis that runs."""

    @property
    def url(self) -> str:
        """Where it listens."""
        ...

    @property
    def pid(self) -> int | None:
        """Its process."""
        ...


class Stage:
    """What is running now. Made by `open_stage`."""

    def __init__(self, folder: Path, server: Server, http: aiohttp.ClientSession, redis: Redis) -> None:
        self.folder = folder
        self.redis = redis
        self.http = http
        self.port = free_port(HOST)
        self.url = f"http://{HOST}:{self.port}"
        self.client = AsyncDialer(self.url, API_KEY)
        self._carrier_port = free_port(HOST)
        self.carrier = f"http://{HOST}:{self._carrier_port}"
        self.api: Child | None = None
        self.workers: list[Child] = []
        self.running: list[Child] = []
        self._server = server
        self.given = {
            "DIALER_DATA_DIR": str(folder),
            "DIALER_REDIS_URL": server.url,
            "DIALER_HOST": HOST,
            "DIALER_PORT": str(self.port),
            "DIALER_PUBLIC_URL": self.url,
            "DIALER_API_KEY": API_KEY,
            "DIALER_WEBHOOK_SECRET": WEBHOOK_SECRET,
            **stand_in_environment(self.carrier),
        }

    @property
    def redis_url(self) -> str:
        """Where the private Redis listens."""
        return self._server.url

    @property
    def redis_pid(self) -> int:
        """Its process."""
        return self._server.pid or 0

    @property
    def api_pid(self) -> int:
        """The API's process."""
        return self.api.pid if self.api else 0

    @property
    def worker_pids(self) -> list[int]:
        """The workers' processes."""
        return [worker.pid for worker in self.workers]

    def log(self, name: str) -> Path:
        """Where a program writes."""
        return self.folder / f"{name}.log"

    def settings(self) -> Settings:
        """Settings for working on this Redis from here."""
        return load_settings(redis_url=self.redis_url, carrier_client_id=None)

    async def start_stand_in(self, *options: str, calls_per_second: float) -> None:
        """The carrier stand-in, with a strict rolling second and further options of `dialer simulate`."""
        where = ("--host", HOST, "--port", str(self._carrier_port), "--calls-per-second", f"{calls_per_second:g}")
        running = self.keep(
            await children.start("stand-in", ["dialer", "simulate", *where, *options], self.log("stand-in"))
        )
        await self.until_answers(f"{self.carrier}{CONTROL}/summary", running)

    async def start_bare_carrier(self) -> None:
        """A carrier that takes every call and does nothing: so light that it is not what is measured."""
        running = self.keep(
            await children.start_program("floors.carrier", self.log("carrier"), port=self._carrier_port)
        )
        await self.until_answers(f"{self.carrier}/summary", running)

    async def taken(self) -> int:
        """Calls that the bare carrier has taken."""
        async with self.http.get(f"{self.carrier}/summary") as response:
            return int((await response.json())["calls"])

    async def start_api(self) -> None:
        """One API process."""
        self.api = self.keep(await children.start("api", ["dialer", "api"], self.log("api"), self.given))
        await self.until_answers(f"{self.url}/readyz", self.api)

    async def start_workers(self, count: int, *, calls_per_second: float) -> None:
        """So many more workers, and wait until each has given a sign of life."""
        environment = self.given | {"DIALER_CALLS_PER_SECOND": f"{calls_per_second:g}"}
        for _ in range(count):
            name = f"worker-{len(self.workers) + 1}"
            worker = await children.start(name, ["dialer", "worker"], self.log(name), environment)
            self.workers.append(self.keep(worker))
        await children.until(self._all_alive, limit_s=_READY_S, watched=tuple(self.workers))

    async def until_answers(self, url: str, running: Child) -> None:
        """Wait until a server is there."""

        async def ready() -> bool:
            return await self.client.answers(url)

        await children.until(ready, limit_s=_READY_S, watched=(running,))

    async def new_campaign(self, *, first: int = 0, count: int = 0, **wishes: Any) -> str:
        """A campaign in draft with so many people of a list, imported as a user would; its id.

        Wishes are fields of `POST /v1/campaigns`.
        """
        created = await self.client.campaigns.create(_BODY | wishes)
        if count:
            path = self.folder / f"{created.id}.csv"
            people.write_csv(path, first=first, count=count)
            await self.import_csv(created.id, path)
        return created.id

    async def import_csv(self, campaign_id: str, path: Path) -> None:
        """Send a list through the API, and see to it that every row of it was taken."""
        answer = await self.client.campaigns.import_calls(campaign_id, _upload(path))
        if answer.rejected or answer.duplicates:
            raise ValueError(f"rows of an invented list were not taken: {answer.rejections[:3]}")

    async def start_campaign(self, campaign_id: str) -> None:
        """Let it dial."""
        await self.client.campaigns.start(campaign_id)

    async def until_over(
        self, campaign_id: str, *, limit_s: float, states: tuple[CallState, ...] = keys.IN_FLIGHT
    ) -> None:
        """Wait until none of its calls is in these states; by default until each has its disposition."""

        async def over() -> bool:
            return not await self.count(campaign_id, *states)

        await children.until(over, limit_s=limit_s, every_s=0.25, watched=tuple(self.running))

    async def until_file_rewritten(self) -> None:
        """Wait until Redis is not rewriting its append-only file, which it does whenever that has doubled."""

        async def quiet() -> bool:
            return not (await self.redis.info("persistence"))["aof_rewrite_in_progress"]

        await children.until(quiet, limit_s=_REWRITTEN_S)

    async def count(self, campaign_id: str, *states: CallState) -> int:
        """How many of its calls are in these states."""
        async with self.redis.pipeline(transaction=True) as pipe:
            for state in states:
                pipe.execute_command("ZCARD", keys.calls_in(campaign_id, state))
            counts: list[int] = await pipe.execute()
            return sum(counts)

    async def end(self) -> None:
        """End everything but Redis."""
        await asyncio.gather(*(running.end() for running in self.running))
        self.running.clear()

    def keep(self, running: Child) -> Child:
        """End it with the others."""
        self.running.append(running)
        return running

    async def _all_alive(self) -> bool:
        alive: int = await self.redis.zcard(keys.WORKERS)
        return alive >= len(self.workers)


@asynccontextmanager
async def open_stage(server: Server | None = None, **settings: str) -> AsyncIterator[Stage]:
    """An empty Redis, of our own unless one is given, and a folder for what the others write.

    Settings are named without their prefix, in capitals.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-bench-")))
        chosen = server if server is not None else await stack.enter_async_context(EmbeddedRedis(folder))
        redis = Redis.from_url(chosen.url, decode_responses=True)
        stack.push_async_callback(redis.aclose)
        headers = {"Authorization": f"Bearer {API_KEY}"}
        http = await stack.enter_async_context(aiohttp.ClientSession(headers=headers))
        stage = Stage(folder, chosen, http, redis)
        stage.given |= {f"DIALER_{name}": value for name, value in settings.items()}
        await stack.enter_async_context(stage.client)
        stack.push_async_callback(stage.end)
        yield stage


def _upload(path: Path) -> Upload:
    return Upload(_chunks(path), path.stat().st_size, "text/csv")


async def _chunks(path: Path, size: int = 262_144) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(size):
            yield chunk
