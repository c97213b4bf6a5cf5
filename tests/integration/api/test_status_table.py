"""The table of the carrier's answers, acted out: what becomes of call and fleet, and what a person sees of it.

Store, scripts, pacing, placing, client and API are real; the gateway answers as each row says.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import BaseTestServer, TestServer, unused_port
from prometheus_client import REGISTRY
from pydantic import SecretStr
from structlog.testing import capture_logs

from dialer import keys, pacing
from dialer.dialing import Dialing, Pace
from dialer.dials import Dial
from dialer.leases import Leases
from dialer.providers.kpn import KpnVoice, kpn_from_settings
from dialer.runtime import Runtime
from dialer.settings import Settings
from dialer.store import Store
from jobs.context import Context
from jobs.place import place
from jobs.stopping import MALFORMED_IN_A_ROW
from tests.fakes.clock import SettableClock
from tests.fakes.kpn_gateway import Gateway
from tests.fakes.kpn_schemas import problems_for_kpn, problems_of_arrival
from tests.fakes.names import NoNames
from tests.fakes.status_table import BAD, NEW_TOKEN, RATE, ROWS, Gate, Margin, Row, Way

MARGINS = {
    Margin.STAYS: pacing.MARGIN_PPM,
    Margin.SHRINKS: pacing.MARGIN_PPM * 99 // 100,
    Margin.GROWS: pacing.MARGIN_PPM + pacing.MARGIN_STEP_PPM,
}
JITTER = (0.9, 1.3)
SCRIPT = {"name": "Harbour", "kind": "notification", "script": {"text": "Hello."}}


@dataclass(slots=True)
class Stage:
    """A worker between a gateway and an API, and its clock.

    Attributes:
        events: what was logged.
    """

    api: aiohttp.ClientSession
    gateway: Gateway
    context: Context
    clock: SettableClock
    campaign_id: str
    events: list[Any] = field(default_factory=list)

    async def add(self, count: int) -> None:
        """Add so many people to the campaign and let it run."""
        rows = "\n".join(f'{{"number": "+3161234{number:04d}"}}' for number in range(count))
        path, headers = f"/v1/campaigns/{self.campaign_id}", {"Content-Type": "application/x-ndjson"}
        async with self.api.post(f"{path}/calls", data=rows, headers=headers) as response:
            assert response.ok, await response.text()
        async with self.api.post(f"{path}/start") as response:
            assert response.ok, await response.text()

    async def claim(self) -> Dial:
        """Claim the next call, once the gate is open and its token's time has come."""
        self.clock.set_us(max(self.clock.now_us(), (await self.gate_ms()) * 1000) + 1_000_000)
        (dial,) = await self.context.dialing.read((await self.context.dialing.claim(1)).claims)
        return dial

    async def place(self, dial: Dial) -> None:
        """Place it, and let a renewal of the access token end."""
        with capture_logs() as events:
            await place(dial, self.context)
        self.events += events
        assert isinstance(self.context.provider, KpnVoice)
        if renewing := self.context.provider.tokens._renewing:
            await renewing

    async def told(self, path: str) -> dict[str, Any]:
        """What the API tells."""
        async with self.api.get(path) as response:
            assert response.ok, await response.text()
            told: dict[str, Any] = await response.json()
            return told

    async def budget(self) -> pacing.Budget:
        """The fleet's budget."""
        return pacing.Budget.from_fields(await self.context.runtime.batch.command("HGETALL", keys.TRUNK))

    async def gate_ms(self) -> int:
        """The moment until which nothing goes out."""
        return (await self.budget()).gate_ms


