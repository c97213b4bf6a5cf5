"""A dialer in one process: the API as it is served, a worker's own steps taken by hand, and the carrier stand-in.

For tests of what is done to calls that are up. Nothing is dialed by itself: `up` places a call and waits until it is
as the test wants it. Webhooks go the whole way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from pydantic import SecretStr

from dialer.model import MAIN, Attempt, AttemptRef, Call, CallRef
from dialer.runtime import Runtime, open_runtime
from dialer.settings import Settings
from dialer.simulator import LegView, Simulator, SimulatorConfig
from dialer.states import CallState
from jobs.context import Context
from jobs.place import place_all
from jobs.worker import _context
from tests.fakes.fleet import free_port
from tests.fakes.served import served
from tests.fakes.waiting import until

KEY = "the key of these tests"
LONG_TEXT = "The water is off. " * 70
"""Some 80 carrier seconds of speech: nobody hangs up before a test is through."""
Json = dict[str, Any]


@dataclass(slots=True)
class Switchboard:
    """One dialer and its carrier."""

    carrier: Simulator
    context: Context
    http: aiohttp.ClientSession
    url: str

    @property
    def runtime(self) -> Runtime:
        """The store beside the API."""
        return self.context.runtime

    async def campaign(self, numbers: list[str], **wishes: Any) -> str:
        """A running campaign over these numbers."""
        script = {"text": LONG_TEXT, "language": "en-GB"}
        body = {"name": "Test", "kind": "notification", "script": script} | wishes
        async with self.http.post("/v1/campaigns", json=body) as response:
            campaign_id = str((await response.json())["id"])
        rows, headers = "number\n" + "\n".join(numbers), {"Content-Type": "text/csv"}
        await (await self.http.post(f"/v1/campaigns/{campaign_id}/calls", data=rows, headers=headers)).read()
        await (await self.http.post(f"/v1/campaigns/{campaign_id}/start")).read()
        return campaign_id

    async def place(self, count: int = 1, *, trunk: str = MAIN) -> list[CallRef]:
        """Claim so many calls by a trunk and place them, as a worker does; whoever was late goes again."""
        placed: list[CallRef] = []
        while len(placed) < count:
            claims = (await self.context.dialing.claim(count - len(placed), trunk=trunk)).claims
            await place_all(claims, self.context)
            calls = [await self.call(str(claim.call)) for claim in claims]
            placed += [
                claim.call
                for claim, call in zip(claims, calls, strict=True)
                if call.attempts or call.state is CallState.DONE
            ]
        return placed

    async def up(self, number: str = "+31612345678", status: str = "answered", **wishes: Any) -> str:
        """A call to this number of which the carrier says that it is ringing or answered, and we know; its id."""
        await self.campaign([number], **wishes)
        (call,) = await self.place()
        await until(lambda: self.leg(number).status == status)
        await self.attempt_is(str(call), lambda attempt: attempt.state == status)
        return str(call)

    async def order(self, call_id: str, **body: Any) -> tuple[int, Json]:
        """Order a call to do something; status and answer."""
        async with self.http.post(f"/v1/calls/{call_id}/orders", json=body) as response:
            return response.status, await response.json()

    async def post(self, path: str) -> tuple[int, Json]:
        """POST without a body; status and answer."""
        async with self.http.post(path) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Json:
        """GET; the answer."""
        async with self.http.get(path) as response:
            told: Json = await response.json()
            return told

    def leg(self, number: str = "+31612345678") -> LegView:
        """The latest call to a number, as whoever holds that phone knows it."""
        return self.carrier.leg(number)

    async def call(self, call_id: str) -> Call:
        """A call as it is stored."""
        return await self.runtime.store.call(call_id)

    async def attempt(self, call_id: str) -> Attempt:
        """Its first attempt."""
        ref = CallRef.parse(call_id)
        assert ref is not None
        attempt = await self.runtime.store.attempt(AttemptRef(ref, 1))
        assert attempt is not None
        return attempt

    async def attempt_is(self, call_id: str, reached: Callable[[Attempt], bool]) -> Attempt:
        """Wait until its first attempt is so."""
        async with asyncio.timeout(20):
            while not reached(attempt := await self.attempt(call_id)):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.01)
        return attempt

    async def call_is(self, call_id: str, reached: Callable[[Call], bool]) -> Call:
        """Wait until a call is so."""
        async with asyncio.timeout(20):
            while not reached(call := await self.call(call_id)):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.01)
        return call

    def orders(self) -> list[str]:
        """The methods of all requests to the carrier that steer a call, in order."""
        return [record.method for record in self.carrier.log if record.method in {"PUT", "DELETE"}]


@asynccontextmanager
async def open_switchboard(
    redis_url: str, *, pace: int = 1000, further: Mapping[str, Mapping[str, Any]] | None = None, **carrier: Any
) -> AsyncIterator[Switchboard]:
    """One that dials and steers as fast as `pace` lets it; `carrier`: fields of SimulatorConfig; `further`: trunks."""
    usual = {"time_scale": 0.05, "ring_s": 2.0, "ring_jitter_s": 0.0, "control_grace_s": 0.0, "calls_per_second": 1000}
    async with AsyncExitStack() as stack:
        config = SimulatorConfig(**({**usual, "other_requests_per_second": pace} | carrier))
        stand_in = await stack.enter_async_context(Simulator(config))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dialer-")))
        settings = _settings(redis_url, stand_in, pace, further or {}, folder)
        url = (await stack.enter_async_context(served(settings))).url
        http = aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {KEY}"})
        await stack.enter_async_context(http)
        runtime = await stack.enter_async_context(open_runtime(settings))
        context = await stack.enter_async_context(_context(runtime))
        yield Switchboard(stand_in, context, http, url)


def _settings(
    redis_url: str, carrier: Simulator, pace: int, further: Mapping[str, Mapping[str, Any]], folder: Path
) -> Settings:
    port = free_port()
    return Settings(
        redis_url=redis_url,
        data_dir=folder,
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        api_key=SecretStr(KEY),
        webhook_secret=SecretStr("the secret of these tests"),
        erasure_secret=SecretStr("the erasure secret of these tests"),
        carrier_url=carrier.url,
        carrier_token_url=carrier.token_url,
        carrier_client_id="tests",
        carrier_client_secret=SecretStr("tests"),
        carrier_application_id="tests",
        carrier_timeout_s=5,
        from_number="+31201234567",
        calls_per_second=100,
        other_requests_per_second=pace,
        trunks=further,
    )
