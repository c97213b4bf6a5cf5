"""What is written to Redis: the same bytes as redis-py's own, by hiredis."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio.connection import Connection
from redis.exceptions import DataError

from dialer.redis.connection import open_pool
from dialer.settings.redis import RedisSettings

ADDRESSES = (
    "redis://127.0.0.1:6399/0",
    "rediss://127.0.0.1:6399/0",
    "unix:///tmp/none.sock?db=0",
    "redis+sentinel://127.0.0.1:6399/main/0",
    "rediss+sentinel://127.0.0.1:6399/main/0",
)


class Word(StrEnum):
    """A text of a closed list, as scripts are given."""

    GOOD = "good"


PARTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(),
    st.integers(),
    st.floats(),
    st.just(Word.GOOD),
    st.just("x" * 7000),  # more than redis-py keeps in one piece
)
NAMES = st.sampled_from(["GET", "SCRIPT LOAD", b"CONFIG GET", b"SET"])


@cache
def connection(address: str) -> Any:
    """One of our connections, to nobody."""
    pool: Any = open_pool(RedisSettings(redis_url=address))
    return pool.make_connection()


@pytest.mark.parametrize("address", ADDRESSES)
@given(name=NAMES, parts=st.lists(PARTS, max_size=80))
def test_commands_are_written_as_redis_py_writes_them(address: str, name: str | bytes, parts: list[Any]) -> None:
    """Whatever the way to Redis, a command and a pipeline of them are the same bytes."""
    ours, theirs = connection(address), Connection()
    command = (name, *parts)

    assert b"".join(theirs.pack_command(*command)) == b"".join(ours.pack_command(*command))
    assert b"".join(theirs.pack_commands([command, command])) == b"".join(ours.pack_commands([command, command]))


@pytest.mark.parametrize("part", [None, object(), [1]])
def test_what_has_no_one_spelling_is_refused(part: Any) -> None:
    """As by redis-py, before anything is sent."""
    with pytest.raises(DataError, match="must be str"):
        connection(ADDRESSES[0]).pack_command("SET", "key", part)
