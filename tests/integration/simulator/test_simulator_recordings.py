"""Recordings: how they begin and end, how they are told, and to whom the file is given."""

from __future__ import annotations

import io
import wave
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from dialer.simulator import RecordingFault, Simulator

if TYPE_CHECKING:
    from tests.integration.simulator.conftest import Side

NUMBER = "31612345678"

Start = Callable[..., Awaitable[Simulator]]
Place = Callable[..., Awaitable[tuple[int, Any]]]
Send = Callable[..., Awaitable[tuple[int, Any]]]
Download = Callable[..., Awaitable[tuple[int, bytes]]]
Told = list[dict[str, Any]]


@pytest.fixture
def download(http: aiohttp.ClientSession, request_other: Send) -> Download:
    """Fetches a file with a token of the application, or with what is given."""

    async def fetch(sim: Simulator, url: str, authorization: str | None = None) -> tuple[int, bytes]:
        if authorization is None:
            authorization = f"Bearer {(await request_other(sim, 'GET', '/jwt'))[1]['JWT_token']}"
        async with http.get(url, headers={"Authorization": authorization}) as response:
            return response.status, await response.read()

    return fetch


@pytest.fixture
def record(start: Start, place: Place, told: Told, flow: list[Any]) -> Callable[..., Awaitable[tuple[Simulator, str]]]:
    """Starts a stand-in, records a call with it and gives the recording's address."""

    async def record_one(**settings: Any) -> tuple[Simulator, str]:
        sim = await start(**settings)
        flow[:] = [{"action": "record"}, {"action": "talk", "text": "This is recorded."}]
        await place(sim)
        await sim.quiet()
        return sim, next(event["recording_url"] for event in told if "recording_url" in event)

    return record_one


async def test_recording_is_told_when_the_call_is_over(
    start: Start, place: Place, told: Told, flow: list[Any], site: str
) -> None:
    """A passive recording runs beside the flow; its event has no status and no leg, and no milliseconds."""
    sim = await start()
    flow[:] = [
        {"action": "record", "format": "wav", "eventUrl": [f"{site}/report"]},
        {"action": "talk", "text": "This is recorded."},
    ]

    _, placed = await place(sim)
    await sim.quiet()

    event = next(event for event in told if "recording_url" in event)
    assert {
        "start_time", "end_time", "recording_url", "size", "recording_uuid", "conversation_uuid", "timestamp",
    } == set(event)  # fmt: skip
    assert placed["conversation_uuid"] == event["conversation_uuid"]
    assert event["recording_uuid"] not in event["recording_url"]
    assert len("2020-07-14T01:23:04Z") == len(event["start_time"])
    assert event["end_time"] > event["start_time"]
    assert ["This is recorded."] == sim.heard(NUMBER)


async def test_file_is_a_real_recording(
    record: Callable[..., Awaitable[tuple[Simulator, str]]], told: Told, download: Download
) -> None:
    """It is a WAV of the size that was told, the same at each download, and holds sound."""
    sim, url = await record()

    status, body = await download(sim, url)

    event = next(event for event in told if "recording_url" in event)
    with wave.open(io.BytesIO(body)) as sound:
        frames = sound.readframes(sound.getnframes())
        assert (1, 2, 8000, 4000) == (*sound.getparams()[:3], sound.getnframes())
    assert (200, event["size"]) == (status, len(body))
    assert (200, body) == await download(sim, url)
    assert any(frames)


@pytest.mark.parametrize("case", [({"split": "conversation"}, 2), ({"split": "conversation", "channels": 5}, 5)])
async def test_split_recording_has_a_channel_for_each_party(
    case: tuple[dict[str, Any], int], start: Start, place: Place, download: Download, side: Side
) -> None:
    """Two, or as many as asked for."""
    action, channels = case
    sim = await start()
    side.flow[:] = [{"action": "record", **action}]

    await place(sim)
    await sim.quiet()
    _, body = await download(sim, next(event["recording_url"] for event in side.told if "recording_url" in event))

    with wave.open(io.BytesIO(body)) as sound:
        assert channels == sound.getnchannels()


async def test_recording_like_voicemail_keeps_the_flow_waiting(
    start: Start, place: Place, told: Told, flow: list[Any]
) -> None:
    """It beeps, lasts until silence, and is told before the flow goes on."""
    sim = await start(webhook_connections=1)
    sim.phone(NUMBER).answers().speaks_for(7)
    flow[:] = [
        {"action": "record", "endOnSilence": 3, "beepStart": True},
        {"action": "wait", "timeout": 20},
        {"action": "talk", "text": "Thank you."},
    ]

    await place(sim)
    await sim.quiet()

    kinds = [event.get("status", "record") for event in told if "asked" not in event]
    assert ["started", "ringing", "answered", "record", "completed"] == kinds
    assert (1, ["Thank you."]) == (sim.leg(NUMBER).beeps, sim.leg(NUMBER).heard)


