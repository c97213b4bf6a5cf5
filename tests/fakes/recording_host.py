"""A host of recordings on a free port, which answers as it is told, and a sink that notes what it is given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.fakes.kpn_gateway import Reply, replying

SOUND = bytes(range(256)) * 1000
"""Four chunks of the most that is read at once, and a rest."""


JWT = "eyJh.eyJz.c2ln"
GRANTED = replying(200, {"app_level": "demo", "application_Id": "app-1", "JWT_token": JWT})
"""What the gateway answers whoever asks for a recording token."""


def sounding(body: bytes = SOUND, **headers: str) -> Reply:
    """Answer with a recording."""

    async def reply(_: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Type": "audio/mpeg"} | _as_headers(headers))

    return reply


def flowing(body: bytes = SOUND) -> Reply:
    """Answer with a recording whose length is not told beforehand."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(body)
        return response

    return reply


async def broken_off(request: web.Request) -> web.StreamResponse:
    """Answer with half a recording, then drop the connection."""
    response = web.StreamResponse(headers={"Content-Type": "audio/mpeg", "Content-Length": str(len(SOUND))})
    await response.prepare(request)
    await response.write(SOUND[: len(SOUND) // 2])
    assert request.transport
    request.transport.close()
    return response


def _as_headers(names: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in names.items()}


@dataclass
class RecordingHost:
    """Answers from a list, the last one again and again. `asked`: path and Authorization of each request."""

    replies: list[Reply] = field(default_factory=lambda: [sounding()])
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    origin: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        assert "identity" == request.headers["Accept-Encoding"]
        self.asked.append((request.path, request.headers.get("Authorization")))
        return await (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])(request)


@asynccontextmanager
async def open_host() -> AsyncIterator[RecordingHost]:
    """A host that listens."""
    host = RecordingHost()
    app = web.Application()
    app.router.add_get("/{path:.*}", host.answer)
    async with TestServer(app) as server:
        host.origin = str(server.make_url("/")).rstrip("/")
        yield host


@dataclass
class Tape:
    """A sink in memory. `begun`: how often it was begun."""

    chunks: list[bytes] = field(default_factory=list)
    begun: int = 0

    async def begin(self) -> None:
        """Start with nothing."""
        self.begun += 1
        self.chunks.clear()

    async def write(self, chunk: bytes) -> None:
        """Keep it."""
        self.chunks.append(chunk)

    @property
    def content(self) -> bytes:
        """All that was written."""
        return b"".join(self.chunks)
