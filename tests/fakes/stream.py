"""A client of the live stream: reads server-sent events as the HTML standard has it (section 9.2.6)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp


class Event(NamedTuple):
    """One event."""

    name: str
    data: Any
    id: str


class Stream:
    """Events as they come."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response
        self.comments = 0
        self.retry_ms: int | None = None
        self.last_id = ""

    async def event(self) -> Event | None:
        """The next one; None at the end of the stream."""
        fields: dict[str, str] = {}
        async for raw in self.response.content:
            line = raw.decode().rstrip("\n")
            name, _, value = line.partition(": ")
            if line.startswith(":"):
                self.comments += 1
            elif name == "retry":
                self.retry_ms = int(value)
            elif line:
                fields[name] = value
            elif "data" in fields:
                self.last_id = fields["id"]
                return Event(fields["event"], json.loads(fields["data"]), fields["id"])
        return None

    async def next(self, *names: str) -> Event:
        """The next event of these names."""
        async with asyncio.timeout(10):
            while event := await self.event():
                if event.name in names:
                    return event
        raise AssertionError("the stream has ended")

    async def until_budget(self, *names: str) -> list[Event]:
        """All events of these names before the next budget, which comes once a second."""
        found = []
        while (event := await self.next("budget", *names)).name != "budget":
            found.append(event)
        return found


@asynccontextmanager
async def listening(
    api: aiohttp.ClientSession, *campaign_ids: str, last: str | None = None, **query: str
) -> AsyncIterator[Stream]:
    """Listen, from a place on where that is given."""
    asked = [*(("campaign_id", one) for one in campaign_ids), *query.items()]
    headers = {"Last-Event-ID": last} if last else {}
    timeout = aiohttp.ClientTimeout(total=None)
    async with api.get("/v1/events", params=asked, headers=headers, timeout=timeout) as response:
        assert 200 == response.status, await response.text()
        yield Stream(response)
