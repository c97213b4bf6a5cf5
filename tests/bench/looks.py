"""How long those wait who look: the API's lists and campaigns, the glance of `dialer status`, the page for people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from dialer.cli.glance import glance
from tests.bench.arithmetic import spread
from tests.bench.stage import Stage

Look = Callable[[], Awaitable[object]]
_GLANCE_WAITS_S = 1.0  # for the pace to show


async def look_ms(stage: Stage, campaign_id: str, *, times: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each look, one after the other, so many times."""
    found: dict[str, list[float]] = {name: [] for name in _LOOKS}
    for _ in range(times):
        for name, paths in _LOOKS.items():
            started = time.perf_counter()
            await asyncio.gather(*(_get(stage, path.format(id=campaign_id)) for path in paths))
            found[name].append((time.perf_counter() - started) * 1000)
    return {name: spread(values) for name, values in found.items()} | {"status": await _glance_ms(stage)}


_LOOKS = {
    "bare": ["/healthz"],
    "campaigns": ["/v1/campaigns?limit=50"],
    "campaign": ["/v1/campaigns/{id}"],
    "calls": ["/v1/campaigns/{id}/calls?limit=50"],
    "explain": ["/v1/campaigns/{id}/explain"],
    "metrics": ["/metrics"],
    "page": ["/", "/v1/me", "/v1/campaigns?limit=100", "/v1/trunks", "/v1/campaigns/{id}"],
}
"""What is asked at once; the page's are those of somebody who opens it on this campaign."""


async def _get(stage: Stage, path: str) -> None:
    async with stage.http.get(stage.url + path) as response:
        response.raise_for_status()
        await response.read()


async def _glance_ms(stage: Stage) -> dict[str, float]:
    started = time.perf_counter()
    await glance(stage.client)
    return spread([max(0.0, time.perf_counter() - started - _GLANCE_WAITS_S) * 1000])
