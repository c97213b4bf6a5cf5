"""How many calls a second aiohttp's client posts to a carrier if nothing else is done: no store, no pace, no record."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from tests.bench.children import arguments, tell
from tests.bench.people import phone


def call_body(number: str) -> dict[str, object]:
    """The JSON of a placing, as the dialer sends it."""
    address = "http://127.0.0.1:8080/webhooks/c0ffee0000-1042-1.0123456789abcdefghij"
    return {
        "to": [{"type": "phone", "number": number.lstrip("+")}],
        "from": {"type": "phone", "number": "31201234567"},
        "answer_url": [f"{address}/answer"],
        "answer_method": "GET",
        "event_url": [f"{address}/event"],
        "event_method": "POST",
        "ringing_timer": 45,
        "length_timer": 600,
    }


async def post_for(url: str, *, seconds: float, at_once: int) -> int:
    """Post for so long, so many at once; how many were taken."""
    until_s = time.monotonic() + seconds
    taken = 0

    async def loop(http: aiohttp.ClientSession, number: str) -> None:
        nonlocal taken
        while time.monotonic() < until_s:
            async with http.post(url, json=call_body(number)) as response:
                await response.read()
                taken += response.ok

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(loop(http, phone(position)) for position in range(at_once)))
    return taken


if __name__ == "__main__":
    told = arguments()
    used, started = time.process_time(), time.monotonic()
    posted = asyncio.run(post_for(told["url"], seconds=told["seconds"], at_once=told["at_once"]))
    tell({"per_s": posted / (time.monotonic() - started), "cpu_s": time.process_time() - used, "posts": posted})
