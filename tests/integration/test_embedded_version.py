"""Which Redis server may run whose data."""

from __future__ import annotations

import pytest

from dialer.redis.program import Version


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Version("redis", (6, 2)), "Redis server v=6.2.14 sha=40305114:0 malloc=libc bits=64"),
        (Version("valkey", (8, 1)), "Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc-5.3.0"),
        (Version("redis", (7, 0)), "redis 7.0\n"),
        (None, "something else"),
    ],
)
def test_version_is_read_from_what_a_server_says(expected: Version | None, said: str) -> None:
    """Product and version are read from `--version` and from our own note."""
    assert expected == Version.parse(said)


@pytest.mark.parametrize(
    ("expected", "server", "writer"),
    [
        (True, "redis 6.2", None),
        (True, "redis 7.0", "redis 6.2"),
        (True, "redis 7.0", "redis 7.4"),
        (False, "redis 6.2", "redis 7.0"),
        (True, "valkey 8.0", "redis 7.2"),
        (False, "valkey 8.0", "redis 7.4"),
        (False, "redis 7.4", "valkey 8.0"),
        (False, "redis 6.2", "valkey 7.2"),
    ],
)
def test_older_or_parted_server_does_not_read(expected: bool, server: str, writer: str | None) -> None:  # noqa: FBT001 - a table
    """A server reads files of its own product up to its version, and of the other one up to the parting at 7.2."""
    reader = Version.parse(server)
    assert reader is not None
    assert expected == reader.reads(Version.parse(writer) if writer else None)
