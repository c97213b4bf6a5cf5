"""Callbacks that your own system did not take."""

from __future__ import annotations

from collections.abc import AsyncIterator

from dialer.api.callbacks import CallbackOut, CallbacksOut
from dialer.client.resource import Resource, first, path_of

_PAGE = 1000
_PATH = "/v1/callbacks"


class AsyncCallbacks(Resource):
    """`/v1/callbacks`."""

    async def all(self, *, limit: int | None = None) -> AsyncIterator[CallbackOut]:
        """All that were given up, longest ago first."""
        pages = self._wire.pages(CallbacksOut, _PATH, limit=limit, at_once=_PAGE)
        async for one in first(limit, pages, lambda page: page.callbacks):
            yield one

    async def retry(self, callback_id: str) -> None:
        """Send it again."""
        await self._wire.push(path_of(_PATH, callback_id, "retry"))

    async def drop(self, callback_id: str) -> None:
        """Forget it."""
        await self._wire.drop(path_of(_PATH, callback_id))
