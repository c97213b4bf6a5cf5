"""The world of the acceptance tests: a whole dialer, and a carrier stand-in with its people.

Everything is real but the carrier: Redis, API and workers are processes (`fleet.py`), spoken to over HTTP as a user
does. What happened is read from two independent sources only, the stand-in's own log and the API.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from dialer.redis.embedded import EmbeddedRedis
from dialer.simulator import Simulator, SimulatorConfig
from dialer.simulator.journal import RequestRecord
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.fleet import READY_S, Program, free_port
from tests.fakes.waiting import until

KEY = "the key of the acceptance tests"
SECRET = "the secret of the acceptance tests"
FROM_NUMBER = "+31201234567"
_FIRST_NUMBER = 31_610_000_001

# Quick enough for a test, slow enough for a machine that does other things: a carrier second takes 20 ms.
QUICK = SimulatorConfig(time_scale=0.02, calls_per_second=1000)
QUICK_SETTINGS: Mapping[str, str] = {
    "CALLS_PER_SECOND": "100",
    "CARRIER_TIMEOUT_S": "2",
    "UNAVAILABLE_SETTLE_S": "2",
    "UNKNOWN_HOLD_S": "10",
    "RINGING_TIMER_S": "45",
    "LENGTH_TIMER_S": "600",
}


@dataclass(slots=True)
class World:
    """One dialer and its carrier.

    Attributes:
        carrier: the stand-in, which keeps the independent account.
        redis: the store's server.
        http: a client of the API, with the key.
        own: settings of the `api` or of each `worker` alone.
        around: environment variables of `all` programs, or of one alone: `api`, `worker-0` and so on.
    """

    carrier: Simulator
    redis: EmbeddedRedis
    folder: Path
    settings: Mapping[str, str]
    http: aiohttp.ClientSession
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    around: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    workers: list[Program] = field(default_factory=list)
    _api: Program | None = None
    _numbers: int = 0

    @property
    def api(self) -> Program:
        """The API's process."""
        assert self._api is not None, "the API was not started"
        return self._api

    async def start_api(self) -> None:
        """Run the API until it is ready."""
        self._api = self.program("api", "api")
        await self._api.start()
        await self._api.until_logged("listens on")

    async def start_workers(self, count: int) -> None:
        """Add so many workers, and wait until they are at work."""
        first = len(self.workers)
        added = [self._worker(number) for number in range(first, first + count)]
        self.workers += added
        await asyncio.gather(*(worker.start() for worker in added))
        await asyncio.gather(*(worker.until_logged("worker.started") for worker in added))

    async def run(self, command: str, *, status: int = 0) -> str:
        """Run a command of the dialer beside it to its end, which must have this exit status; what it wrote."""
        program = self.program(command, command)
        await program.start()
        assert status == await program.process.wait(), program.tail()
        return program.written(0)

    def program(self, kind: str, name: str) -> Program:
        """A program with the settings and the environment that it has in this world."""
        around = {**self.around.get("all", {}), **self.around.get(name, {})}
        return Program(kind, self.folder / f"{name}.log", {**self.settings, **self.own.get(kind, {})}, around)

    def _worker(self, number: int) -> Program:
        return self.program("worker", f"worker-{number}")

    def people(self, count: int) -> list[str]:
        """Numbers that nobody has called in this world."""
        first = _FIRST_NUMBER + self._numbers
        self._numbers += count
        return [f"+{number}" for number in range(first, first + count)]

    async def campaign(self, **wishes: Any) -> CampaignRun:
        """A new campaign, still a draft; wishes are fields of `POST /v1/campaigns`."""
        body = {"name": "Test", "kind": "notification", "script": {"text": "Hello."}} | wishes
        return CampaignRun(self, str((await self.post("/v1/campaigns", body))["id"]))

    async def dial(self, people: Sequence[str], **wishes: Any) -> CampaignRun:
        """A new campaign over these people, started."""
        run = await self.campaign(**wishes)
        await run.add(people)
        await run.step("start")
        return run

    async def call(self, number: str, **wishes: Any) -> Json:
        """`POST /v1/calls`: one call at once."""
        return await self.post("/v1/calls", {"number": number, "script": {"text": "Hello."}} | wishes)

    async def get(self, path: str) -> Json:
        """GET from the API; it must succeed."""
        async with self.http.get(path) as response:
            return await _told(response)

    async def post(self, path: str, body: Any = None) -> Json:
        """POST JSON to the API; it must succeed."""
        async with self.http.post(path, json=body) as response:
            return await _told(response)

    def placings(self, number: str | None = None) -> list[RequestRecord]:
        """The carrier's record of requests to place a call, to everybody or to one number."""
        wanted = number.removeprefix("+") if number else None
        return [
            record
            for record in self.carrier.log
            if record.method == "POST" and record.path.endswith("/voice/calls") and wanted in {None, record.number}
        ]

    async def until_placings(self, count: int, *, within_s: float = 20.0) -> list[RequestRecord]:
        """Wait until the carrier was asked for so many calls."""
        await until(lambda: self.carrier.journal.placings >= count, within_s=within_s)
        return self.placings()

    async def until_asked(self, number: str, times: int = 1, *, within_s: float = 20.0) -> None:
        """Wait until the carrier was asked so often to call this number."""
        await until(lambda: len(self.placings(number)) >= times, within_s=within_s)

    async def until_rung(self, number: str, times: int = 1, *, within_s: float = 20.0) -> None:
        """Wait until this phone rang so often."""
        await until(lambda: self.carrier.rings(number) >= times, within_s=within_s)

    def diagnosis(self) -> str:
        """What helps to understand a failure: the account of the carrier and the end of every log."""
        programs = [self._api, *self.workers]
        return "\n".join([str(self.carrier.summary()), *(program.tail() for program in programs if program)])

    async def close(self) -> None:
        """End every process, the frozen ones too."""
        running = [program for program in [self._api, *self.workers] if program and program.runs]
        await asyncio.gather(*(program.kill() for program in running))


