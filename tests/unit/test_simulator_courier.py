"""The stand-in's own HTTP client, against servers that speak in pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from dialer.simulator.courier import Courier, Reply


@asynccontextmanager
async def _server(*pieces: bytes, closes: bool = False) -> AsyncIterator[str]:
    """A server that answers each request with these pieces."""
    connections: list[asyncio.Task[None] | None] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(asyncio.current_task())
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                if closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await asyncio.gather(*filter(None, connections))


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n[]",),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-le", b"ngth: 2\r\n\r\n[", b"]"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[",
            b"\r\n1;x\r\n]\r\n0",
            b"\r\n\r\n",
        ),
    ],
)
async def test_reply_is_read_whole_and_the_connection_kept(pieces: tuple[bytes, ...]) -> None:
    """Replies of known length or in chunks are put together, several on one connection."""
    courier = Courier(1.0)
    async with _server(*pieces) as url:
        replies = [await courier.send("GET", f"{url}/a?b=c", b"", timeout_s=1) for _ in range(2)]
        courier.close()

    assert [Reply(200, "application/json", b"[]")] * 2 == replies


async def test_reply_without_length_ends_with_the_connection() -> None:
    """An old-fashioned server says the end by closing."""
    courier = Courier(1.0)
    async with _server(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhel", b"lo", closes=True) as url:
        reply = await courier.send("GET", url, b"", timeout_s=1)

    assert Reply(200, "text/plain", b"hello") == reply


@pytest.mark.parametrize("text", [b"SMTP ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
async def test_nonsense_is_a_broken_connection(text: bytes) -> None:
    """What is not HTTP counts as a connection that failed."""
    async with _server(text) as url:
        with pytest.raises(ConnectionError):
            await Courier(1.0).send("POST", url, b"{}", timeout_s=1)


async def test_silence_ends_by_the_time_limit() -> None:
    """No reply in time is a TimeoutError."""
    async with _server() as url:
        with pytest.raises(TimeoutError):
            await Courier(1.0).send("POST", url, b"{}", timeout_s=0.02)


async def test_strange_address_is_refused() -> None:
    """Only web addresses are called."""
    with pytest.raises(ValueError, match="no address"):
        await Courier(1.0).send("GET", "ftp://127.0.0.1/", b"", timeout_s=1)
