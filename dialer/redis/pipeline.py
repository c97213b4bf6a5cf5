"""Several commands to Redis in one go, and their answers: what redis-py's pipeline does, for a fifth of its time.

That one sets a time limit for each answer and starts a task for what it writes, which costs more than all else about a
command. Here one limit holds for the whole. The connections, how they are made anew and how answers are read stay
redis-py's; it is pinned to its minor releases of 5, and `_reader`, `_writer` and `_parser` are theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as NoAnswer

Part = str | bytes | int | float


async def exchange(redis: Redis, commands: Sequence[tuple[Part, ...]]) -> list[Any]:
    """Send commands together and return the answer to each, Redis' errors among them (`ResponseError`).

    Nothing is sent again: when a RedisError is raised, any of them may have been done. All answers must be there
    within the time limit of the client's connections.
    """
    pool = redis.connection_pool
    connection = await pool.get_connection()
    try:
        answers = await _exchanged(connection, commands)
    except BaseException as error:
        # Whatever is under way yet must not be taken for the answer to somebody else's command.
        await connection.disconnect(nowait=True)
        if isinstance(error, TimeoutError):
            raise NoAnswer("Redis does not answer in time") from error
        if isinstance(error, OSError):
            raise NoConnection(f"the connection to Redis is lost ({error})") from error
        raise
    finally:
        await pool.release(connection)
    return [_read(redis, command[0], answer) for command, answer in zip(commands, answers, strict=True)]


async def _exchanged(connection: Any, commands: Sequence[tuple[Part, ...]]) -> list[Any]:
    async with asyncio.timeout(connection.socket_timeout):
        connection._writer.writelines(_packed(connection, commands))  # noqa: SLF001 - see above
        await connection._writer.drain()  # noqa: SLF001
        read = connection._parser.read_response  # noqa: SLF001
        return [await read() for _ in commands]


def _packed(connection: Any, commands: Sequence[tuple[Part, ...]]) -> list[bytes]:
    try:
        packed: list[bytes] = connection.pack_commands(commands)
    except UnicodeEncodeError:
        # JSON can carry half a surrogate pair, UTF-8 cannot: it is written as a question mark, and the others go out.
        packed = connection.pack_commands([tuple(map(_encoded, command)) for command in commands])
    return packed


def _encoded(part: Part) -> Part:
    return part.encode("utf-8", "replace") if isinstance(part, str) else part


def _read(redis: Redis, name: Part, answer: Any) -> Any:
    """The answer in the form in which redis-py gives that of this command."""
    if isinstance(answer, ResponseError):
        return answer
    read = redis.response_callbacks.get(str(name))
    return read(answer) if read else answer
