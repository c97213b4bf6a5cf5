"""Sending a list, of calls or of numbers, to the API as a stream, and saying what came of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from dialer.api.answers import ImportOut, RejectionOut
from dialer.api.forecast_answers import ListForecastOut
from dialer.cli.screens import Screen
from dialer.cli.showing import shown
from dialer.client import AsyncDialer, Upload
from dialer.client.wire import Json
from dialer.importing import XLSX

T = TypeVar("T")

_CHUNK_BYTES = 262_144
_REJECTIONS_SHOWN = 20
CONTENT_TYPES = {
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
}
LIST_TYPES = {**CONTENT_TYPES, ".xlsx": XLSX}
NO_WISHES: Mapping[str, str] = {}


def reading_options(function: Any) -> Any:
    """Add how a list is to be read, as `wishes` of `send_list`."""
    columns = click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="NAME=COLUMN",
        help="Such as number=Telefoon; may be given more than once.",
    )
    sheet = click.option("--sheet", help="That of a spreadsheet.  [default: the first]")

    @columns
    @sheet
    @wraps(function)
    def reads(*args: Any, columns: tuple[str, ...], sheet: str | None, **options: Any) -> Any:
        wishes = {} if sheet is None else {"sheet": sheet}
        wishes |= {"map": json.dumps(dict(map(_pair, columns)))} if columns else {}
        return function(*args, wishes=wishes, **options)

    return reads


def _pair(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} must be NAME=COLUMN, such as number=Telefoon", param_hint="--map")
    return name, column


async def send_list(
    dialer: AsyncDialer, campaign_id: str, path: Path, screen: Screen, wishes: Mapping[str, str] = NO_WISHES
) -> ImportOut:
    """Add the file's calls to a campaign, as wished; a name without a known ending is taken for CSV."""
    return await _send(
        path, screen, LIST_TYPES, lambda upload: dialer.campaigns.import_calls(campaign_id, upload, **wishes)
    )


async def send_plan(
    dialer: AsyncDialer, plan: Json, path: Path, screen: Screen, wishes: Mapping[str, str] = NO_WISHES
) -> ListForecastOut:
    """Check the file's calls for a campaign that is not created, and look ahead."""
    return await _send(path, screen, LIST_TYPES, lambda upload: dialer.forecasts.check_list(plan, upload, **wishes))


async def send_numbers(dialer: AsyncDialer, name: str | None, path: Path, screen: Screen) -> ImportOut:
    """Put the file's numbers on a suppression list; the same, but that .txt is one number a line."""
    content_types = {**CONTENT_TYPES, ".txt": "text/plain"}
    return await _send(path, screen, content_types, partial(dialer.suppressions.import_numbers, on=name))


async def _send(
    path: Path, screen: Screen, content_types: Mapping[str, str], send: Callable[[Upload], Awaitable[T]]
) -> T:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return await send(Upload(_read(file, size, screen), size, content_types.get(path.suffix.lower(), "text/csv")))


def report(answer: ImportOut) -> str:
    """What became of the rows, with the first rejections."""
    lines = [f"accepted {answer.accepted}, duplicates {answer.duplicates}, rejected {answer.rejected}"]
    lines += [_rejection(r) for r in answer.rejections[:_REJECTIONS_SHOWN]]
    more = answer.rejected - _REJECTIONS_SHOWN
    return "\n".join(lines + ([f"  ... and {more} more"] if more > 0 else []))


def _rejection(rejection: RejectionOut) -> str:
    where = f"row {rejection.row}" + (f", {shown(rejection.column)}" if rejection.column else "")
    value = f"{rejection.value!r}: " if rejection.value else ""
    return f"  {where}: {value}{shown(rejection.reason)}"


async def _read(file: BinaryIO, size: int, screen: Screen) -> AsyncIterator[bytes]:
    # Never more than was announced, should the file grow meanwhile.
    sent = rows = 0
    while sent < size and (chunk := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, size - sent))):
        yield chunk
        sent += len(chunk)
        rows += chunk.count(b"\n")
        screen.sending(sent, size, rows)
