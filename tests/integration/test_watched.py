"""What a worker answers on the port of its metrics."""

from __future__ import annotations

import socket
from dataclasses import replace

import aiohttp
import pytest

from dialer.errors import InvalidInput
from dialer.metrics.contract import Scope
from dialer.metrics.table import CONTRACTS
from jobs.watched import watched
from tests.fakes.switchboard import Switchboard


async def test_worker_is_alive_and_ready_until_it_is_to_end(board: Switchboard) -> None:
    """Once it drains it is alive, and not ready."""
    async with watched(board.context) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        for ending in (False, True):
            if ending:
                board.context.stopping.set()
            async with http.get("/healthz") as alive, http.get("/readyz") as ready:
                assert (200, 503 if ending else 200) == (alive.status, ready.status)
                checks = {"redis": "ok", "process": "ending" if ending else "ok", "data": "ok"}
                assert checks == (await ready.json())["checks"]


async def test_worker_on_old_data_is_not_ready(board: Switchboard) -> None:
    """It says so with what tells more; with it, `/metrics`."""
    life = board.runtime.life
    life.saw(life.id, 5)
    await life.look()
    async with watched(board.context) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        async with http.get("/readyz") as ready:
            told = await ready.json()
        async with http.get("/metrics") as metrics:
            text = await metrics.text()

    assert (503, {"redis": "ok", "process": "ok", "data": "old: see `dialer doctor`"}) == (ready.status, told["checks"])
    assert "dialer_data_old 1.0" in text


async def test_worker_tells_its_own_figures_alone(board: Switchboard) -> None:
    """The shared state is told by API processes: a worker that showed it as zero would belie them."""
    async with watched(board.context) as port, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        async with http.get("/metrics") as response:
            text = await response.text()
        async with http.get("/metrics", headers={"Accept": "application/openmetrics-text"}) as response:
            assert "application/openmetrics-text" == response.content_type

    assert 'role="worker"' in text
    told = {name for name in CONTRACTS if f"# TYPE {name} " in text}
    assert {name for name, contract in CONTRACTS.items() if contract.scope is Scope.PROCESS} == told


async def test_port_that_is_taken_is_told_with_its_setting(board: Switchboard) -> None:
    """A second worker on a fixed port says which setting gives it another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = board.context.settings.model_copy(update={"worker_metrics_port": port})
        context = replace(board.context, runtime=replace(board.context.runtime, settings=settings))
        with pytest.raises(InvalidInput, match=f"cannot listen on 127.0.0.1:{port}") as refused:
            async with watched(context):
                pass

    assert "DIALER_WORKER_METRICS_PORT" == refused.value.field