@pytest.fixture
async def staged(
    api: aiohttp.ClientSession, runtime: Runtime, settings: Settings, campaign_id: str
) -> AsyncIterator[Callable[..., Awaitable[Stage]]]:
    """Sets the stage: how the carrier is reached, and how many people are to be called."""
    assert campaign_id
    async with AsyncExitStack() as stack:
        gateway = Gateway()
        app = web.Application()
        app.router.add_post("/token", gateway.token)
        app.router.add_route("*", "/nexmo/{path:.*}", gateway.voice)
        server = await stack.enter_async_context(TestServer(app))
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=NoNames()))
        await stack.enter_async_context(session)
        stack.callback(gateway.hanging.set)

        async def set_up(way: Way = Way.OPEN, people: int = 1) -> Stage:
            mine = _carrier(settings, server, way)
            clock = SettableClock(runtime.clock.now_us())
            store = Store(runtime.batch, clock, runtime.limits)
            moved = replace(runtime, clock=clock, store=store, settings=mine)  # type: ignore[arg-type]  # a test's clock
            voice = kpn_from_settings(mine, session, runtime.redis)
            stack.push_async_callback(voice.aclose)
            dialing = Dialing(runtime.batch, clock, Pace(3, 1), life=runtime.life)
            async with api.post("/v1/campaigns", json=SCRIPT) as response:
                created = str((await response.json())["id"])
            stage = Stage(api, gateway, Context(moved, dialing, Leases(runtime.batch, clock), voice), clock, created)
            await stage.add(people)
            return stage

        yield set_up


def _carrier(settings: Settings, server: BaseTestServer, way: Way) -> Settings:
    """The settings of a worker that reaches the carrier in this way; the token server is always well."""
    urls = {
        Way.CLOSED: f"http://127.0.0.1:{unused_port()}/nexmo",
        Way.NAMELESS: "http://carrier.invalid/nexmo",
        Way.PLAIN: f"https://127.0.0.1:{server.port}/nexmo",
    }
    carrier = {
        "carrier_url": urls.get(way, str(server.make_url("/nexmo"))),
        "carrier_token_url": str(server.make_url("/token")),
        "carrier_client_id": "client-id-1",
        "carrier_client_secret": SecretStr("s3cret"),
        "carrier_application_id": "app-1",
        "from_number": "+31201234567",
        "carrier_timeout_s": 1 if way is Way.SILENT else 10,
    }
    return settings.model_copy(update=carrier)


def _counted(result: str) -> float:
    labels = {"trunk": "main", "result": result.replace(": ", "_")}
    return REGISTRY.get_sample_value("dialer_placements_total", labels) or 0.0


@pytest.mark.parametrize("row", ROWS, ids=[row.answer for row in ROWS])
async def test_answer_means_what_the_table_says(row: Row, staged: Callable[..., Awaitable[Stage]]) -> None:
    """Each answer: what the call becomes, what the fleet does, and what a person sees of it."""
    stage = await staged(row.way)
    await _prepare(stage, row)
    before, was_due = _counted(row.meaning.seen), (await _only_call(stage))["due_at"]

    await stage.place(await stage.claim())

    await _assert_call(stage, row, was_due)
    await _assert_fleet(stage, row)
    await _assert_seen(stage, row, before)


async def _prepare(stage: Stage, row: Row) -> None:
    """Have the gateway answer so, and the next accepted call be the hundredth, which shrinks the margin."""
    await stage.context.runtime.batch.command("HSET", keys.TRUNK, "accepted", 99, "margin", pacing.MARGIN_PPM)
    reply = row.reply or getattr(stage.gateway, row.behaviour or "reset")
    stage.gateway.replies = [reply]
    if row.token_reply is not None:
        stage.gateway.token_replies = [row.token_reply]
    else:
        await stage.context.provider.make_ready()


async def _only_call(stage: Stage) -> dict[str, Any]:
    (call,) = (await stage.told(f"/v1/campaigns/{stage.campaign_id}/calls"))["calls"]
    return await stage.told(f"/v1/calls/{call['id']}")


async def _assert_call(stage: Stage, row: Row, was_due: str) -> None:
    meaning, call = row.meaning, await _only_call(stage)
    assert (meaning.state, meaning.disposition, meaning.tries) == (call["state"], call["disposition"], call["tries"])
    assert meaning.tries == len(call["attempts"])
    if meaning.tries == 0:
        assert was_due == call["due_at"]
    assert int(row.arrives) == len(stage.gateway.arrivals)
    assert [] == [
        each for sent in stage.gateway.arrivals for each in (*problems_for_kpn(sent), *problems_of_arrival(sent))
    ]


