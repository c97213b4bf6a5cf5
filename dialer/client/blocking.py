"""Async methods for programs that are not: each runs in a thread with a loop of its own, and is waited for.

A method is not written again: `Waiting(AsyncCalls.get)` has the parameters and the answer of `AsyncCalls.get`, for
people, editors and type checkers alike, and `Iterating` gives an iterator for an async one.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from anyio.from_thread import BlockingPortal

A = TypeVar("A")
P = ParamSpec("P")
T = TypeVar("T")


class Blocking(Generic[A]):
    """Something async, and the thread in which it runs."""

    def __init__(self, portal: BlockingPortal, asynchronous: A) -> None:
        self._portal = portal
        self._asynchronous = asynchronous


class Waiting(Generic[A, P, T]):
    """A method that waits for an async one and gives its answer."""

    def __init__(self, method: Callable[Concatenate[A, P], Coroutine[Any, Any, T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, found_in: None, owner: type) -> Self: ...

    @overload
    def __get__(self, found_in: Blocking[A], owner: type) -> Callable[P, T]: ...

    def __get__(self, found_in: Blocking[A] | None, owner: type) -> Self | Callable[P, T]:
        if found_in is None:
            return self
        portal, asynchronous = found_in._portal, found_in._asynchronous  # noqa: SLF001 - one thing in two classes

        @functools.wraps(self._method)
        def wait(*args: P.args, **options: P.kwargs) -> T:
            answer: T = portal.call(functools.partial(self._method, asynchronous, *args, **options))
            return answer

        return wait


class Iterating(Generic[A, P, T]):
    """A method whose iterator asks an async one for each next thing."""

    def __init__(self, method: Callable[Concatenate[A, P], AsyncIterator[T]]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, found_in: None, owner: type) -> Self: ...

    @overload
    def __get__(self, found_in: Blocking[A], owner: type) -> Callable[P, Iterator[T]]: ...

    def __get__(self, found_in: Blocking[A] | None, owner: type) -> Self | Callable[P, Iterator[T]]:
        if found_in is None:
            return self
        portal, asynchronous = found_in._portal, found_in._asynchronous  # noqa: SLF001 - one thing in two classes

        @functools.wraps(self._method)
        def iterate(*args: P.args, **options: P.kwargs) -> Iterator[T]:
            yield from _iterated(portal, self._method(asynchronous, *args, **options))

        return iterate


_END: Any = object()


def _iterated(portal: BlockingPortal, found: AsyncIterator[T]) -> Iterator[T]:
    try:
        while (one := portal.call(anext, found, _END)) is not _END:
            yield one
    finally:
        close = getattr(found, "aclose", None)
        if close is not None:
            portal.call(close)
