"""A customer's own system: takes callbacks on loopback, checks their signatures, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

SECRET = "whsec_c2VjcmV0IG9mIHRoZXNlIHRlc3RzIGFuZCBubyBvdGhlcg=="


@dataclass
class Receiver:
    """What arrived, and how the next requests are answered.

    Attributes:
        statuses: answers to come; 204 when there is none left.
        held: while it is cleared, nothing is answered.
    """

    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0
    url: str = ""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def origin(self) -> str:
        """To be allowed by a setting."""
        return self.url.rpartition("/")[0]

    @property
    def ids(self) -> list[str]:
        """The ids of what arrived, in order."""
        return [message_id for message_id, _ in self.got]

    async def arrived(self, count: int) -> None:
        """Return when so many have arrived in all."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.got) >= count)

    async def take(self, request: web.Request) -> web.Response:
        """Check the signature, remember, answer."""
        text = await request.text()
        Webhook(SECRET).verify(text, dict(request.headers))
        async with self._changed:
            self.got.append((request.headers["webhook-id"], json.loads(text)))
            self._changed.notify_all()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.held.wait()
        finally:
            self.at_once -= 1
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204, headers=self.headers)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """One that listens and answers at once."""
    taking = Receiver()
    taking.held.set()
    app = web.Application()
    app.router.add_post("/in", taking.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    taking.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    yield taking
    await runner.cleanup()
