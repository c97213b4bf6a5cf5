"""What all resources of the client have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from dialer.client.wire import Wire

Fields: TypeAlias = Mapping[str, Any]
"""A body as a mapping, in the API's own words."""

T = TypeVar("T")
Page = TypeVar("Page")


class Resource:
    """Some of the API's routes."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire


def path_of(base: str, *parts: str) -> str:
    """A path below another one; no part of it can be more than one part."""
    return "/".join([base, *(quote(part, safe="") for part in parts)])


async def first(
    limit: int | None, pages: AsyncIterator[Page], items: Callable[[Page], Iterable[T]]
) -> AsyncIterator[T]:
    """The first so many things of some pages, or all; no page more is asked for than is needed."""
    left = limit
    async for page in pages:
        for one in items(page):
            if left == 0:
                return
            yield one
            left = left and left - 1
        if left == 0:
            return
