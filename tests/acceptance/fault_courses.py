"""Three dialers side by side, each with its faults one after the other: most of the time one only waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from dialer.processes.ending import ended
from tests.acceptance.faults import OF_OTHERS, OF_REDIS
from tests.acceptance.faults_beneath import BENEATH
from tests.fakes.beneath import open_beneath
from tests.fakes.faults import Fault, Suffered, suffer
from tests.fakes.wired import Wired, open_wired

FAULTS: Mapping[str, Fault] = {**OF_REDIS, **OF_OTHERS, **BENEATH}


class Courses:
    """The faults so far; each happens once."""

    def __init__(self, tasks: Mapping[str, asyncio.Task[Suffered]]) -> None:
        self._tasks = tasks

    async def of(self, name: str) -> Suffered:
        """What became of this one."""
        return await asyncio.shield(self._tasks[name])


@asynccontextmanager
async def open_courses(names: Collection[str]) -> AsyncIterator[Courses]:
    """All of these faults, begun."""
    async with AsyncExitStack() as stack:
        beneath = await stack.enter_async_context(open_beneath())
        tasks: dict[str, asyncio.Task[Suffered]] = {}
        for faults, ground in ((OF_REDIS, None), (OF_OTHERS, None), (BENEATH, beneath)):
            chosen = {name: fault for name, fault in faults.items() if name in names}
            if chosen:
                wired = await stack.enter_async_context(open_wired(ground))
                tasks |= _begun(wired, chosen)
        stack.push_async_callback(ended, *tasks.values())
        yield Courses(tasks)


def _begun(wired: Wired, faults: Mapping[str, Fault]) -> dict[str, asyncio.Task[Suffered]]:
    turn = asyncio.Lock()  # handed on in the order in which it was asked for

    async def in_turn(fault: Fault) -> Suffered:
        async with turn:
            return await suffer(wired, fault)

    return {name: asyncio.create_task(in_turn(fault), name=name) for name, fault in faults.items()}