async def test_key_ends_a_recording(start: Start, place: Place, flow: list[Any]) -> None:
    """Who knows the key presses it, and the flow goes on."""
    sim = await start()
    sim.phone(NUMBER).answers().speaks_for(2).presses("#")
    flow[:] = [{"action": "record", "endOnKey": "#"}, {"action": "talk", "text": "Thank you."}]

    await place(sim)
    await sim.quiet()

    assert (["#"], ["Thank you."]) == (sim.leg(NUMBER).pressed, sim.leg(NUMBER).heard)


async def test_who_does_not_know_the_key_hangs_up(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """The recording is told all the same."""
    sim = await start()
    flow[:] = [{"action": "record", "endOnKey": "#"}, {"action": "talk", "text": "Thank you."}]

    await place(sim)
    await sim.quiet()

    assert ("user", []) == (sim.leg(NUMBER).ended_by, sim.leg(NUMBER).heard)
    assert 1 == len([event for event in told if "recording_url" in event])


async def test_longest_time_ends_a_passive_recording(start: Start, place: Place, told: Told, flow: list[Any]) -> None:
    """A recording that reaches its limit ends while the call goes on, and is told once."""
    sim = await start(webhook_connections=1)
    flow[:] = [{"action": "record", "timeOut": 3}, {"action": "wait", "timeout": 60}]

    await place(sim)
    await sim.quiet()

    kinds = [event.get("status", "record") for event in told if "asked" not in event]
    assert ["started", "ringing", "answered", "record", "completed"] == kinds


@pytest.mark.parametrize("authorization", ["", "Basic dTpw", "Bearer nonsense"])
async def test_file_needs_a_token(
    authorization: str, record: Callable[..., Awaitable[tuple[Simulator, str]]], download: Download
) -> None:
    """Without a good token, it is refused."""
    sim, url = await record()

    assert 401 == (await download(sim, url, authorization))[0]


async def test_token_lapses(record: Callable[..., Awaitable[tuple[Simulator, str]]], download: Download) -> None:
    """A token that is too old is worth nothing."""
    sim, url = await record(jwt_lifetime_s=0)

    assert 401 == (await download(sim, url))[0]


async def test_token_of_another_application_is_worth_nothing(
    record: Callable[..., Awaitable[tuple[Simulator, str]]],
    download: Download,
    http: aiohttp.ClientSession,
    access: Callable[[Simulator], Awaitable[dict[str, str]]],
) -> None:
    """Recordings are for the application that made them."""
    sim, url = await record()
    headers = await access(sim) | {"ApplicationId": "another one"}
    async with http.get(f"{sim.url}/jwt", headers=headers) as response:
        foreign = (await response.json())["JWT_token"]

    assert 403 == (await download(sim, url, f"Bearer {foreign}"))[0]


@pytest.mark.parametrize(("settings", "change"), [({}, "x"), ({"recording_kept_days": 0}, "")])
async def test_file_that_is_not_there_is_not_found(
    settings: dict[str, Any],
    change: str,
    record: Callable[..., Awaitable[tuple[Simulator, str]]],
    download: Download,
) -> None:
    """One that never was, or that is no longer kept."""
    sim, url = await record(**settings)

    assert 404 == (await download(sim, url + change))[0]


async def test_download_fails_once(record: Callable[..., Awaitable[tuple[Simulator, str]]], download: Download) -> None:
    """A server error on demand, and the next try succeeds."""
    sim, url = await record()
    sim.faults.next_recording("http_500")

    assert [500, 200] == [(await download(sim, url))[0] for _ in range(2)]


async def test_download_breaks_off(record: Callable[..., Awaitable[tuple[Simulator, str]]], download: Download) -> None:
    """Half a file, and the connection is gone."""
    sim, url = await record()
    sim.faults.next_recording(RecordingFault.CUT)

    with pytest.raises(aiohttp.ClientPayloadError):
        await download(sim, url)


async def test_slow_download_arrives(
    record: Callable[..., Awaitable[tuple[Simulator, str]]], download: Download
) -> None:
    """It takes its time, and is whole; the log has the fault."""
    sim, url = await record(slow_download_s=0.01)
    sim.faults.next_recording("slow")

    status, _ = await download(sim, url)

    assert (200, "slow") == (status, sim.log[-1].fault)


async def test_address_can_be_elsewhere(record: Callable[..., Awaitable[tuple[Simulator, str]]]) -> None:
    """Scheme and host in the event are a setting, for whoever checks them."""
    sim, url = await record(recording_origin="https://api.example.com")

    assert url.startswith("https://api.example.com/v1/files/")
    assert [(NUMBER, None, True)] == [(each.number, each.conference, each.ended) for each in sim.recordings]
