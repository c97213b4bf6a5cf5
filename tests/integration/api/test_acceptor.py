"""Closing a listening socket: whoever the kernel let in before is served, whoever comes after it is not."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress

import pytest
import pytest_asyncio
from aiohttp import web

from dialer.api import acceptor
from dialer.api.acceptor import Acceptor
from dialer.errors import InvalidInput
from dialer.settings import Settings

REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
CLIENTS = 40


def _speaks_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as asked, suppress(OSError):
        asked.bind(("::1", 0))
        return True
    return False


@pytest_asyncio.fixture
async def server() -> AsyncIterator[web.Server]:
    """One that says hello."""

    async def hello(_: web.BaseRequest) -> web.Response:
        return web.Response(text="hello")

    server = web.Server(hello)
    yield server
    await server.shutdown(1)


@pytest.fixture
def here(settings: Settings) -> Settings:
    """The loopback address, any port."""
    return settings.model_copy(update={"host": "127.0.0.1", "port": 0})


async def test_whoever_waits_at_the_door_is_let_in(server: web.Server, here: Settings) -> None:
    """The kernel has accepted them and their requests; the process has not seen one of them."""
    door = await Acceptor.open(server, here)
    with ExitStack() as clients:
        waiting = [clients.enter_context(_asking(door)) for _ in range(CLIENTS)]
        await door.close()
        answers = [await _answer(client) for client in waiting]

    assert {b"HTTP/1.1 200 OK"} == {answer.partition(b"\r\n")[0] for answer in answers}
    with pytest.raises(ConnectionRefusedError):
        _asking(door)


async def test_whoever_left_again_keeps_nobody_out(server: web.Server, here: Settings) -> None:
    """A client that reset its connection while it waited is passed over."""
    door = await Acceptor.open(server, here)
    gone = _asking(door)
    gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    gone.close()
    with _asking(door) as waiting:
        await door.close()
        assert (await _answer(waiting)).startswith(b"HTTP/1.1 200 ")


async def test_the_last_one_is_waited_for(server: web.Server, here: Settings) -> None:
    """Until it has asked and been answered, and then no longer."""
    door = await Acceptor.open(server, here)
    with socket.create_connection((door.host, door.port)) as client:
        await door.close()
        waiting = asyncio.create_task(door.emptied())
        await asyncio.sleep(3 * acceptor._GLANCE_S)
        assert not waiting.done()
        client.sendall(REQUEST)
        assert (await _answer(client)).startswith(b"HTTP/1.1 200 ")

    began = asyncio.get_running_loop().time()
    await asyncio.wait_for(waiting, 5)
    await door.emptied()
    assert asyncio.get_running_loop().time() - began < acceptor.LAST_S


async def test_silence_is_not_waited_for_long(
    server: web.Server, here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever never asks does not keep the process."""
    monkeypatch.setattr(acceptor, "LAST_S", 0.1)
    door = await Acceptor.open(server, here)
    with socket.create_connection((door.host, door.port)):
        await door.close()
        await asyncio.wait_for(door.emptied(), 5)

        assert 1 == len(server.connections)


async def test_it_is_closed_twice(server: web.Server, here: Settings) -> None:
    """Nothing happens the second time, and nobody else's socket is closed."""
    door = await Acceptor.open(server, here)
    await door.close()
    with socket.socket() as other:
        other.bind((door.host, door.port))
        other.listen()
        await door.close()
        socket.create_connection((door.host, door.port)).close()


async def test_a_taken_port_is_named(server: web.Server, here: Settings) -> None:
    """With what to change."""
    door = await Acceptor.open(server, here)
    with pytest.raises(InvalidInput, match=r"in use\); choose others with DIALER_HOST and DIALER_PORT") as refused:
        await Acceptor.open(server, here.model_copy(update={"port": door.port}))
    await door.close()

    assert "DIALER_PORT" == refused.value.field


@pytest.mark.skipif(not _speaks_ipv6(), reason="this machine has no ::1")
async def test_an_ipv6_address_stands_in_brackets(server: web.Server, here: Settings) -> None:
    """So that it can be opened."""
    door = await Acceptor.open(server, here.model_copy(update={"host": "::1"}))
    await door.close()

    assert f"http://[::1]:{door.port}" == door.url


def _asking(door: Acceptor) -> socket.socket:
    """A client whose connection and request are at the door before this process gets to run."""
    client = socket.create_connection((door.host, door.port))
    client.sendall(REQUEST)
    return client


async def _answer(client: socket.socket) -> bytes:
    client.settimeout(0)
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1_000), 5)
