"""Commands and scripts of one turn of the event loop, sent to Redis in one pipeline.

A hundred webhooks that arrive together cost one round trip and, with an append-only file that is synced always, one
sync. A few pipelines may be under way; what comes meanwhile gathers into the next, so load makes batches larger
instead of queues longer. Nothing is ever sent twice by itself: what a lost connection left open is the caller's to
decide (`StoreUnavailable`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import (
    ClusterDownError,
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from dialer.errors import StoreUnavailable
from dialer.lua import Script, script

_MOST_UNDER_WAY = 4
_MOST_COMMANDS = 256  # a pipeline longer than this would keep Redis from others for more than a few ms
_AWAY = (OutOfMemoryError, ReadOnlyError, MasterDownError, ClusterDownError, TryAgainError)
"""Answers of a server that is there and cannot serve; redis-py has no class for two, nor for any within a script."""
_AWAY_WORDS = re.compile(r"(?:^|-)(?:OOM|READONLY|MASTERDOWN|MISCONF|CLUSTERDOWN|TRYAGAIN|BUSY) ")

Part = str | bytes | int | float


class _Entry(NamedTuple):
    parts: tuple[Part, ...]
    answer: asyncio.Future[Any]
    script: Script | None


class Batch:
    """Gathers what its users ask of Redis and sends it together."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._gathered: list[_Entry] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, name: str, keys: Sequence[str], args: Sequence[Part]) -> Any:
        """Run the script of that name and return its answer. Raises StoreUnavailable when no answer came."""
        wanted = script(name)
        return await self._ask(("EVALSHA", wanted.sha, len(keys), *keys, *args), wanted)

    async def command(self, *parts: Part) -> Any:
        """Run one command and return Redis' bare answer. Raises StoreUnavailable when no answer came."""
        return await self._ask(parts, None)

    def _ask(self, parts: tuple[Part, ...], wanted: Script | None) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        entry = _Entry((parts[0], *map(_encoded, parts[1:])), loop.create_future(), wanted)
        self._gathered.append(entry)
        if len(self._gathered) == 1:
            loop.call_soon(self._send)
        return entry.answer

    def _send(self) -> None:
        while self._gathered and len(self._under_way) < _MOST_UNDER_WAY:
            entries, self._gathered = self._gathered[:_MOST_COMMANDS], self._gathered[_MOST_COMMANDS:]
            task = asyncio.get_running_loop().create_task(self._execute(entries))
            self._under_way.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._send()

    async def _execute(self, entries: list[_Entry]) -> None:
        try:
            answers = await self._pipeline([entry.parts for entry in entries])
            unknown = [
                entry for entry, answer in zip(entries, answers, strict=True) if isinstance(answer, NoScriptError)
            ]
            if unknown:
                # A new or restarted server: teach it, then ask again what it surely did not run.
                again = await self._taught(unknown)
                answers = [again.get(id(entry), answer) for entry, answer in zip(entries, answers, strict=True)]
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody who asked may wait for ever
            answers = [error] * len(entries)
        for entry, answer in zip(entries, answers, strict=True):
            _resolve(entry.answer, answer)

    async def _taught(self, entries: list[_Entry]) -> dict[int, Any]:
        texts = {entry.script.sha: entry.script.text for entry in entries if entry.script}
        await self._pipeline([("SCRIPT LOAD", text) for text in texts.values()])
        answers = await self._pipeline([entry.parts for entry in entries])
        return {id(entry): answer for entry, answer in zip(entries, answers, strict=True)}

    async def _pipeline(self, commands: Sequence[tuple[Part, ...]]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as pipe:
            for parts in commands:
                pipe.execute_command(*parts)
            answers: list[Any] = await pipe.execute(raise_on_error=False)
            return answers


def _encoded(part: Part) -> bytes | int | float:
    # JSON can carry half a surrogate pair, UTF-8 cannot: it is written as a question mark, and the batch goes out.
    return part.encode("utf-8", "replace") if isinstance(part, str) else part


def _resolve(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():  # its caller was cancelled
        return
    if not isinstance(answer, Exception):
        future.set_result(answer)
    elif isinstance(answer, ResponseError) and not _is_away(answer):
        future.set_exception(answer)
    else:
        unavailable = StoreUnavailable(f"Redis does not answer ({type(answer).__name__}); is it running and reachable?")
        unavailable.__cause__ = answer
        future.set_exception(unavailable)


def _is_away(error: ResponseError) -> bool:
    return isinstance(error, _AWAY) or _AWAY_WORDS.search(str(error)) is not None
