"""A webhook server as one would write it in a few lines of aiohttp: one Redis read or one write in each handler."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web
from redis.asyncio import Redis

from tests.bench.children import arguments

REDIS = web.AppKey("redis", Redis)
SCRIPT_KEY = "bench:script"
"""String: what the answer handler reads, put there beforehand."""


async def answer(request: web.Request) -> web.Response:
    """One read."""
    script = await request.app[REDIS].get(SCRIPT_KEY)
    return web.Response(body=script, content_type="application/json")


async def reply(request: web.Request) -> web.Response:
    """One read, after the body."""
    await request.json()
    return await answer(request)


async def event(request: web.Request) -> web.Response:
    """One write, acknowledged when Redis has it on disk."""
    payload = await request.json()
    redis: Any = request.app[REDIS]  # redis-py's types leave open whether it is to be awaited
    await redis.hset(f"bench:{request.match_info['token']}", payload["status"], payload["timestamp"])
    return web.Response(status=204)


async def summary(_request: web.Request) -> web.Response:
    """It is there."""
    return web.json_response({})


def make_app(redis_url: str) -> web.Application:
    """The application."""

    async def connected(app: web.Application) -> AsyncIterator[None]:
        app[REDIS] = Redis.from_url(redis_url)
        yield
        await app[REDIS].aclose()

    app = web.Application()
    app.cleanup_ctx.append(connected)
    app.router.add_get("/webhooks/{token}/answer", answer)
    app.router.add_post("/webhooks/{token}/reply/{position}", reply)
    app.router.add_post("/webhooks/{token}/event", event)
    app.router.add_get("/summary", summary)
    return app


if __name__ == "__main__":
    told = arguments()
    web.run_app(make_app(told["redis_url"]), host="127.0.0.1", port=told["port"], access_log=None, print=None)
