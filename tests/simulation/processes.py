"""Simulated processes: groups of tasks that are started, die between any two steps, freeze, and are started again.

Whoever runs is told by a context variable, which tasks, callbacks and connections inherit. A process that died does
nothing more: what it still tries to send is dropped, its connections break, its tasks are cancelled and their clean-up
reaches nobody.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.simulation.virtual_time import FROST, SKEW, Frost, Skew, passed_s

T = TypeVar("T")
_REQUEST_S = 0.002
_CURRENT: contextvars.ContextVar[Process] = contextvars.ContextVar("process")


class Process:
    """One process of the simulation.

    Attributes:
        steps: how often it spoke to Redis (`redis`), and over HTTP (`http`).
        dies_at: with which step of which kind it dies, and whether before the step or right behind it.
    """

    def __init__(self, name: str, skew: Skew | None = None) -> None:
        self.name = name
        self.alive = True
        self.steps: Counter[str] = Counter()
        self.dies_at: tuple[str, int, str] | None = None
        self.frost = Frost()
        self.network_delay_s = 0.0
        self.redis_delay_s = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._deaths: list[Callable[[], None]] = []
        self.context = contextvars.copy_context()
        self.context.run(_CURRENT.set, self)
        self.context.run(SKEW.set, skew)
        self.context.run(FROST.set, self.frost)
        self.death_s: float | None = None
        self.main: asyncio.Task[Any] | None = None

    def start(self, main: Coroutine[Any, Any, Any]) -> None:
        """Run it."""
        self.main = asyncio.get_running_loop().create_task(main, context=self.context)

    def run(self, what: Callable[..., T], *args: Any) -> T:
        """Run something as this process, here and now."""
        if current() is self:
            return what(*args)
        return self.context.copy().run(what, *args)

    def at_death(self, what: Callable[[], None]) -> None:
        """Do something when it dies."""
        self._deaths.append(what)

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """A task of it began."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not self.alive:
            task.get_loop().call_soon(task.cancel)

    def step(self, kind: str) -> bool:
        """One more step; False where it does not live to take it."""
        if not self.alive:
            return False
        self.steps[kind] += 1
        if self.dies_at and self.dies_at[0] == kind and self.steps[kind] >= self.dies_at[1]:
            before = self.dies_at[2] == "before"
            self.dies_at = None
            if before:
                self.die()
                return False
            # Once what it does now has left it: of a request, its body too.
            asyncio.get_running_loop().call_later(_REQUEST_S if kind == "place" else 0, self.die)
        return True

    def die(self) -> None:
        """As by `kill -9`."""
        if not self.alive:
            return
        self.alive = False
        self.frost.thaw()
        self.death_s = passed_s()
        deaths, self._deaths = self._deaths, []
        for what in deaths:
            what()
        self._sweep(20)

    def _sweep(self, rounds: int) -> None:
        """Whatever caught its cancellation is cancelled again."""
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks and rounds:
            asyncio.get_running_loop().call_later(0.001, self._sweep, rounds - 1)

    @property
    def leftovers(self) -> list[str]:
        """Tasks of a dead process that still run: a fault of the simulation."""
        if self.alive:
            return []
        return [f"left: {self.name} is dead, and still does {task.get_coro().__qualname__}" for task in self._tasks]  # type: ignore[union-attr]


OUTSIDE = Process("outside")


def current() -> Process:
    """Whoever runs now."""
    return _CURRENT.get(OUTSIDE)


def task_factory(loop: asyncio.AbstractEventLoop, coro: Any, **kept: Any) -> asyncio.Task[Any]:
    """Makes tasks that belong to whoever begins them."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **kept)
    context = kept.get("context")
    owner = context.get(_CURRENT, OUTSIDE) if context is not None else current()
    if owner is not OUTSIDE:
        owner.adopt(task)
    return task