async def _assert_fleet(stage: Stage, row: Row) -> None:
    meaning, budget = row.meaning, await stage.budget()
    assert MARGINS[meaning.margin] == budget.margin_ppm
    least, most = _waits_ms(row)
    assert least <= max(0, budget.gate_ms - stage.clock.now_us() // 1000) <= most
    campaign = await stage.told(f"/v1/campaigns/{stage.campaign_id}")
    assert ("paused" if meaning.pauses else "running") == campaign["state"]
    assert 1 + meaning.renews == stage.gateway.tokens


def _waits_ms(row: Row) -> tuple[float, float]:
    """The shortest and longest time for which the gate may be closed."""
    first_ms = {Gate.OPEN: 0, Gate.TOKEN: pacing.interval_us(3) / 1000, Gate.SECOND: pacing.TROUBLE_WAIT_MS}
    if row.meaning.gate is Gate.ASKED:
        return row.asked_s * 1000 - 2000, row.asked_s * 1000
    wait_ms = first_ms[row.meaning.gate]
    return wait_ms * JITTER[0] - 1, wait_ms * (1 + pacing.MARGIN_PPM / 1_000_000) * JITTER[1] + 1


async def _assert_seen(stage: Stage, row: Row, before: float) -> None:
    meaning, call = row.meaning, await _only_call(stage)
    if row.token_reply is not None:
        (line,) = [each for each in stage.events if each["event"] == meaning.seen]
        assert row.said in line["reason"]
    else:
        assert before + 1 == _counted(meaning.seen)
        (line,) = [each for each in stage.events if each["event"] == "attempt.answered"]
        assert meaning.seen == line["result"]
        assert row.said in line["detail"]
    results = [attempt["result"] for attempt in call["attempts"]]
    assert [f"{meaning.seen}: {row.said}" if row.said else meaning.seen] * meaning.tries == results
    reason = (await stage.told(f"/v1/campaigns/{stage.campaign_id}"))["reason"]
    assert (row.said in reason) if meaning.pauses else reason is None


async def _refused_again_and_again(stage: Stage, meaning: Any, times: int) -> None:
    row = next(row for row in ROWS if row.meaning is meaning)
    assert row.reply is not None
    stage.gateway.replies = [row.reply]
    for _ in range(times):
        await stage.place(await stage.claim())


async def test_requests_found_malformed_in_a_row_pause_the_campaign(staged: Callable[..., Awaitable[Stage]]) -> None:
    """So many 400 one after the other are our fault: the campaign is paused with the carrier's words."""
    stage = await staged(people=MALFORMED_IN_A_ROW + 1)
    await _refused_again_and_again(stage, BAD, MALFORMED_IN_A_ROW - 1)
    assert "running" == (await stage.told(f"/v1/campaigns/{stage.campaign_id}"))["state"]

    await stage.place(await stage.claim())

    campaign = await stage.told(f"/v1/campaigns/{stage.campaign_id}")
    assert ("paused", MALFORMED_IN_A_ROW) == (campaign["state"], campaign["dispositions"]["failed"])
    assert "to: Must be a number." in campaign["reason"]


async def test_third_token_refused_in_a_row_pauses_the_campaign(staged: Callable[..., Awaitable[Stage]]) -> None:
    """Where new tokens do not help, the campaign is paused and told to look at product and application."""
    stage = await staged(people=3)
    await _refused_again_and_again(stage, NEW_TOKEN, 2)
    assert "running" == (await stage.told(f"/v1/campaigns/{stage.campaign_id}"))["state"]

    await stage.place(await stage.claim())

    campaign = await stage.told(f"/v1/campaigns/{stage.campaign_id}")
    assert ("paused", {"waiting": 3}) == (campaign["state"], {s: n for s, n in campaign["counts"].items() if n})
    assert "is Voice in this project" in campaign["reason"]


@pytest.mark.parametrize("meaning", [RATE, NEW_TOKEN], ids=["rate", "trouble"])
async def test_gate_closes_for_longer_each_time(staged: Callable[..., Awaitable[Stage]], meaning: Any) -> None:
    """A refusal right after the gate opened closes it for twice as long."""
    stage = await staged()
    waits = []
    for _ in range(2):
        await _refused_again_and_again(stage, meaning, 1)
        waits.append(await stage.gate_ms() - stage.clock.now_us() // 1000)
    assert 2 * JITTER[0] / JITTER[1] * 0.98 <= waits[1] / waits[0] <= 2 * JITTER[1] / JITTER[0] * 1.02
