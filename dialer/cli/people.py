"""A list of people in a file, read as the API reads lists of calls: to be called together, so none may be wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from dialer.cli.sending import CONTENT_TYPES
from dialer.cli.showing import shown
from dialer.errors import DialerError
from dialer.importing import RowChecks, read_calls
from dialer.model import NewCall
from dialer.settings import load_settings

_PIECE = 65_536
_REJECTIONS_SHOWN = 20


async def read_people(file: Path) -> list[NewCall]:
    """The people in a list. Raises DialerError, with the rows, where one of them cannot be called."""
    checks = RowChecks(region=load_settings().default_region)
    media_type = CONTENT_TYPES.get(file.suffix.lower(), "text/csv")
    people: list[NewCall] = []
    wrong: list[str] = []
    async with aclosing(read_calls(_pieces(file), media_type=media_type, charset=None, checks=checks)) as batches:
        async for batch in batches:
            wrong += [f"  row {r.row}: {shown(r.value)!r}: {shown(r.reason)}" for r in batch.rejections]
            people += [call for _, call in batch.calls]
    if wrong:
        raise DialerError(
            "\n".join([f"{file}: nobody was called, for there are rows to mend:", *wrong[:_REJECTIONS_SHOWN]])
        )
    return people


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, _PIECE):
            yield chunk
