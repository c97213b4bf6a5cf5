"""What the rendered pods say is run: Redis, API and worker as they would be started, asked as they would be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from dialer.simulator import Simulator
from tests.fakes.chart import HOST, rendered
from tests.fakes.kubelet import Node, Pod
from tests.fakes.waiting import until
from tests.fakes.world import QUICK

KEYS = {
    key: f"{key}-of-the-chart's-tests"
    for key in ("api-key", "webhook-secret", "erasure-secret", "carrier-client-id", "carrier-client-secret")
}
KINDS = ("redis", "api", "worker", "migration", "test")
PASSWORD = "passwordOfTheChart"
PHONE = "+31612345678"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True)
class Release:
    """A release that runs, and its carrier."""

    carrier: Simulator
    redis: Pod
    api: Pod
    worker: Pod
    migration: Pod
    test: Pod
    origin: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def release(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Release]:
    """Everything that the chart starts, all at once, with the least values and a stand-in for the carrier."""
    async with Simulator(QUICK) as carrier:
        node = _node(tmp_path_factory.mktemp("node"), carrier)
        redis, api, worker, migration, test = (node.pod(kind) for kind in KINDS)
        try:
            await asyncio.gather(*(pod.start() for pod in (redis, api, worker)))
            yield Release(carrier, redis, api, worker, migration, test, f"http://127.0.0.1:{node.ports[8080]}")
        finally:
            await asyncio.gather(*(pod.end() for pod in (worker, api, redis) if pod.process))


def _node(folder: Path, carrier: Simulator) -> Node:
    settings: dict[str, Any] = {"DIALER_CARRIER_URL": carrier.url, "DIALER_CARRIER_TOKEN_URL": carrier.token_url}
    settings |= {"DIALER_CALLS_PER_SECOND": 50, "DIALER_CARRIER_TIMEOUT_S": 2}
    things = rendered({"settings": settings, "api": {"graceSeconds": 1}, "migration": {"enabled": True}})
    secrets = {**KEYS, "carrier-application-id": "chart", "redis-password": PASSWORD}
    node = Node(things, folder, {("dialer", key): value for key, value in secrets.items()})
    node.places |= {
        # What the Ingress does: it ends TLS and hands on.
        f"https://{HOST}": f"http://127.0.0.1:{node.ports[8080]}",
        # A container has its addresses and ports for itself.
        "bind * -::*": "bind 127.0.0.1",
        "port 6379": f"port {node.ports[6379]}",
        "redis-cli ping": f"redis-cli -p {node.ports[6379]} ping",
    }
    return node


async def test_probes_are_answered(release: Release) -> None:
    """Each pod started, lives and is ready, asked as its probes say."""
    for pod in (release.redis, release.api, release.worker):
        for which in ("startupProbe", "livenessProbe", "readinessProbe"):
            assert await pod.probe(which), f"{which}\n{pod.tail()}"


async def test_redis_keeps_what_it_acknowledged(release: Release) -> None:
    """It asks for the password, syncs its log at each write, throws nothing away, and names no secret to others."""
    port = release.redis.node.ports[6379]
    async with Redis(port=port, password=PASSWORD, decode_responses=True) as redis:
        read = [await redis.config_get(name) for name in ("appendonly", "appendfsync", "maxmemory-policy", "maxmemory")]
    assert ["yes", "always", "noeviction", str(1 << 30)] == [value for one in read for value in one.values()]
    assert PASSWORD not in release.redis.command_line()


async def test_call_is_placed_once(release: Release) -> None:
    """A call that is ordered from the API rings once: settings, secrets and addresses of all pods fit each other."""
    headers = {"Authorization": f"Bearer {KEYS['api-key']}"}
    async with aiohttp.ClientSession(release.origin, headers=headers) as http:
        answer = await http.post("/v1/calls", json={"number": PHONE, "script": {"text": "Hello."}})

        assert answer.ok, await answer.text()
    await until(lambda: release.carrier.rings(PHONE) > 0)
    await until(lambda: release.carrier.live == 0)

    assert 1 == release.carrier.rings(PHONE)


async def test_helm_test_finds_all_well(release: Release) -> None:
    """The test's pod asks whether the API is ready, and the doctor finds nothing that failed."""
    spec = release.test.rendered["spec"]
    (first,), (doctor,) = spec["initContainers"], spec["containers"]
    ready, said = await release.test.run(first)
    well, found = await release.test.run(doctor)

    assert (0, True) == (ready, '"status":"ok"' in said.replace(" ", "")), said
    assert 0 == well, found
    assert "steps are well" in found


async def test_migration_runs_beside_the_release(release: Release) -> None:
    """The job behind an upgrade reaches Redis, and finds the data as this release writes it."""
    ended, said = await release.migration.run(release.migration.container)

    assert (0, True) == (ended, "nothing to do" in said), said


async def test_workers_end_in_time(release: Release) -> None:
    """Asked to end, a worker and the API do so by themselves, well within their time; the next ones go on."""
    for pod in (release.worker, release.api):
        assert 0 == await pod.end(), pod.tail()
        await pod.start()


async def test_without_redis_nobody_is_ready_and_everybody_lives(release: Release) -> None:
    """Redis away takes API and workers out of the line, but ends none of them; it comes back with what it held."""
    port = release.redis.node.ports[6379]
    async with Redis(port=port, password=PASSWORD) as redis:
        await redis.set("chart", "kept")
    await release.redis.end()
    ours = (release.api, release.worker)
    await asyncio.gather(*(pod.until_probed("readinessProbe", well=False) for pod in ours))

    assert [True, True] == [await pod.probe("livenessProbe") for pod in ours]

    await release.redis.start()
    await asyncio.gather(*(pod.until_probed("readinessProbe") for pod in ours))
    async with Redis(port=port, password=PASSWORD) as redis:
        assert b"kept" == await redis.getdel("chart")
