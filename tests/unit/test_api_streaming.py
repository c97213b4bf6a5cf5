"""Long answers: whatever ends one midway, its client is told at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.api.middleware import envelope
from dialer.api.streaming import CSV, send_file
from dialer.errors import StoreUnavailable


@pytest.mark.parametrize("error", [StoreUnavailable("away"), ValueError("year 10000 is out of range")])
async def test_an_answer_that_breaks_off_ends_its_connection(error: Exception) -> None:
    """Nobody takes what came for the whole, waits for the rest, or reads another answer in it: a fault of ours, too."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"one row\n"
        raise error

    async def answer(request: web.Request) -> web.StreamResponse:
        return await send_file(request, pieces(), name="rows", media_type=CSV)

    app = web.Application(middlewares=[envelope])
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        told = await asyncio.wait_for(_until_ended(reader), timeout=5)
        writer.close()

    assert (b"HTTP/1.1 200 OK", 1) == (told[:15], told.count(b"HTTP/1.1"))
    assert not told.endswith(b"0\r\n\r\n")


async def _until_ended(reader: asyncio.StreamReader) -> bytes:
    told = bytearray()
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            told += piece
    return bytes(told)
