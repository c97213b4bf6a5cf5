"""Several real Redis servers that hold the same, with or without sentinels, set up by the files in `deploy/redis/`."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from dialer.processes import child
from tests.fakes.fleet import free_port
from tests.fakes.redis_fence import Fence
from tests.fakes.redis_server import server_program

DEPLOYED = Path(__file__).parents[2] / "deploy" / "redis"
SERVICE = "dialer"
"""What deploy/redis/sentinel.conf calls the primary."""
_READY_S = 20.0
_GRACE_S = 10.0


@dataclass(slots=True)
class Node:
    """One server or sentinel, which may run several times one after the other with what it has on disk.

    Attributes:
        access: how an operator connects to it, as redis-py has it.
        client: connected to it directly, as an operator's would be.
    """

    folder: Path
    port: int
    arguments: tuple[str, ...] = ()
    access: Mapping[str, Any] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    client: Redis = field(init=False)

    def __post_init__(self) -> None:
        """Be ready to connect."""
        told: dict[str, Any] = {"decode_responses": True, "socket_timeout": 2, **self.access}
        self.client = Redis(host="127.0.0.1", port=self.port, **told)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int | None:
        """Its process, None before the first start."""
        return self.process.pid if self.process else None

    @property
    def configuration(self) -> Path:
        """Its file, which sentinels and servers rewrite."""
        return self.folder / "redis.conf"

    async def start(self) -> None:
        """Run it until it answers."""
        surroundings = child.Surroundings(log=self.folder / "log")
        command = [server_program(), str(self.configuration), *self.arguments]
        self.process = await child.spawn(command, surroundings)
        async with asyncio.timeout(_READY_S):
            while not await self.answers():
                assert self.process.returncode is None, (self.folder / "log").read_text()[-2000:]
                await asyncio.sleep(0.02)

    async def answers(self) -> bool:
        """Whether it takes commands."""
        with suppress(RedisError, OSError):
            return bool(await self.client.ping())
        return False

    async def replication(self) -> Mapping[str, Any]:
        """What it says of its part."""
        told: Mapping[str, Any] = await self.client.info("replication")
        return told

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            child.kill(self.process)
            await self.process.wait()

    def freeze(self) -> None:
        """Stop it: its connections stay open, and nothing is answered."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    async def restart(self) -> None:
        """Kill it and run it again: what it was sent and has not read is lost."""
        await self.kill()
        await self.start()

    async def close(self) -> None:
        """End it for good."""
        await self.client.aclose()
        await self.kill()


@dataclass(slots=True)
class RedisGroup:
    """Servers that hold the same; the first was the primary at the start."""

    servers: list[Node]
    sentinels: list[Node]

    @property
    def hosts(self) -> str:
        """The sentinels, as they stand in an address."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self.sentinels)

    @property
    def url(self) -> str:
        """Where a dialer finds the primary: by the sentinels, or the first server."""
        if not self.sentinels:
            return self.servers[0].url
        return f"redis+sentinel://{self.hosts}/{SERVICE}"

    async def primary(self) -> Node | None:
        """The server that the first sentinel calls the primary, None while that answers as none."""
        asked: Any = self.sentinels[0].client
        _, port = await asked.sentinel_get_master_addr_by_name(SERVICE)
        node = next(node for node in self.servers if node.port == port)
        return node if await node.answers() and (await node.replication())["role"] == "master" else None

    async def until_primary(self, node: Node) -> None:
        """Wait until the sentinels have made this server the primary."""
        async with asyncio.timeout(_READY_S):
            while await self.primary() is not node:  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(0.1)

    async def until_followed(self, node: Node, replicas: int) -> None:
        """Wait until so many replicas have all that this primary has, and say so."""
        async with asyncio.timeout(_READY_S):
            while _online(await node.replication()) < replicas:  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(0.05)
            while await node.client.wait(replicas, 1000) < replicas:
                pass


def _online(told: Mapping[str, Any]) -> int:
    found = [value for name, value in told.items() if name.startswith("slave") and isinstance(value, dict)]
    return sum(one["state"] == "online" for one in found)


@asynccontextmanager
async def open_group(
    *, replicas: int, sentinels: int = 0, fence: Fence | None = None, **options: str
) -> AsyncIterator[RedisGroup]:
    """A primary that so many replicas follow; options (`min_replicas_to_write="0"`) go behind those of the files."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="dialer-")))
        # No test waits for further replicas before one is sent what there is.
        options = {"repl_diskless_sync_delay": "0", **options}
        extra = [f"{name.replace('_', '-')} {value}" for name, value in options.items()]
        servers = [_server(folder / f"server-{number}", extra, fence) for number in range(replicas + 1)]
        for replica in servers[1:]:
            _append(replica, f"replicaof 127.0.0.1 {servers[0].port}")
        watchers = [_sentinel(folder / f"sentinel-{number}", servers[0].port, fence) for number in range(sentinels)]
        for node in [*servers, *watchers]:
            stack.push_async_callback(node.close)
        for node in servers:
            await node.start()
        group = RedisGroup(servers, watchers)
        await group.until_followed(servers[0], replicas)
        for node in watchers:
            await node.start()
        await _until_all_known(group)
        yield group


async def _until_all_known(group: RedisGroup) -> None:
    """Wait until each sentinel knows the others and the replicas: no failover before that."""
    async with asyncio.timeout(_READY_S):
        for node in group.sentinels:
            while not await _knows(node, group):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)


async def _knows(node: Node, group: RedisGroup) -> bool:
    asked: Any = node.client
    told = (await asked.sentinel_masters())[SERVICE]
    found = (told["num-slaves"], told["num-other-sentinels"])
    return found == (len(group.servers) - 1, len(group.sentinels) - 1)


def _server(folder: Path, extra: list[str], fence: Fence | None) -> Node:
    text = (DEPLOYED / "replicated.conf").read_text()
    assert "include /etc/redis/redis.conf" in text
    text = text.replace("include /etc/redis/redis.conf", f"include {DEPLOYED / 'redis.conf'}")
    node = Node(folder, free_port(), access=fence.operator if fence else {})
    folder.mkdir()
    listening = fence.of_server(folder, node.port) if fence else [f"port {node.port}"]
    node.configuration.write_text("\n".join([text, *listening, f"dir {folder}", *extra, ""]))
    return node


def _sentinel(folder: Path, primary: int, fence: Fence | None) -> Node:
    text = (DEPLOYED / "sentinel.conf").read_text()
    node = Node(folder, free_port(), ("--sentinel",), access=fence.guard if fence else {})
    folder.mkdir()
    for old, new in (
        ("port 26379", f"port {node.port}"),
        ("dir /var/lib/redis", f"dir {folder}"),
        (f"monitor {SERVICE} 127.0.0.1 6379 2", f"monitor {SERVICE} 127.0.0.1 {primary} 2"),
    ):
        assert old in text
        text = text.replace(f"\n{old}", f"\n{new}").replace(f" {old}\n", f" {new}\n")
    node.configuration.write_text("\n".join([text, *(fence.of_sentinel(node.port) if fence else [])]))
    return node


def _append(node: Node, line: str) -> None:
    with node.configuration.open("a") as file:
        file.write(f"{line}\n")
