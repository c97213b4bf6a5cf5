"""`dialer recording ...`: what was recorded of calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from dialer.api.recording_answers import RecordingOut
from dialer.cli.as_json import json_option, print_json
from dialer.cli.connection import talks_to_api
from dialer.cli.saving import save_file
from dialer.cli.screens import plain_console
from dialer.cli.showing import moment_text, shown
from dialer.client import AsyncDialer
from dialer.errors import DialerError
from dialer.recordings.records import RecordingState

_AS_JSON = json_option
_SHOWN = ("state", "campaign_id", "calls", "attempts", "told_at", "size_bytes", "sha256", "content_type", "tries")


@click.group("recording")
def command() -> None:
    """List, download and delete recordings of calls."""


@command.command("list")
@talks_to_api
@click.option("--campaign", "campaign_id", help="Only those of this campaign.")
@click.option("--call", "call_id", help="Only those of this call.")
@click.option("--state", type=click.Choice([state.value for state in RecordingState]), help="Only those in this state.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many of the newest.")
@_AS_JSON
async def list_recordings(dialer: AsyncDialer, /, *, limit: int, as_json: bool, **filters: Any) -> None:
    """List the newest recordings."""
    found = [one async for one in dialer.recordings.all(limit=limit, **filters)]
    if as_json:
        print_json(found)
    else:
        plain_console().print(_table(found))


@command.command("show")
@talks_to_api
@click.argument("recording_id")
@_AS_JSON
async def show(dialer: AsyncDialer, *, recording_id: str, as_json: bool) -> None:
    """Show whose a recording is, and how far its fetch is."""
    recording = await dialer.recordings.get(recording_id)
    if as_json:
        print_json(recording)
    else:
        click.echo(_description(recording))


@command.command("download")
@talks_to_api
@click.argument("recording_id")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="File to write.  [default: its own name, here]"
)
async def download(dialer: AsyncDialer, *, recording_id: str, output: Path | None) -> None:
    """Save the sound of a recording, checked against its checksum."""
    recording = await dialer.recordings.get(recording_id)
    # One that is not fetched has no name yet; the API says why when its sound is asked for.
    path = output or Path(recording.file_name or recording_id)
    chunks = _checked(dialer.recordings.audio(recording_id), recording.sha256)
    click.echo(f"Recording: {await save_file(chunks, path)}")


@command.command("delete")
@talks_to_api
@click.argument("recording_id")
async def delete(dialer: AsyncDialer, *, recording_id: str) -> None:
    """Delete a recording and its file, for ever."""
    await dialer.recordings.delete(recording_id)
    click.echo(f"Recording {recording_id} is deleted.")


async def _checked(chunks: AsyncIterator[bytes], wanted: str | None) -> AsyncIterator[bytes]:
    digest = sha256()
    async for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if wanted is not None and digest.hexdigest() != wanted:
        raise DialerError(
            "What arrived is not what was fetched from the carrier: its checksum differs, so nothing was saved."
        )


def _table(found: list[RecordingOut]) -> Table:
    table = Table("id", "state", "calls", "told", "bytes", "error", box=None, header_style="bold", pad_edge=False)
    for recording in found:
        size = "" if recording.size_bytes is None else f"{recording.size_bytes:,}"
        told, error = moment_text(recording.told_at), Text(shown(recording.error or ""))
        table.add_row(recording.id, recording.state, " ".join(recording.calls), told, size, error)
    return table


def _description(recording: RecordingOut) -> str:
    lines = {"recording": recording.id} | {name: _text(getattr(recording, name)) for name in _SHOWN}
    lines |= {name: _text(getattr(recording, name)) for name in ("error", "next_try_at") if getattr(recording, name)}
    return "\n".join(f"{title:<13} {shown(text)}" for title, text in lines.items())


def _text(value: object) -> str:
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "-" if value is None else str(value)