async def _told(response: aiohttp.ClientResponse) -> Json:
    text = await response.text()
    assert response.ok, f"{response.method} {response.url.path} gave {response.status}: {text}"
    told: Json = await response.json()
    return told


@asynccontextmanager
async def open_world(  # noqa: PLR0913 - all of them have defaults, and most worlds need none
    config: SimulatorConfig = QUICK,
    *,
    workers: int = 1,
    settings: Mapping[str, str] | None = None,
    own: Mapping[str, Mapping[str, str]] | None = None,
    around: Mapping[str, Mapping[str, str]] | None = None,
    stored: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[World]:
    """A world with an API and so many workers; `settings` are named without their prefix.

    `own` are settings of the `api` or of each `worker` alone, `around` environment variables: see `World`.

    `stored` puts something into the Redis of this address before anybody else is there.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dialer-")))
        carrier = await stack.enter_async_context(Simulator(config))
        redis = await stack.enter_async_context(EmbeddedRedis(folder / "data"))
        if stored:
            await stored(redis.url)
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        # Beyond an import of 100,000 rows, no answer of the API takes long.
        options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(total=60), "raise_for_status": False}
        http = aiohttp.ClientSession(origin, headers={"Authorization": f"Bearer {KEY}"}, **options)
        await stack.enter_async_context(http)
        fixed = _fixed(folder, carrier, redis.url) | {"PORT": str(port), "PUBLIC_URL": origin}
        world = World(
            carrier, redis, folder, {**QUICK_SETTINGS, **fixed, **(settings or {})}, http, own or {}, around or {}
        )
        stack.push_async_callback(world.close)
        async with asyncio.timeout(READY_S):
            await asyncio.gather(world.start_api(), world.start_workers(workers))
        yield world


def _fixed(folder: Path, carrier: Simulator, redis_url: str) -> dict[str, str]:
    return {
        "REDIS_URL": redis_url,
        "DATA_DIR": str(folder / "data"),
        "HOST": "127.0.0.1",
        "API_KEY": KEY,
        "WEBHOOK_SECRET": SECRET,
        "CARRIER_URL": carrier.url,
        "CARRIER_TOKEN_URL": carrier.token_url,
        "RECORDING_ORIGINS": carrier.origin,
        "CARRIER_CLIENT_ID": "acceptance",
        "CARRIER_CLIENT_SECRET": "acceptance",
        "CARRIER_APPLICATION_ID": "acceptance",
        "FROM_NUMBER": FROM_NUMBER,
    }
