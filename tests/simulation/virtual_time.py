"""Time that stands still while anybody works and jumps to the next timer when nobody does.

`take_over` must come before anything else is imported: modules that bind `time.time` at import shall bind ours.
Each simulated machine may have a clock of its own, off by `Skew`.
"""

from __future__ import annotations

import asyncio
import contextvars
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, tzinfo
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")

START_S = 1_803_895_200.0
"""Where each run begins: Monday, 1 March 2027, 10:00 UTC."""

BEGIN_S = 1000.0
"""And what the monotonic clock shows then."""
_ROUNDING_S = 1e-6
_TURN_NS = 200  # of the event loop
_real = {name: getattr(time, name) for name in ("time", "time_ns", "monotonic", "monotonic_ns")}


class Skew:
    """By how much the clocks of one machine are off, in seconds."""

    def __init__(self, wall_s: float = 0.0, monotonic_s: float = 0.0) -> None:
        self.wall_s, self.monotonic_s = wall_s, monotonic_s


SKEW: contextvars.ContextVar[Skew | None] = contextvars.ContextVar("skew", default=None)


class _Late:
    """A callback that may have to wait for its machine."""

    __slots__ = ("args", "callback", "context", "handle", "loop")
    handle: asyncio.Handle

    def __init__(self, loop: VirtualLoop, callback: Any, args: Any, context: contextvars.Context) -> None:
        self.loop, self.callback, self.args, self.context = loop, callback, args, context


def _unless_cancelled(late: _Late) -> None:
    if not late.handle.cancelled():
        late.callback(*late.args)


class Frost:
    """Until when a machine stands still, and what it would have done meanwhile."""

    def __init__(self) -> None:
        self.until_s = 0.0
        self.line: list[_Late] = []

    def freeze(self, lasts_s: float) -> None:
        """Stand still for so long from now."""
        self.until_s = max(self.until_s, passed_s() + lasts_s)

    def thaw(self) -> None:
        """Do what would have been done."""
        self.until_s = 0.0
        line, self.line = self.line, []
        for late in line:
            asyncio.SelectorEventLoop.call_soon(late.loop, _unless_cancelled, late, context=late.context)


FROST: contextvars.ContextVar[Frost | None] = contextvars.ContextVar("frost", default=None)


class _Now:
    passed_ns = 0


def passed_s() -> float:
    """Virtual seconds since the run began."""
    return _Now.passed_ns / 1e9


def real_time() -> float:
    """The real wall clock, in seconds."""
    return float(_real["monotonic"]())


def restart() -> None:
    """Be at the beginning again."""
    _Now.passed_ns = 0


def take_over() -> None:
    """From now on this process' clocks are virtual."""

    def wall_ns() -> int:
        skew = SKEW.get()
        return int(START_S * 1e9) + _Now.passed_ns + (int(skew.wall_s * 1e9) if skew else 0)

    def monotonic_ns() -> int:
        skew = SKEW.get()
        return int(BEGIN_S * 1e9) + _Now.passed_ns + (int(skew.monotonic_s * 1e9) if skew else 0)

    time.time_ns = wall_ns
    time.time = lambda: wall_ns() / 1e9
    time.monotonic_ns = monotonic_ns
    time.monotonic = lambda: monotonic_ns() / 1e9


class VirtualDatetime(datetime):
    """What modules that ask `datetime.now` get instead; the class itself cannot be changed."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(time.time(), tz)


def lend_datetime(*modules: ModuleType) -> None:
    """These modules' `datetime.now` is virtual from now on."""
    for module in modules:
        module.datetime = VirtualDatetime  # type: ignore[attr-defined]


def begin_at_once(work: Callable[[], T]) -> Future[T]:
    """As `dialer.threads.begin`, but here and now: a thread would take real time, and no two runs would be alike."""
    end: Future[T] = Future()
    try:
        end.set_result(work())
    except Exception as error:  # noqa: BLE001 - whatever it was belongs to whoever waits
        end.set_exception(error)
    return end


class _Jumping(selectors.BaseSelector):
    """Nothing of this process speaks to the outside through the loop: waiting is passing time."""

    def __init__(self) -> None:
        self._keys: dict[int, selectors.SelectorKey] = {}

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        self._keys[number] = key = selectors.SelectorKey(fileobj, number, events, data)
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys.pop(fileobj if isinstance(fileobj, int) else fileobj.fileno())

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits for ever: nothing in the simulation will happen any more")
        # Work takes some time: whoever sets a timer for now, by a rounding of his, would do so for ever.
        _Now.passed_ns += max(_TURN_NS, round(timeout * 1e9))
        return []

    def get_map(self) -> Any:
        return self._keys

    def close(self) -> None:
        self._keys.clear()


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time; work for threads and processes is done at once, in place."""

    def __init__(self) -> None:
        super().__init__(_Jumping())

    def time(self) -> float:
        return passed_s()

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        late = _Late(self, callback, args, context or contextvars.copy_context())
        late.handle = super().call_soon(self._thawed, late, context=late.context)
        return late.handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Any:
        late = _Late(self, callback, args, context or contextvars.copy_context())
        late.handle = super().call_at(when, self._thawed, late, context=late.context)
        return late.handle

    def _thawed(self, late: _Late) -> None:
        """Do it now, or once its machine goes on: what a stopped process was about to do stays in line."""
        frost = FROST.get()
        if frost is None or (frost.until_s <= passed_s() and not frost.line):
            late.callback(*late.args)
            return
        frost.line.append(late)
        if len(frost.line) == 1:
            asyncio.SelectorEventLoop.call_at(self, frost.until_s, self._thaw, frost, context=contextvars.Context())

    def _thaw(self, frost: Frost) -> None:
        if frost.until_s - passed_s() > _ROUNDING_S:
            asyncio.SelectorEventLoop.call_at(self, frost.until_s, self._thaw, frost, context=contextvars.Context())
            return
        frost.thaw()

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whatever it was belongs to whoever waits
            future.set_exception(error)
        return future
