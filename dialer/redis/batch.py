"""Commands and scripts of one turn of the event loop, sent to Redis in one pipeline.

A hundred webhooks that arrive together cost one round trip and, with an append-only file that is synced always, one
sync. A few pipelines may be under way; what comes meanwhile gathers into the next, so load makes batches larger
instead of queues longer. Nothing is ever sent twice by itself: what a lost connection left open is the caller's to
decide (`StoreUnavailable`).

Where replicas must confirm (`DIALER_REDIS_REPLICAS_ACKNOWLEDGED`), a pipeline that changes anything ends with `WAIT`,
and without the word of all (`witnesses.py`) its changes count as not done (`NotReplicated`). The stream to a replica
has no gaps: whoever has the intent to place a call also has the token it took, so that a failover can neither ring
twice nor ring too fast.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
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

from dialer import metrics
from dialer.causes import cause
from dialer.errors import NotReplicated, StoreUnavailable
from dialer.keys import WITNESSED
from dialer.lua import READS, Script, script
from dialer.redis.pipeline import Part, exchange
from dialer.redis.witnesses import Witnesses

_MOST_UNDER_WAY = 4
_MOST_COMMANDS = 256  # a pipeline longer than this would keep Redis from others for more than a few ms
_CONFIRM_MS = 1000
"""So long replicas have to confirm: longer than a slow disk takes, and shorter than any caller's patience."""
_AWAY = (OutOfMemoryError, ReadOnlyError, MasterDownError, ClusterDownError, TryAgainError)
"""Answers of a server that is there and cannot serve; redis-py has no class for two, nor for any within a script."""
_AWAY_WORDS = re.compile(r"(?:^|-)(?:OOM|READONLY|MASTERDOWN|MISCONF|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|BUSY) ")
_READ_ONLY = re.compile(r"(?:^|-)READONLY ")

_MARK: tuple[Part, ...] = ("SET", WITNESSED, 1)
"""A write of our own ahead of WAIT. From Redis 7.2 on it waits for the last write of its own connection alone: who
changed nothing, for somebody else had done so before, would be told yes at once, whoever has what he saw."""


class _Entry(NamedTuple):
    parts: tuple[Part, ...]
    answer: asyncio.Future[Any]
    script: Script | None
    is_confirmed: bool
    is_hasty: bool

    @property
    def changes(self) -> bool:
        """Whether it changes something that replicas must confirm."""
        return self.is_confirmed and (self.script.changes if self.script else self.parts[0] not in READS)


class _Lane:
    """Entries in their order, some pipelines of them under way."""

    def __init__(self, execute: Callable[[list[_Entry]], Coroutine[Any, Any, None]]) -> None:
        self._execute = execute
        self._gathered: list[_Entry] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def add(self, entries: list[_Entry]) -> None:
        self._gathered += entries
        self._send()

    def _send(self) -> None:
        while self._gathered and len(self._under_way) < _MOST_UNDER_WAY:
            entries, self._gathered = self._gathered[:_MOST_COMMANDS], self._gathered[_MOST_COMMANDS:]
            task = asyncio.get_running_loop().create_task(self._execute(entries))
            self._under_way.add(task)
            task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._send()


