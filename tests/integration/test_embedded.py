"""The private Redis server: real processes, killed in every way."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dialer.errors import DialerError
from dialer.processes.folder import owner_of
from dialer.redis.embedded import EmbeddedRedis

_OWNER = """
import asyncio, sys
from pathlib import Path
from dialer.redis.embedded import EmbeddedRedis

async def main():
    async with EmbeddedRedis(Path(sys.argv[1])) as redis:
        print(redis.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def _set(url: str, value: str) -> None:
    async with Redis.from_url(url) as redis:
        await redis.set("key", value)


async def _get(url: str) -> str | None:
    async with Redis.from_url(url, decode_responses=True) as redis:
        found: str | None = await redis.get("key")
        return found


async def _other_owner(data_dir: Path) -> tuple[asyncio.subprocess.Process, int]:
    owner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OWNER, str(data_dir), stdout=asyncio.subprocess.PIPE
    )
    assert owner.stdout is not None
    return owner, int(await owner.stdout.readline())


def _mode(place: Path) -> int:
    return stat.S_IMODE(place.stat().st_mode)


def _exists(url: str) -> bool:
    return Path(url.removeprefix("unix://")).parent.exists()


def _is_running(pid: int) -> bool:
    # Of one that has ended but was not buried yet, no command line is left.
    command = Path(f"/proc/{pid}/cmdline")
    return command.exists() and bool(command.read_bytes())


async def _gone(pid: int) -> None:
    while _is_running(pid):  # noqa: ASYNC110 - it is not our child
        await asyncio.sleep(0.01)


async def test_killed_server_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """After `kill -9` the same address gives the same data."""
    async with EmbeddedRedis(tmp_path) as server:
        await _set(server.url, "kept")
        os.kill(server.pid or 0, signal.SIGKILL)
        assert -signal.SIGKILL == await server.wait_for_exit()
        await server.start()
        assert "kept" == await _get(server.url)


async def test_data_survive_an_orderly_end(tmp_path: Path) -> None:
    """The next owner of a folder finds what the one before it wrote."""
    async with EmbeddedRedis(tmp_path) as server:
        await _set(server.url, "kept")
    async with EmbeddedRedis(tmp_path) as server:
        assert "kept" == await _get(server.url)


async def test_second_owner_is_refused_by_name(tmp_path: Path) -> None:
    """Who wants a folder that is owned is told by which process."""
    async with EmbeddedRedis(tmp_path):
        with pytest.raises(DialerError, match=rf"process {os.getpid()}\b"):
            await EmbeddedRedis(tmp_path).start()


async def test_refusal_leaves_the_owner_alone(tmp_path: Path) -> None:
    """A second owner that was refused does not take the folder from the first."""
    async with EmbeddedRedis(tmp_path) as server:
        with pytest.raises(DialerError):
            async with EmbeddedRedis(tmp_path):
                pass
        assert server.url == getattr(owner_of(tmp_path), "redis_url", None)


async def test_server_ends_with_a_killed_owner(tmp_path: Path) -> None:
    """`kill -9` of the owner leaves no server behind."""
    owner, server_pid = await _other_owner(tmp_path)
    owner.kill()
    await owner.wait()
    async with asyncio.timeout(10):
        await _gone(server_pid)


async def test_successor_of_a_killed_owner_gets_folder_and_data(tmp_path: Path) -> None:
    """Right after `kill -9` of the owner the next one starts, on the same data."""
    owner, _ = await _other_owner(tmp_path)
    found = owner_of(tmp_path)
    assert found is not None
    await _set(found.redis_url, "kept")
    owner.kill()
    await owner.wait()
    async with EmbeddedRedis(tmp_path) as server:
        assert "kept" == await _get(server.url)


async def test_owner_is_known_only_while_it_owns(tmp_path: Path) -> None:
    """A folder tells its owner while there is one."""
    async with EmbeddedRedis(tmp_path, api_url="http://127.0.0.1:1", stand_in="http://127.0.0.1:2") as server:
        owner = owner_of(tmp_path)
    assert owner is not None
    assert (os.getpid(), server.url, "http://127.0.0.1:1", True) == (
        owner.pid,
        owner.redis_url,
        owner.api_url,
        owner.simulated,
    )
    assert owner_of(tmp_path) is None


async def test_simulated_data_lie_apart(tmp_path: Path) -> None:
    """What the stand-in was to dial is not found by a dialer with a real carrier."""
    async with EmbeddedRedis(tmp_path, stand_in="http://127.0.0.1:2") as server:
        await _set(server.url, "for the stand-in")
    async with EmbeddedRedis(tmp_path) as server:
        assert await _get(server.url) is None


@pytest.mark.parametrize("name", ["x" * 120, "with space and #"])
async def test_awkward_folder_gets_its_socket_elsewhere(tmp_path: Path, name: str) -> None:
    """A path that is too long for a socket, or does not fit into a URL, works all the same."""
    async with EmbeddedRedis(tmp_path / name) as server:
        await _set(server.url, "kept")
        assert not server.url.removeprefix("unix://").startswith(str(tmp_path))
        assert "kept" == await _get(server.url)
    assert not _exists(server.url)


async def test_only_its_user_may_enter(tmp_path: Path) -> None:
    """Folder and socket are closed to other users."""
    async with EmbeddedRedis(tmp_path / "new") as server:
        places = (tmp_path / "new", Path(server.url.removeprefix("unix://")))
        modes = [_mode(place) for place in places]
    assert [0o700, 0o700] == modes


async def test_data_of_a_newer_server_are_refused(tmp_path: Path) -> None:
    """A folder that a newer server wrote is left alone, and the version that is needed is named."""
    async with EmbeddedRedis(tmp_path):
        pass
    (tmp_path / "redis" / "written-by").write_text("redis 99.0\n")
    with pytest.raises(DialerError, match=r"written by redis 99\.0"):
        async with EmbeddedRedis(tmp_path):
            pass


async def test_damaged_file_is_told_with_the_servers_own_words(tmp_path: Path) -> None:
    """A server that cannot read its file says why; nothing is thrown away."""
    async with EmbeddedRedis(tmp_path):
        pass
    for file in (tmp_path / "redis").rglob("*.aof"):
        file.write_bytes(b"no append-only file\n" * 3)
    with pytest.raises(DialerError, match="Bad file format"):
        async with EmbeddedRedis(tmp_path):
            pass


async def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A data folder below a file is refused by name."""
    (tmp_path / "file").touch()
    with pytest.raises(DialerError, match="DIALER_DATA_DIR"):
        await EmbeddedRedis(tmp_path / "file" / "data").start()
