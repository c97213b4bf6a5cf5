"""Whoever sends slowly, on as many connections as he likes, is cut off and keeps no webhook waiting."""

from __future__ import annotations

import asyncio
from time import monotonic
from urllib.parse import urlsplit

import pytest

from dialer.api import app, bodies
from dialer.settings import Settings
from tests.fakes.served import served
from tests.integration.api.conftest import KEY

SLOW = 300
HEAD = b"POST /v1/campaigns HTTP/1.1\r\nHost: x\r\n"
BODY = HEAD + f"Authorization: Bearer {KEY}\r\n".encode() + b"Content-Type: application/json\r\n"
WAYS = {
    "nothing at all": b"",
    "half a head": HEAD,
    "half a body": BODY + b"Content-Length: 5000\r\n\r\n{",
    "half a chunk": BODY + b"Transfer-Encoding: chunked\r\n\r\n5000\r\n{",
}


@pytest.mark.parametrize("sent", WAYS.values(), ids=WAYS.keys())
async def test_slow_clients_hold_up_nobody_and_are_cut_off(
    sent: bytes, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 300 of them connected a webhook is answered as ever; each is gone when its time is over."""
    monkeypatch.setattr(app, "KEEPALIVE_S", 2)
    monkeypatch.setattr(bodies, "JSON_TIMEOUT_S", 2)
    async with served(settings) as server:
        address = urlsplit(server.url)
        host, port = str(address.hostname), int(address.port or 0)
        slow = await asyncio.gather(*(_begin(host, port, sent) for _ in range(SLOW)))
        times = [await _webhook(host, port) for _ in range(20)]
        ends = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in slow)), timeout=20)
        for _, writer in slow:
            writer.close()

    assert sorted(times)[10] < 0.5
    assert {True} == {end == b"" or b" 408 " in end for end in ends}


async def _begin(host: str, port: int, sent: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(sent)
    await writer.drain()
    return reader, writer


async def _webhook(host: str, port: int) -> float:
    """Seconds until a webhook was answered; this one's token is none of ours."""
    began = monotonic()
    path = b"GET /webhooks/forged/answer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    reader, writer = await _begin(host, port, path)
    assert b" 404 " in await reader.readline()
    writer.close()
    return monotonic() - began
