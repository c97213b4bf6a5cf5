"""What a recording is: which events tell of one, its id, its file's name, and when it is tried again."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.api.routing import _ID
from dialer.providers.kpn.events import decode_query, parse_event
from dialer.recordings.records import (
    LONGEST_URL,
    RecordingState,
    ToldRecording,
    file_ending,
    next_wait_ms,
    safe_type,
    told_recording,
)

PAYLOADS = Path(__file__).parents[1] / "data" / "payloads"
URL = "https://api.nexmo.com/v1/files/bbbbbbbb-aaaa-cccc-dddd-0123456789ab"
HOUR_MS = 3_600_000


def told(**payload: Any) -> ToldRecording | None:
    """What an event with this payload tells."""
    return told_recording(parse_event(payload))


def id_of(**payload: Any) -> str:
    """The id of the recording that is told."""
    found = told(**payload)
    assert found
    return found.id


def test_recorded_event_is_read() -> None:
    """The carrier's own example gives the address, its uuid and its times."""
    found = told(**json.loads((PAYLOADS / "dotnet/webhooks/Record.json").read_text()))

    assert found
    assert URL == found.url
    assert {
        "recording_uuid": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        "start_time": "2020-01-01T12:00:00.000Z",
        "end_time": "2020-01-01T12:00:01.000Z",
    } == found.figures


def test_captured_query_is_read() -> None:
    """So does a real one that came as a GET request."""
    line = (PAYLOADS / "php/captured-webhook-requests/recording-get.txt").read_text().splitlines()[0]
    query = {name: values[0] for name, values in parse_qs(line.split()[1].partition("?")[2]).items()}
    found = told_recording(parse_event(decode_query(query)))

    assert found
    assert "https://api.nexmo.com/v1/files/87b8851a-dbfa-4142-bc01-82a7854ac4fd" == found.url


@pytest.mark.parametrize(
    "payload",
    [
        {"status": "completed", "uuid": "u"},
        {"recording_url": None},
        {"recording_url": ""},
        {"recording_url": "  "},
        {"recording_url": 7},
        {"recording_url": {"a": 1}},
        {"speech": {"recording_url": URL}},
        {"type": "record", "status": "transcribed", "transcription_url": URL, "recording_uuid": "u"},
    ],
)
def test_other_events_tell_of_none(payload: dict[str, Any]) -> None:
    """What has no address of a recording, or none that is text, tells of none."""
    assert told(**payload) is None


@pytest.mark.parametrize("more", [{"status": "recorded"}, {"original_request": {"url": "x"}}, {"dtmf": "1"}])
def test_unforeseen_shape_loses_no_recording(more: dict[str, Any]) -> None:
    """Whatever kind an event is taken for, its recording counts."""
    assert told(recording_url=URL, **more)


def test_uuid_is_what_a_recording_is_known_by() -> None:
    """The same uuid is the same recording, from any host; another uuid is another."""
    there = URL.replace("api.", "api-eu.")

    assert id_of(recording_url=URL, recording_uuid="a") == id_of(recording_url=there, recording_uuid="a", size="7")
    assert id_of(recording_url=URL, recording_uuid="a") != id_of(recording_url=URL, recording_uuid="b")


def test_address_is_what_a_recording_without_uuid_is_known_by() -> None:
    """Two addresses are two recordings, and no address is ever a uuid."""
    assert id_of(recording_url=URL) == id_of(recording_url=f" {URL} ", size=1)
    assert 3 == len(
        {id_of(recording_url=URL), id_of(recording_url=URL + "x"), id_of(recording_url="x", recording_uuid=URL)}
    )


@given(url=st.text(min_size=1).filter(str.strip), uuid=st.text())
def test_id_fits_into_an_address(url: str, uuid: str) -> None:
    """Whatever the carrier says, the id is one that routes accept, and may stand in a cursor."""
    found = id_of(recording_url=url, recording_uuid=uuid)

    assert _ID.fullmatch(found)
    assert re.fullmatch("r[a-z2-7]{16}", found)


def test_half_a_surrogate_pair_is_no_obstacle() -> None:
    """JSON can carry what UTF-8 cannot."""
    assert id_of(recording_url="https://api.nexmo.com/\ud800")


def test_endless_address_is_cut() -> None:
    """It is kept one character longer than may be asked, so that it is refused then and not asked in part."""
    found = told(recording_url=URL + "x" * 10_000)

    assert found
    assert LONGEST_URL + 1 == len(found.url)


@pytest.mark.parametrize(
    ("tries", "by_hand", "minutes"),
    [
        (1, False, 1),
        (2, False, 2),
        (5, False, 16),
        (9, False, 256),
        (10, False, 360),
        (10_000, False, 360),
        (1, True, 60),
        (9, True, 256),
        (100, True, 360),
    ],
)
def test_waits_grow_from_minutes_to_hours(tries: int, by_hand: bool, minutes: int) -> None:  # noqa: FBT001 - a table
    """One minute doubles to six hours; what needs a person waits for an hour at least."""
    assert timedelta(minutes=minutes) == timedelta(milliseconds=next_wait_ms(tries, by_hand=by_hand))


@pytest.mark.parametrize(
    ("told_type", "kept", "ending"),
    [
        ("audio/mpeg", "audio/mpeg", "mp3"),
        ("audio/wav", "audio/wav", "wav"),
        ("Audio/X-WAV", "audio/x-wav", "wav"),
        ("audio/ogg", "audio/ogg", "ogg"),
        ("application/ogg", "application/ogg", "ogg"),
        ("audio/flac", "audio/flac", "bin"),
        ("binary/octet-stream", "application/octet-stream", "bin"),
        ("text/html", "application/octet-stream", "bin"),
        ("audio/x\r\nSet-Cookie: a", "application/octet-stream", "bin"),
    ],
)
def test_type_is_one_of_sound(told_type: str, kept: str, ending: str) -> None:
    """What the carrier's host says of a file never becomes anything that a browser would run."""
    assert (kept, ending) == (safe_type(told_type), file_ending(safe_type(told_type)))


def test_how_far_a_recording_is_is_told_in_these_words() -> None:
    """In Redis, in the API and in a metric."""
    assert ["waiting", "failed", "stored", "gone"] == list(RecordingState)


def test_a_file_ends_as_its_type_says() -> None:
    """So that whoever downloads it can play it."""
    waves = dict.fromkeys(("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), "wav")
    endings = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/ogg": "ogg", "application/ogg": "ogg"} | waves

    assert endings | {"audio/flac": "bin", "": "bin"} == {one: file_ending(one) for one in (*endings, "audio/flac", "")}
