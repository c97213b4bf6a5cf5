"""The network between API, workers and carrier, in memory: connections with delay that end when a process dies."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from aiohttp import TCPConnector

from tests.simulation.processes import Process, current


class Network:
    """All addresses that somebody listens at, and the delays of what travels."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._listening: dict[int, tuple[Callable[[], asyncio.BaseProtocol], Process]] = {}
        self._next_port = 20_000

    def delay_s(self, sender: Process, receiver: Process) -> float:
        """How long something travels: as a rule a fraction of a millisecond."""
        slow = max(sender.network_delay_s, receiver.network_delay_s)
        return self._dice.uniform(0.0001, 0.0006) + slow

    def listen(self, factory: Callable[[], asyncio.BaseProtocol], port: int) -> _Server:
        if port == 0:
            self._next_port += 1
            port = self._next_port
        if port in self._listening and self._listening[port][1].alive:
            raise OSError(98, "address in use")
        owner = current()
        self._listening[port] = (factory, owner)
        server = _Server(self, port)
        owner.at_death(server.close)
        return server

    def forget(self, port: int) -> None:
        self._listening.pop(port, None)

    async def connect(self, factory: Callable[[], Any], port: int) -> tuple[asyncio.Transport, Any]:
        """Connect to a port; refused where nobody listens."""
        caller = current()
        await asyncio.sleep(self._dice.uniform(0.0001, 0.0006))
        found = self._listening.get(port)
        if found is None or not found[1].alive or not caller.alive:
            raise ConnectionRefusedError(111, "Connection refused")
        server_factory, owner = found
        near, far = End(self, caller, port), End(self, owner, port)
        near.peer, far.peer = far, near
        far.protocol = owner.run(server_factory)
        near.protocol = factory()
        owner.run(far.protocol.connection_made, far)
        near.protocol.connection_made(near)
        caller.at_death(near.abort)
        owner.at_death(far.abort)
        return near, near.protocol


class End(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, network: Network, owner: Process, port: int) -> None:
        super().__init__()
        self._network, self._owner, self._port = network, owner, port
        self._closing = False
        self._lost = False
        self._paused = False
        self._held: list[bytes] = []
        self._arrives_s = 0.0
        self.peer: End
        self.protocol: Any = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", self._port), "sockname": ("127.0.0.1", self._port)}.get(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self.protocol  # type: ignore[no-any-return]

    def is_closing(self) -> bool:
        return self._closing

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return not self._paused

    def pause_reading(self) -> None:
        self._paused = True

    def resume_reading(self) -> None:
        self._paused = False
        held, self._held = self._held, []
        for part in held:
            self._owner.run(self._take, part)

    def write(self, data: Any) -> None:
        if self._closing or not data:
            return
        data = bytes(data)
        if data.startswith(b"POST ") and b"/voice/calls " in data and not self._owner.step("place"):
            return
        if self._owner.step("http"):
            self._later(self.peer._take, data)

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._later(self.peer._end, None)
            asyncio.get_event_loop().call_soon(self._end, None)

    def abort(self) -> None:
        if not self._closing:
            self._closing = True
            reset = None if self._owner.alive else ConnectionResetError(104, "Connection reset by peer")
            self._later(self.peer._end, reset)
            asyncio.get_event_loop().call_soon(self._end, None)

    def _later(self, what: Callable[[Any], None], value: Any) -> None:
        # In order: nothing overtakes on one connection.
        loop = asyncio.get_event_loop()
        at_s = loop.time() + self._network.delay_s(self._owner, self.peer._owner)
        self._arrives_s = max(self._arrives_s + 1e-9, at_s)
        loop.call_at(self._arrives_s, what, value, context=self.peer._owner.context)

    def _take(self, data: bytes) -> None:
        if self._lost or self._closing or not self._owner.alive:
            return
        if self._paused:
            self._held.append(data)
            return
        self.protocol.data_received(data)

    def _end(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        if self._owner.alive:
            self._owner.run(self.protocol.connection_lost, error)


class _Server:
    """What `loop.create_server` gives."""

    def __init__(self, network: Network, port: int) -> None:
        self._network, self._port = network, port
        self.sockets: tuple[_Server, ...] = (self,)

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", self._port)

    def dup(self) -> _Handle:
        return _Handle()

    def close(self) -> None:
        if self.sockets:
            self.sockets = ()
            self._network.forget(self._port)

    async def wait_closed(self) -> None:
        pass

    def is_serving(self) -> bool:
        return True


class _Handle:
    """A second handle of a listening socket. Whoever connects is let in at once: nobody waits there."""

    def accept(self) -> Any:
        raise BlockingIOError

    def close(self) -> None:
        pass


def install(loop: Any, network: Network) -> None:
    """Let everything that connects or listens by this loop use the network."""

    async def create_connection(factory: Any, _host: str | None = None, port: int | None = None, **_: Any) -> Any:
        assert port is not None
        return await network.connect(factory, port)

    async def create_server(factory: Any, _host: str | None = None, port: int | None = None, **_: Any) -> Any:
        return network.listen(factory, port or 0)

    async def connect(_self: Any, factory: Any, *, addr_infos: Any, **kept: Any) -> Any:
        try:
            timeout_s = kept["timeout"].sock_connect
            async with asyncio.timeout(timeout_s):
                return await network.connect(factory, addr_infos[0][4][1])
        except OSError as error:
            raise kept["client_error"](kept["req"].connection_key, error) from error

    loop.create_connection = create_connection
    loop.create_server = create_server
    TCPConnector._wrap_create_connection = connect  # type: ignore[method-assign, assignment]
