"""Attempts as they are stored: a hash of their own until they end, packed with their neighbours from then on.

All that reads an attempt outside of a script, or changes one that is not about to be dialed, goes through here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal

from dialer import keys
from dialer.model import AttemptRef
from dialer.redis.batch import Batch

_TOGETHER = 50  # a script that reads so many takes 1 ms


async def read_attempts(batch: Batch, refs: Sequence[AttemptRef]) -> list[dict[str, str]]:
    """The fields of each, none of one that never was or was refused. Changes nothing."""
    pages = [refs[first : first + _TOGETHER] for first in range(0, len(refs), _TOGETHER)]
    found = await asyncio.gather(*(_read(batch, page) for page in pages))
    return [dict(zip(flat[::2], flat[1::2], strict=True)) for flat in chain.from_iterable(found)]


async def read_attempt(batch: Batch, ref: AttemptRef) -> Mapping[str, str]:
    """The fields of one."""
    [fields] = await read_attempts(batch, [ref])
    return fields


async def change_attempt(batch: Batch, ref: AttemptRef, verb: Literal["HSET", "HDEL"], *parts: str | int) -> bool:
    """Give an attempt fields (name, value, ...) or take some out (name, ...); False where there is none. Repeatable."""
    names = [*_keys(ref), keys.SCHEMA]
    return bool(await batch.run("change_attempt", names, [keys.packed_field(ref), verb, *parts]))


async def forget_attempts(batch: Batch, refs: Sequence[AttemptRef]) -> None:
    """Delete all attempts of one call. Repeatable."""
    if refs:
        names = [keys.packed(refs[0].call), *map(keys.attempt, refs)]
        await batch.run("forget_attempts", names, [*map(keys.packed_field, refs)])


def _keys(ref: AttemptRef) -> tuple[str, str]:
    return keys.attempt(ref), keys.packed(ref.call)


async def _read(batch: Batch, refs: Sequence[AttemptRef]) -> list[list[str]]:
    names = [*chain.from_iterable(map(_keys, refs))]
    found: list[list[str]] = await batch.run("read_attempts", names, [*map(keys.packed_field, refs)])
    return found
