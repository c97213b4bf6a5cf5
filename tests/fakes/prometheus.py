"""A real Prometheus of one test: on loopback, with all that it keeps in a folder of the test; it ends with the test."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from dialer.processes import child
from tests.fakes.fleet import free_port
from tests.fakes.programs import program

_START_S, _END_S = 20.0, 10.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    http: aiohttp.ClientSession

    async def ask(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that an expression gives now; raises AssertionError where it is none."""
        found = await self._get("query", query=expr)
        if found["resultType"] == "scalar":
            return [({}, float(found["result"][1]))]
        return [(series["metric"], float(series["value"][1])) for series in found["result"]]

    async def rules(self) -> list[Json]:
        """Every rule as it stands: name, type, query, health."""
        return [rule for group in (await self._get("rules"))["groups"] for rule in group["rules"]]

    async def targets(self) -> list[Json]:
        """Everything that it scrapes."""
        found: list[Json] = (await self._get("targets"))["activeTargets"]
        return found

    async def _get(self, path: str, **query: str) -> Any:
        async with self.http.get(f"/api/v1/{path}", params=query) as response:
            told = await response.json()
        assert told["status"] == "success", f"{query}: {told.get('error')}"
        return told["data"]


@asynccontextmanager
async def open_prometheus(config: Mapping[str, Any], folder: Path) -> AsyncIterator[Prometheus]:
    """One with this configuration (the content of a prometheus.yml), started by us and ended."""
    port, file, log = free_port(), folder / "prometheus.yml", folder / "prometheus.log"
    file.write_text(json.dumps(config), "utf-8")  # JSON is YAML too
    command = [
        program("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    process = await child.spawn(command, child.Surroundings(log=log))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            assert await _gets_ready(http), f"Prometheus did not start:\n{log.read_text('utf-8')}"
            yield Prometheus(http)
    finally:
        await child.end(process, grace_s=_END_S)


async def _gets_ready(http: aiohttp.ClientSession) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            while not await _is_ready(http):  # noqa: ASYNC110 - another process gets ready
                await asyncio.sleep(0.05)
            return True
    return False


async def _is_ready(http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get("/-/ready") as response:
            return response.status == HTTPStatus.OK
    except aiohttp.ClientConnectionError:
        return False


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Prometheus' own checker."""
    return subprocess.run(  # noqa: S603 - found on PATH, our own files
        [program("promtool"), *map(str, arguments)], capture_output=True, text=True, check=False
    )
