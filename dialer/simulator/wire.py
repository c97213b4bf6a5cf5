"""Between verdict and connection: the delay of the network, the entry in the log, and replies that get lost.

A request "arrives" when it is judged: with `latency_where` "before", the delay of the network lies ahead of that, so
that two requests sent evenly may arrive in a bunch, as they do in the world.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import time
from collections.abc import Callable

from aiohttp import web

from dialer.simulator.config import SimulatorConfig
from dialer.simulator.journal import Journal, RequestRecord
from dialer.simulator.replies import Ending, Verdict

_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Wire:
    """Takes requests off the network and puts verdicts on it."""

    def __init__(self, config: SimulatorConfig, journal: Journal) -> None:
        self._config = config
        self._journal = journal
        self._chance = random.Random(config.seed)  # noqa: S311 - repeatable, not secret

    async def serve(self, request: web.Request, judge: Callable[[], Verdict]) -> web.StreamResponse:
        """Let a request travel, be judged, be written down and answered."""
        await self._travel("before")
        arrived_s = time.monotonic()
        judged = judge()
        self._write_down(request, judged, arrived_s)
        await self._travel("after")
        return await _act(request, judged)

    async def _travel(self, where: str) -> None:
        config = self._config
        if config.latency_where != where or not (config.latency_ms or config.latency_jitter_ms):
            return
        jitter_ms = self._chance.uniform(-1, 1) * config.latency_jitter_ms
        await asyncio.sleep(max(0.0, config.latency_ms + jitter_ms) / 1000)

    def _write_down(self, request: web.Request, judged: Verdict, arrived_s: float) -> None:
        self._journal.add(
            RequestRecord(
                arrived_s=arrived_s,
                method=request.method,
                path=request.path,
                number=judged.number,
                accepted=judged.accepted,
                rang=judged.rang,
                status=0 if judged.ending in {Ending.CLOSE, Ending.RESET} else judged.status,
                fault=judged.fault,
            )
        )


async def _act(request: web.Request, judged: Verdict) -> web.StreamResponse:
    if judged.delay_s:
        await asyncio.sleep(judged.delay_s)
    if judged.wait_for is not None:
        await judged.wait_for
    if judged.ending in {Ending.CLOSE, Ending.RESET}:
        return _hang_up(request, judged.ending)
    if judged.ending is Ending.CUT:
        return await _cut(request, judged)
    if not judged.body:
        return web.Response(status=judged.status, headers=judged.headers)
    return web.Response(
        status=judged.status, body=judged.body, headers=judged.headers, content_type=judged.content_type
    )


def _hang_up(request: web.Request, ending: Ending) -> web.Response:
    transport = request.transport
    if transport is not None and ending is Ending.RESET:
        # Without lingering, closing sends a reset instead of an orderly end.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    if transport is not None:
        transport.abort()
    return web.Response()  # goes nowhere: the connection is gone


async def _cut(request: web.Request, judged: Verdict) -> web.StreamResponse:
    response = web.StreamResponse(status=judged.status, headers={"Content-Length": str(len(judged.body))})
    response.content_type = judged.content_type
    await response.prepare(request)
    await response.write(judged.body[: len(judged.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
