"""`dialer recording ...`, as a person types it, against the API."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest

from dialer.recordings.claims import Claim
from tests.fakes.recordings import SOUND, told

KEY = "the key of these tests"
ID = told().id
CHECKSUM = sha256(SOUND).hexdigest()


@pytest.fixture
def command(url: str) -> Callable[..., Awaitable[tuple[int, str]]]:
    """Runs `dialer recording ...` against the API; gives exit code and output."""

    async def run(*words: str) -> tuple[int, str]:
        program = [sys.executable, "-m", "dialer", "recording", *words, "--url", url, "--api-key", KEY]
        running = await asyncio.create_subprocess_exec(*program, stdout=PIPE, stderr=STDOUT)
        said, _ = await running.communicate()
        return running.returncode or 0, said.decode()

    return run


Command = Callable[..., Awaitable[tuple[int, str]]]


async def test_command_lists_recordings(command: Command, stored: Claim, attempt_id: str) -> None:
    """As a table for people, as JSON for programs."""
    assert stored
    table = (await command("list", "--state", "stored"))[1]
    listed = json.loads((await command("list", "--call", attempt_id.rpartition("-")[0], "--json"))[1])

    assert all(word in table for word in (ID, "stored", f"{len(SOUND):,}", attempt_id.rpartition("-")[0]))
    assert [ID] == [recording["id"] for recording in listed]
    assert ID not in (await command("list", "--state", "gone"))[1]


async def test_command_shows_a_recording(command: Command, stored: Claim) -> None:
    """With its checksum, and no error where there is none."""
    assert stored
    shown = (await command("show", ID))[1]

    assert f"sha256        {CHECKSUM}" in shown
    assert "error" not in shown
    assert ID == json.loads((await command("show", ID, "--json"))[1])["id"]


async def test_command_downloads_the_sound(command: Command, stored: Claim, tmp_path: Path) -> None:
    """Whole, under the name that was given."""
    assert stored
    result = await command("download", ID, "--output", str(tmp_path / "call.wav"))

    assert f"Recording: {tmp_path / 'call.wav'}\n" == result[1]
    assert SOUND == (tmp_path / "call.wav").read_bytes()


async def test_command_saves_nothing_that_is_not_what_was_fetched(
    command: Command, stored: Claim, tmp_path: Path
) -> None:
    """A file that was changed in the storage is not saved as if nothing was."""
    (tmp_path / "recordings" / stored.object_name).write_bytes(SOUND[::-1])
    result = await command("download", ID, "--output", str(tmp_path / "call.wav"))

    assert (1, True) == (result[0], "its checksum differs" in result[1])
    assert not (tmp_path / "call.wav").exists()


async def test_command_says_why_there_is_no_sound(command: Command, claim: Claim, tmp_path: Path) -> None:
    """What the API says."""
    assert claim
    result = await command("download", ID, "--output", str(tmp_path / "call.wav"))

    assert (1, True) == (result[0], "It is not fetched from the carrier yet." in result[1])


async def test_command_deletes_a_recording(command: Command, stored: Claim, api: aiohttp.ClientSession) -> None:
    """For ever."""
    assert stored
    assert f"Recording {ID} is deleted.\n" == (await command("delete", ID))[1]
    async with api.get(f"/v1/recordings/{ID}") as response:
        assert 404 == response.status
