"""The carrier's gateway as a small server that answers as oddly as it is told, or not at all; and a client of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from redis.asyncio import Redis

from dialer.providers.base import CallRequest
from dialer.providers.kpn import Dialect, KpnVoice, kpn_from_settings
from dialer.settings import Settings

CREATED = {"uuid": "u-1", "status": "started", "direction": "outbound", "conversation_uuid": "CON-1"}
REQUEST = CallRequest(
    to="+31612345678",
    from_="+31201234567",
    answer_url="https://dialer.test/webhooks/t/answer",
    event_url="https://dialer.test/webhooks/t/event",
    ringing_timer_s=45,
    length_timer_s=600,
)
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Arrival:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


def replying(status: int, body: Any = None, *, headers: dict[str, str] | None = None, text: str = "") -> Reply:
    """Answer with a status and JSON, or text."""

    async def reply(_: web.Request) -> web.Response:
        payload = json.dumps(body) if body is not None else text
        return web.Response(status=status, text=payload, headers=headers)

    return reply


@dataclass
class Gateway:
    """Token server and Voice API at one address; replies are taken from a list, the last one again and again."""

    replies: list[Reply] = field(default_factory=lambda: [replying(201, CREATED)])
    token_replies: list[Reply] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    tokens: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def voice(self, request: web.Request) -> web.StreamResponse:
        """Any request to the Voice API."""
        body = _decoded(await request.text(), request.content_type)
        self.arrivals.append(
            Arrival(request.method, request.raw_path, dict(request.query), dict(request.headers), body)
        )
        return await (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])(request)

    async def token(self, request: web.Request) -> web.StreamResponse:
        """A token request."""
        self.tokens += 1
        if self.token_replies:
            return await self.token_replies.pop(0)(request)
        return web.json_response({"access_token": f"T{self.tokens}", "expires_in": "3599", "status": "approved"})

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """Never answer, until the test is over."""
        await self.hanging.wait()
        return web.Response()

    async def reset(self, request: web.Request) -> web.StreamResponse:
        """Take the request and drop the connection."""
        assert request.transport
        request.transport.abort()
        return web.Response()

    async def garbage(self, request: web.Request) -> web.StreamResponse:
        """Answer with something that is no HTTP."""
        assert request.transport
        request.transport.write(b"\x00\x01 what?\r\n\r\n")
        request.transport.close()
        return web.Response()

    async def cut_off(self, request: web.Request, status: int = 201) -> web.StreamResponse:
        """Send the status and half a body, then drop the connection."""
        response = web.StreamResponse(status=status, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"uuid": "u-')
        assert request.transport
        request.transport.close()
        return response

    async def cut_off_refusal(self, request: web.Request) -> web.StreamResponse:
        """The same with a 429."""
        return await self.cut_off(request, 429)

    async def half_then_silence(self, request: web.Request) -> web.StreamResponse:
        """Send the status and half a body, then nothing."""
        response = web.StreamResponse(status=201, headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"uuid": "u-')
        await self.hanging.wait()
        return response

    async def endless(self, request: web.Request) -> web.StreamResponse:
        """Send a success whose body does not end."""
        response = web.StreamResponse(status=201)
        await response.prepare(request)
        while not self.hanging.is_set():
            await response.write(b" " * 16_384)
        return response


def _decoded(text: str, content_type: str) -> Any:
    if content_type == "application/x-www-form-urlencoded":
        return dict(parse_qsl(text, strict_parsing=True))
    return json.loads(text) if text else None


@dataclass
class World:
    """A client with its gateway. `sleeps`: the seconds that clients of `voice_with` would have slept."""

    gateway: Gateway
    voice: KpnVoice
    session: aiohttp.ClientSession
    settings: Settings
    redis: Redis
    sleeps: list[float] = field(default_factory=list)

    def patient_for(self, timeout_s: float) -> KpnVoice:
        """The same client with another time limit."""
        account = replace(self.voice._account, timeout_s=timeout_s)
        return KpnVoice(self.session, account, self.voice.tokens)

    def voice_with(self, dialect: Dialect | None = None) -> KpnVoice:
        """The same client with another dialect, which notes its waiting instead of waiting."""

        async def sleep(seconds: float) -> None:
            self.sleeps.append(seconds)

        voice = KpnVoice(self.session, self.voice._account, self.voice.tokens, dialect=dialect, sleep=sleep)
        voice.set_share(self.settings.other_requests_per_second)
        return voice


@asynccontextmanager
async def open_world(redis: Redis) -> AsyncIterator[World]:
    """A client made from settings, with its gateway on a free port."""
    gateway = Gateway()
    app = web.Application()
    app.router.add_post("/token", gateway.token)
    app.router.add_route("*", "/nexmo/{path:.*}", gateway.voice)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        settings = Settings(
            carrier_url=str(server.make_url("/nexmo/")),
            carrier_token_url=str(server.make_url("/token")),
            carrier_client_id="client-id-1",
            carrier_client_secret=SecretStr("s3cret"),
            carrier_application_id="app-1",
            carrier_timeout_s=5,
            other_requests_per_second=1000,
        )
        voice = kpn_from_settings(settings, session, redis)
        yield World(gateway, voice, session, settings, redis)
        gateway.hanging.set()
        await voice.aclose()
