"""What the doctor says of the place for recordings: a good one, and those that keep nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from dialer.doctor import recordings
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import open_patient
from dialer.settings import Settings


async def _look(**settings: str) -> Finding:
    async with open_patient(Settings.model_validate(settings), "http://127.0.0.1:9") as patient:
        return await recordings.storage(patient)


async def test_good_place_keeps_nothing_of_the_look(tmp_path: Path) -> None:
    """A file goes there and back, and the folder is as empty as before."""
    finding = await _look(recordings_url=(tmp_path / "kept").as_uri())

    assert State.OK is finding.state, finding
    assert [] == [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


async def test_default_folder_is_told_to_be_of_one_machine(tmp_path: Path) -> None:
    """Without a setting recordings lie beside the data: a warning before a live day, none for a stand-in."""
    live = await _look(data_dir=str(tmp_path))
    played = await _look(data_dir=str(tmp_path), carrier_url="http://127.0.0.1:9")

    assert (State.WARNING, State.OK) == (live.state, played.state)


@pytest.mark.parametrize("place", ["file:///proc/nope", "file:///dev/null/x"])
async def test_place_that_keeps_nothing_is_told(place: str) -> None:
    """Where nothing can be written, it says so with what to do, before the first recording is lost."""
    finding = await _look(recordings_url=place)

    assert (State.FAILED, True, True) == (finding.state, place in finding.found, bool(finding.advice))