class Batch:
    """Gathers what its users ask of Redis and sends it together."""

    def __init__(self, redis: Redis, *, replicas: int = 0) -> None:
        """Send by this client; so many replicas at least must confirm a change."""
        self._redis = redis
        self._witnesses = Witnesses(replicas)
        self._turn: list[_Entry] = []
        self._free = _Lane(self._execute)
        # Replicas that hang must not keep anybody from reading what a call says.
        self._confirmed = _Lane(self._execute)

    def run(self, name: str, keys: Sequence[str], args: Sequence[Part]) -> Awaitable[Any]:
        """Run the script of that name and return its answer. Raises StoreUnavailable when no answer came.

        As with the others below: it goes out whether or not somebody awaits the answer.
        """
        wanted = script(name)
        return self._ask(("EVALSHA", wanted.sha, len(keys), *keys, *args), wanted)

    def command(self, *parts: Part, confirmed: bool = True) -> Awaitable[Any]:
        """Run one command and return Redis' bare answer. Raises StoreUnavailable when no answer came.

        Unconfirmed: a failover may lose it, which does no harm; it is there for whatever is confirmed after it.
        """
        return self._ask(parts, None, is_confirmed=confirmed)

    def read(self, *parts: Part) -> Awaitable[Any]:
        """As `command`, for what changes nothing and somebody on the phone waits for.

        Changes of the same turn of the event loop do not hold it up while replicas are to confirm them; so it may not
        be meant to see any of those.
        """
        return self._ask(parts, None, is_hasty=True)

    def _ask(
        self, parts: tuple[Part, ...], wanted: Script | None, *, is_confirmed: bool = True, is_hasty: bool = False
    ) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        entry = _Entry(parts, loop.create_future(), wanted, is_confirmed, is_hasty)
        self._turn.append(entry)
        if len(self._turn) == 1:
            # Behind the tasks that were made in this turn too: they begin in the next one, and mostly ask at once.
            loop.call_soon(loop.call_soon, self._end_turn)
        return entry.answer

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, []
        if not self._witnesses.wanted or not any(entry.changes for entry in turn):
            self._free.add(turn)
            return
        self._confirmed.add([entry for entry in turn if not entry.is_hasty])
        self._free.add([entry for entry in turn if entry.is_hasty])

    async def _execute(self, entries: list[_Entry]) -> None:
        try:
            answers = await self._answers(entries)
            unknown = [
                entry for entry, answer in zip(entries, answers, strict=True) if isinstance(answer, NoScriptError)
            ]
            if unknown:
                # A new or restarted server: teach it, then ask again what it surely did not run.
                again = await self._taught(unknown)
                answers = [again.get(id(entry), answer) for entry, answer in zip(entries, answers, strict=True)]
            if any(_is_demoted(answer) for answer in answers):
                # No primary any more: whoever asks next connects anew, and asks the sentinels where there are any.
                await self._redis.connection_pool.disconnect(inuse_connections=False)
        except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody who asked may wait for ever
            answers = [error] * len(entries)
        except BaseException:  # this task itself is to end: neither may they
            for entry in entries:
                entry.answer.cancel()
            raise
        for entry, answer in zip(entries, answers, strict=True):
            _resolve(entry.answer, answer)

    async def _taught(self, entries: list[_Entry]) -> dict[int, Any]:
        texts = {entry.script.sha: entry.script.text for entry in entries if entry.script}
        await self._pipeline([("SCRIPT LOAD", text) for text in texts.values()])
        answers = await self._answers(entries)
        return {id(entry): answer for entry, answer in zip(entries, answers, strict=True)}

    async def _answers(self, entries: list[_Entry]) -> list[Any]:
        """The answer to each; where replicas did not confirm in time, NotReplicated to whatever changes something."""
        commands = [entry.parts for entry in entries]
        if not self._witnesses.wanted or not any(entry.changes for entry in entries):
            return await self._pipeline(commands)
        answers, lost = await self._confirmed_answers(commands)
        if lost is None:
            return answers
        metrics.CHANGES_UNCONFIRMED.inc(sum(entry.changes for entry in entries))
        return [
            lost if entry.changes and not isinstance(answer, Exception) else answer
            for entry, answer in zip(entries, answers, strict=True)
        ]

    async def _confirmed_answers(self, commands: list[tuple[Part, ...]]) -> tuple[list[Any], NotReplicated | None]:
        """The answers, and None when all witnesses have confirmed."""
        if not self._witnesses.known:
            self._witnesses.saw((await self._pipeline([("ROLE",)]))[0])
        waited_for = self._witnesses.wanted
        wait = ("WAIT", waited_for, _CONFIRM_MS)
        *answers, marked, role, confirmed = await self._pipeline([*commands, _MARK, ("ROLE",), wait])
        self._witnesses.saw(role)
        # Where more follow than we knew, the one whose word is missing may be the next primary: it counts as not done.
        # To wait once more would be to ask whoever is the primary by then, and perhaps has nothing of this.
        wanted = self._witnesses.wanted
        # Without the mark, for want of memory or replicas, it may have waited for nothing that anybody else has done.
        is_told = isinstance(confirmed, int) and not isinstance(marked, Exception)
        done = is_told and wanted <= min(waited_for, confirmed)
        return answers, None if done else NotReplicated(wanted)

    async def look(self) -> None:
        """See who follows, where replicas confirm; to be done every few seconds, also while nothing is changed.

        Raises StoreUnavailable.
        """
        if self._witnesses.wanted:
            self._witnesses.saw(await self.command("ROLE", confirmed=False))

    async def _pipeline(self, commands: Sequence[tuple[Part, ...]]) -> list[Any]:
        return await exchange(self._redis, commands)


def _resolve(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():  # its caller was cancelled
        return
    if not isinstance(answer, Exception):
        future.set_result(answer)
    elif isinstance(answer, NotReplicated):
        future.set_exception(NotReplicated(answer.wanted))  # one of its own: a traceback is kept in it
    elif isinstance(answer, ResponseError) and not _is_away(answer):
        future.set_exception(answer)
    else:
        unavailable = StoreUnavailable(_why_unavailable(answer))
        unavailable.__cause__ = answer
        future.set_exception(unavailable)


def _why_unavailable(error: Exception) -> str:
    if isinstance(error, ResponseError):
        return f"Redis refuses what it is asked ({cause(error)}): `dialer doctor` and its own log say what to mend"
    return f"Redis does not answer ({cause(error)}); is it running and reachable?"


def _is_demoted(answer: Any) -> bool:
    # From 7.0 on Redis says so of a script as it does of a command, and redis-py takes the word off; before, it is
    # in the middle of the script's own error.
    return isinstance(answer, ReadOnlyError) or (
        isinstance(answer, ResponseError) and _READ_ONLY.search(str(answer)) is not None
    )


def _is_away(error: ResponseError) -> bool:
    return isinstance(error, _AWAY) or _AWAY_WORDS.search(str(error)) is not None
