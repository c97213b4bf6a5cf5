"""All workers and all API processes are replaced, one after the other, while a campaign is dialed at its full rate.

Two API processes stand behind a load balancer, by which the carrier, a producer of single calls and the operator come.
A new process is ready before an old one is told to end, as any orchestrator does it.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.bench.pacing import best_use
from tests.fakes.balancer import Balancer
from tests.fakes.campaign import CampaignRun, Json
from tests.fakes.fleet import Program, free_port
from tests.fakes.waiting import FIGURES, until
from tests.fakes.wake_ups import wake_ups
from tests.fakes.world import KEY, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PER_SECOND = 10
CALLS = 1_500  # more than are dialed meanwhile, on a slow machine too; the rest is cancelled
SETTLED_AFTER_S = 5.0
JITTER_MS = 10
LEAST_USED = 0.95  # of what the machine's own wake-ups allow
ROUNDS = 2  # one refusal closes the gate for a twentieth of a round, and a busy machine may bring one
CARRIER = SimulatorConfig(time_scale=0.05, calls_per_second=PER_SECOND, latency_ms=20, latency_jitter_ms=JITTER_MS)
SETTINGS = {"CALLS_PER_SECOND": str(PER_SECOND), "API_GRACE_S": "1"}


@dataclass(slots=True)
class Fleet:
    """What is replaced: workers of the world, and API processes behind the balancer."""

    world: World
    balancer: Balancer
    apis: list[tuple[str, Program]] = field(default_factory=list)

    async def add_api(self) -> None:
        """One more API process, ready and given connections."""
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        log = self.world.folder / f"api-{port}.log"
        program = Program("api", log, {**self.world.settings, "PORT": str(port)})
        self.apis.append((origin, program))
        await program.start()
        await program.until_logged("listens on")
        self.balancer.add(origin)
        await until(lambda: self.balancer.has(origin), within_s=10)

    async def replace_api(self) -> None:
        """A new one for the oldest."""
        await self.add_api()
        _, oldest = self.apis.pop(0)
        assert 0 == await oldest.end(), oldest.tail()

    async def replace_worker(self) -> None:
        """The same of workers."""
        await self.world.start_workers(1)
        oldest = self.world.workers.pop(0)
        assert 0 == await oldest.end(), oldest.tail()

    async def close(self) -> None:
        """End all API processes."""
        await asyncio.gather(*(program.kill() for _, program in self.apis if program.runs))


async def _produce(origin: str, people: list[str], stop: asyncio.Event) -> list[str]:
    """Enqueue a single call now and then, each once and without trying again; the numbers that were taken."""
    taken = []
    async with aiohttp.ClientSession(origin, headers={"Authorization": f"Bearer {KEY}"}) as http:
        for number in people:
            async with http.post("/v1/calls", json={"number": number, "script": {"text": "Hello."}}) as answer:
                assert answer.ok, await answer.text()
                taken.append(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await stop.wait()
            if stop.is_set():
                break
    return taken


async def test_every_process_is_replaced_at_full_rate_and_nobody_notices(new_world: NewWorld) -> None:
    """The budget is used, no attempt is in doubt, nobody rings twice, no webhook, no producer meets a closed door."""
    rounds = []
    for _ in range(ROUNDS):
        rounds.append(await _replaced(new_world))
        used, allowed = rounds[-1]
        if used >= LEAST_USED * allowed:
            return
    raise AssertionError(f"used, of what the wake-ups allow: {rounds}")


async def _replaced(new_world: NewWorld) -> tuple[float, float]:
    """The share of the budget that was used meanwhile, and what the machine's wake-ups allowed; all else held."""
    async with Balancer() as balancer:
        world: World = await new_world(CARRIER, workers=2, settings=SETTINGS | {"PUBLIC_URL": balancer.origin})
        fleet = Fleet(world, balancer)
        try:
            await fleet.add_api()
            await fleet.add_api()
            run = await world.dial(world.people(CALLS))
            stop, producers = asyncio.Event(), world.people(200)
            async with wake_ups(PER_SECOND) as late, asyncio.TaskGroup() as group:
                producing = group.create_task(_produce(balancer.origin, producers, stop))
                await world.until_placings(round(SETTLED_AFTER_S * PER_SECOND))
                began = time.monotonic()
                for _ in range(2):
                    await fleet.replace_worker()
                    await fleet.replace_api()
                ended = time.monotonic()
                stop.set()
            await run.step("cancel")
            await run.until_done()
            await _judge(run, producing.result())
        finally:
            await fleet.close()
    used, allowed = _used(world, began, ended), best_use(late, JITTER_MS)
    summary = world.carrier.summary()
    FIGURES.append(
        f"all replaced within {ended - began:.0f} s at {PER_SECOND}/s: {used:.1%} of the budget used, of {allowed:.1%} "
        f"that the wake-ups allow, most in a second {summary.peak}, refused {summary.refused}"
    )
    assert (0, 0) == (balancer.turned_away, summary.webhook_failures)
    assert summary.peak <= PER_SECOND
    return used, allowed


async def _judge(run: CampaignRun, produced: list[str]) -> None:
    """Whoever was dialed was reached, once, and of each attempt the carrier's answer was heard."""
    world, calls = run.world, await run.judge_done()
    dialed = [call for call in calls if call["tries"]]
    assert {"answered"} == {call["disposition"] for call in dialed}
    assert {"cancelled"} == {call["disposition"] for call in calls if not call["tries"]}
    # The last single call came as the campaign ended, and had to wait for its token.
    await until(lambda: all(map(world.carrier.rings, produced)), within_s=20)
    assert {1} == {world.carrier.rings(number) for number in produced}
    told: list[Json] = await asyncio.gather(*(world.get(f"/v1/calls/{call['id']}") for call in dialed))
    assert {"placed"} == {attempt["result"] for call in told for attempt in call["attempts"]}


def _used(world: World, began: float, ended: float) -> float:
    """The share of the budget that was used while processes were replaced."""
    arrived = [one.arrived_s for one in world.placings() if one.accepted and began <= one.arrived_s <= ended]
    return (len(arrived) - 1) / (PER_SECOND * (arrived[-1] - arrived[0]))
