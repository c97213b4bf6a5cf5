"""Sending a list, of calls or of numbers, to the API as a stream, and saying what came of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any, BinaryIO

import click

from dialer.cli.client import DialerClient, Json, Upload
from dialer.cli.screens import Screen
from dialer.cli.showing import shown
from dialer.importing import XLSX

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
    client: DialerClient, campaign_id: str, path: Path, screen: Screen, wishes: Mapping[str, str] = NO_WISHES
) -> Json:
    """Add the file's calls to a campaign, as wished; a name without a known ending is taken for CSV."""
    return await _send(path, screen, LIST_TYPES, partial(client.import_calls, campaign_id, wishes=wishes))


async def send_plan(
    client: DialerClient, plan: Json, path: Path, screen: Screen, wishes: Mapping[str, str] = NO_WISHES
) -> Json:
    """Check the file's calls for a campaign that is not created, and look ahead."""
    return await _send(path, screen, LIST_TYPES, partial(client.forecast_list, plan, wishes=wishes))


async def send_numbers(client: DialerClient, name: str | None, path: Path, screen: Screen) -> Json:
    """Put the file's numbers on a suppression list; the same, but that .txt is one number a line."""
    content_types = {**CONTENT_TYPES, ".txt": "text/plain"}
    return await _send(path, screen, content_types, partial(client.import_suppressions, name))


async def _send(
    path: Path, screen: Screen, content_types: Mapping[str, str], send: Callable[[Upload], Awaitable[Json]]
) -> Json:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return await send(Upload(_read(file, size, screen), size, content_types.get(path.suffix.lower(), "text/csv")))


def report(answer: Json) -> str:
    """What became of the rows, with the first rejections."""
    lines = [f"accepted {answer['accepted']}, duplicates {answer['duplicates']}, rejected {answer['rejected']}"]
    lines += [_rejection(r) for r in answer["rejections"][:_REJECTIONS_SHOWN]]
    more = answer["rejected"] - _REJECTIONS_SHOWN
    return "\n".join(lines + ([f"  ... and {more} more"] if more > 0 else []))


def _rejection(rejection: Json) -> str:
    where = f"row {rejection['row']}" + (f", {shown(rejection['column'])}" if rejection.get("column") else "")
    value = f"{rejection['value']!r}: " if rejection.get("value") else ""
    return f"  {where}: {value}{shown(rejection['reason'])}"


async def _read(file: BinaryIO, size: int, screen: Screen) -> AsyncIterator[bytes]:
    # Never more than was announced, should the file grow meanwhile.
    sent = rows = 0
    while sent < size and (chunk := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, size - sent))):
        yield chunk
        sent += len(chunk)
        rows += chunk.count(b"\n")
        screen.sending(sent, size, rows)
