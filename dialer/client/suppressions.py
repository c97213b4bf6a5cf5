"""Numbers that are not called: by no campaign, or by none that keeps to a named list."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Literal

from dialer.api.answers import ImportOut
from dialer.api.suppression_lists import DroppedListOut, SuppressionListOut, SuppressionListsOut
from dialer.api.suppressions import ChangedSuppressionOut, SuppressionOut, SuppressionsOut
from dialer.client.resource import Resource, first, path_of
from dialer.client.uploads import Upload, upload_of
from dialer.client.wire import given

_PAGE = 10_000
_PATH = "/v1/suppressions"
_LISTS = "/v1/suppression-lists"


class AsyncSuppressions(Resource):
    """`/v1/suppressions` and `/v1/suppression-lists`; `on` names a list, that of all campaigns if left out."""

    async def add(self, number: str, *, on: str | None = None) -> ChangedSuppressionOut:
        """Let no campaign call a number from now on; makes the list."""
        return await self._wire.change("POST", ChangedSuppressionOut, f"{_PATH}/add", given(number=number, list_=on))

    async def remove(self, number: str, *, on: str | None = None) -> ChangedSuppressionOut:
        """Let campaigns call it again."""
        return await self._wire.change("POST", ChangedSuppressionOut, f"{_PATH}/remove", given(number=number, list_=on))

    async def check(self, number: str, *, on: str | None = None) -> SuppressionOut:
        """Whether it is on the list, and since when."""
        return await self._wire.change("POST", SuppressionOut, f"{_PATH}/check", given(number=number, list_=on))

    async def all(self, *, on: str | None = None, limit: int | None = None) -> AsyncIterator[SuppressionOut]:
        """All numbers on a list, longest ago first."""
        pages = self._wire.pages(SuppressionsOut, _PATH, limit=limit, at_once=_PAGE, list_=on)
        async for one in first(limit, pages, lambda page: page.suppressions):
            yield one

    async def import_numbers(
        self, source: Upload | Path | bytes, *, on: str | None = None, content_type: str | None = None
    ) -> ImportOut:
        """Put a file of numbers on a list; the same file twice changes nothing."""
        return await self._wire.upload(ImportOut, f"{_PATH}/import", upload_of(source, content_type), list_=on)

    async def export(self, form: Literal["csv", "ndjson"] = "csv", *, on: str | None = None) -> AsyncIterator[bytes]:
        """A list as a file's bytes."""
        async for chunk in self._wire.download(f"{_PATH}/export", list_=on, format=form):
            yield chunk

    async def lists(self) -> Sequence[SuppressionListOut]:
        """Name, size and version of every list."""
        return (await self._wire.get(SuppressionListsOut, _LISTS)).lists

    async def drop_list(self, name: str) -> DroppedListOut:
        """Forget a list and all numbers on it."""
        return await self._wire.change("DELETE", DroppedListOut, path_of(_LISTS, name))
