"""Sending a list, of calls or of numbers, to the API as a stream, and saying what came of it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial, wraps
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import click

from dialer.api.answers import ImportOut, RejectionOut
from dialer.api.forecast_answers import ListForecastOut
from dialer.api.import_records import ImportStateOut, rejected_header, rejected_rows
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
    """Add the file's calls to a campaign, as wished; a name without a known ending is taken for CSV.

    What broke off is gone on with, here or when it is called again; with `dry_run` nothing is stored.
    """
    if "dry_run" in wishes:
        return await _send(
            path, screen, LIST_TYPES, lambda upload: dialer.campaigns.import_calls(campaign_id, upload, **wishes)
        )
    told = _Progress(screen)
    media_type = LIST_TYPES.get(path.suffix.lower(), "text/csv")
    done = await dialer.campaigns.import_file(campaign_id, path, content_type=media_type, told=told, **wishes)
    if not told.rows:
        screen.say("All of this file was in already.")
    counts = {name: getattr(done, name) for name in ("accepted", "duplicates", "rejected")}
    rejections = [one async for one in _rejected(dialer, campaign_id, done)]
    return ImportOut(**counts, rejections=rejections)


async def _rejected(dialer: AsyncDialer, campaign_id: str, done: ImportStateOut) -> AsyncIterator[RejectionOut]:
    """The rows that an import did not take, as many as are kept."""
    if not done.rejected:
        return
    rest = b""
    async for chunk in dialer.campaigns.rejected(campaign_id, done.id, "ndjson"):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield RejectionOut.model_validate_json(line)


async def rejected_csv(rejections: list[RejectionOut]) -> AsyncIterator[bytes]:
    """Rejected rows as a file's bytes, the same as the API's."""
    yield rejected_header()
    yield rejected_rows(rejections)


class _Progress:
    """Tells a screen how far a list is, and how many rows a second that makes."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._since = time.monotonic()
        self.rows = 0

    def __call__(self, sent: int, size: int, rows: int) -> None:
        self.rows = rows
        self._screen.sending(sent, size, rows, rows / max(time.monotonic() - self._since, 0.001))


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
    told = _Progress(screen)
    while sent < size and (chunk := await asyncio.to_thread(file.read, min(_CHUNK_BYTES, size - sent))):
        yield chunk
        sent += len(chunk)
        rows += chunk.count(b"\n")
        told(sent, size, rows)
