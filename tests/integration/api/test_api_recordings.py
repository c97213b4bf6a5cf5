"""`/v1/recordings` and the webhook that a recording is told by."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer.providers.assets import Recording
from dialer.recordings.claims import Claim, RecordingClaims
from dialer.recordings.storage import PIECE_BYTES
from dialer.runtime import Runtime
from tests.fakes.recordings import SOUND, URL, record_event, told

ID = told().id
PATH = f"/v1/recordings/{ID}"
ETAG = f'"{sha256(SOUND).hexdigest()}"'


async def answer_of(api: aiohttp.ClientSession, path: str, status: int = 200) -> Any:
    """The JSON of a GET that is answered so."""
    async with api.get(path) as response:
        assert status == response.status, await response.text()
        return await response.json()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_recording_is_kept_before_its_event_is_acknowledged(
    method: str, api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str, attempt_id: str
) -> None:
    """At the 204 it is in the catalogue, due, and linked to its attempt, call and campaign."""
    before = REGISTRY.get_sample_value("dialer_recordings_total", {"result": "told"}) or 0
    event = record_event()
    sent = {"params": {name: str(value) for name, value in event.items()}} if method == "GET" else {"json": event}
    async with stranger.request(method, f"{webhook}/event", **sent) as response:
        assert 204 == response.status

    recording = await answer_of(api, PATH)
    call_id = attempt_id.rpartition("-")[0]
    assert ("waiting", [attempt_id], [call_id]) == (recording["state"], recording["attempts"], recording["calls"])
    assert call_id.rpartition("-")[0] == recording["campaign_id"]
    assert ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z") == (recording["started_at"], recording["ended_at"])
    assert [[ID]] == [each["recordings"] for each in (await answer_of(api, f"/v1/calls/{call_id}"))["attempts"]]
    assert before + 1 == REGISTRY.get_sample_value("dialer_recordings_total", {"result": "told"})


async def test_recording_told_twice_is_one(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str
) -> None:
    """The carrier's second try, an hour later or at the same moment, is no second recording."""
    posts = [stranger.post(f"{webhook}/event", json=record_event(timestamp=f"2026-01-02T03:0{n}:00Z")) for n in (5, 6)]
    await asyncio.gather(*posts, stranger.post(f"{webhook}/event", json=record_event()))

    assert [ID] == [recording["id"] for recording in (await answer_of(api, "/v1/recordings"))["recordings"]]


async def test_recording_whose_first_event_was_lost_halfway_is_kept_by_the_second(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str, redis: Redis
) -> None:
    """An event that is a repeat to its attempt still brings in the recording that is missing."""
    await stranger.post(f"{webhook}/event", json=record_event())
    await redis.delete(f"{{dialer}}:recording:{ID}")
    await stranger.post(f"{webhook}/event", json=record_event())

    assert "waiting" == (await answer_of(api, PATH))["state"]


async def test_recordings_of_one_moment_are_both_kept(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str
) -> None:
    """Two recordings whose events look alike to the attempt are two."""
    for number in (1, 2):
        await stranger.post(f"{webhook}/event", json=record_event(f"{URL}{number}"))

    assert 2 == len((await answer_of(api, "/v1/recordings"))["recordings"])


async def test_list_is_filtered_and_paged(
    api: aiohttp.ClientSession, runtime: Runtime, attempt_id: str, campaign_id: str
) -> None:
    """By campaign, call and state, page by page."""
    for number in range(3):
        await runtime.store.note_recording(attempt_id, told(f"{URL}{number}"))
    call_id = attempt_id.rpartition("-")[0]
    first = await answer_of(api, f"/v1/recordings?campaign_id={campaign_id}&state=waiting&limit=2")
    rest = await answer_of(api, f"/v1/recordings?limit=2&cursor={first['next_cursor']}")

    assert {told(f"{URL}{number}").id for number in range(3)} == {
        recording["id"] for page in (first, rest) for recording in page["recordings"]
    }
    assert (2, None) == (len(first["recordings"]), rest["next_cursor"])
    assert 3 == len((await answer_of(api, f"/v1/recordings?call_id={call_id}"))["recordings"])
    assert [] == (await answer_of(api, "/v1/recordings?state=stored"))["recordings"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("state=lost", 422, "state"),
        ("cursor=1-x", 422, "cursor"),
        ("limit=0", 422, "limit"),
        ("campaign_id=a:b", 422, "campaign_id"),
        ("call_id=A", 422, "call_id"),
        ("colour=red", 422, "colour"),
        ("campaign_id=c1", 404, None),
    ],
)
async def test_wrong_query_names_its_field(
    query: str, status: int, field: str | None, api: aiohttp.ClientSession
) -> None:
    """What is wrong is named."""
    assert field == (await answer_of(api, f"/v1/recordings?{query}", status)).get("field")


async def test_sound_is_streamed_whole(api: aiohttp.ClientSession, stored: Claim) -> None:
    """With its type, its length, its checksum and a name to save it under."""
    assert stored
    async with api.get(f"{PATH}/audio") as response:
        body = await response.read()

    assert (200, SOUND) == (response.status, body)
    wanted = {
        "Content-Type": "audio/wav", "Content-Length": str(len(SOUND)), "ETag": ETAG, "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{ID}.wav"', "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private",
    }  # fmt: skip
    assert wanted == {name: response.headers[name] for name in wanted}
    async with api.head(f"{PATH}/audio") as response:
        assert (200, str(len(SOUND))) == (response.status, response.headers["Content-Length"])


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-", 0, len(SOUND) - 1),
        ("bytes=0-0", 0, 0),
        ("bytes=100-299", 100, 299),
        (f"bytes={PIECE_BYTES - 1}-{PIECE_BYTES}", PIECE_BYTES - 1, PIECE_BYTES),
        ("bytes=-5", len(SOUND) - 5, len(SOUND) - 1),
        ("bytes=-99999999999", 0, len(SOUND) - 1),
        ("bytes=7-99999999999", 7, len(SOUND) - 1),
    ],
)
async def test_part_of_the_sound_is_served(
    asked: str, first: int, last: int, api: aiohttp.ClientSession, stored: Claim
) -> None:
    """So that a player can seek."""
    assert stored
    async with api.get(f"{PATH}/audio", headers={"Range": asked, "If-Range": ETAG}) as response:
        body = await response.read()

    assert (206, f"bytes {first}-{last}/{len(SOUND)}") == (response.status, response.headers["Content-Range"])
    assert SOUND[first : last + 1] == body


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=5-3"},
        {"Range": "bytes=0-1,5-6"},
        {"Range": "lines=0-1"},
        {"Range": "bytes=-"},
        {"Range": "bytes=0-1", "If-Range": '"another"'},
    ],
)
async def test_range_that_is_none_is_ignored(
    headers: dict[str, str], api: aiohttp.ClientSession, stored: Claim
) -> None:
    """The whole file answers what asks for no part, for several, or for a part of another file (RFC 9110)."""
    assert stored
    async with api.get(f"{PATH}/audio", headers=headers) as response:
        assert (200, SOUND) == (response.status, await response.read())


async def test_range_behind_the_end_is_refused(api: aiohttp.ClientSession, stored: Claim) -> None:
    """With the size of the file."""
    assert stored
    async with api.get(f"{PATH}/audio", headers={"Range": f"bytes={len(SOUND)}-"}) as response:
        problem = await response.json()

    assert (416, f"bytes */{len(SOUND)}") == (response.status, response.headers["Content-Range"])
    assert "/problems/range-not-satisfiable" == problem["type"]


async def test_sound_that_is_not_fetched_yet_is_told_so(
    api: aiohttp.ClientSession, claims: RecordingClaims, claim: Claim
) -> None:
    """With the reason and the moment of the next try."""
    await claims.try_again(claim, "The recording broke off", at_ms=1_900_000_000_000)
    problem = await answer_of(api, f"{PATH}/audio", 409)

    assert "/problems/recording-not-fetched" == problem["type"]
    assert "yet: The recording broke off. It is tried again at 2030-03-17 17:46 UTC." in problem["detail"]


async def test_sound_that_is_gone_is_not_found(
    api: aiohttp.ClientSession, claims: RecordingClaims, claim: Claim
) -> None:
    """With the reason."""
    await claims.give_up(claim, "The carrier has no such recording")
    problem = await answer_of(api, f"{PATH}/audio", 404)

    assert "There is no sound of this recording: The carrier has no such recording." == problem["detail"]


async def test_file_that_somebody_took_away_is_told(api: aiohttp.ClientSession, stored: Claim, tmp_path: Path) -> None:
    """A record whose file is missing answers as a problem, not with half a body."""
    (tmp_path / "recordings" / stored.object_name).unlink()

    assert "has no file" in (await answer_of(api, f"{PATH}/audio", 404))["detail"]


@pytest.mark.parametrize("path", ["", "/audio"])
async def test_recording_that_never_was_is_not_found(path: str, api: aiohttp.ClientSession) -> None:
    """Nor is one whose name is no id."""
    assert f"there is no recording {ID!r}" == (await answer_of(api, PATH + path, 404))["detail"]
    await answer_of(api, f"/v1/recordings/R%3A1{path}", 404)


async def test_deleted_recording_is_gone_at_once(
    api: aiohttp.ClientSession, stored: Claim, tmp_path: Path, redis: Redis
) -> None:
    """Its file too; deleting it again is no error, deleting what never was is."""
    assert stored
    for status in (204, 204):
        async with api.delete(PATH) as response:
            assert status == response.status
    await answer_of(api, PATH, 404)
    async with api.delete(f"/v1/recordings/{told('x').id}") as response:
        assert 404 == response.status

    assert [] == list((tmp_path / "recordings").iterdir())
    mark = await redis.hgetall(f"{{dialer}}:recording:{ID}")  # type: ignore[misc] # the library's annotation
    assert {"state": "deleted", "campaign": stored.object_name.partition("/")[0]} == mark


async def test_deleted_recording_does_not_come_back(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str, claims: RecordingClaims, claim: Claim
) -> None:
    """Neither by a fetch under way nor by a late event."""
    await api.delete(PATH)
    late = await claims.store(claim, Recording(size_bytes=1, sha256="0", content_type="audio/wav"))
    await stranger.post(f"{webhook}/event", json=record_event())

    assert not late
    await answer_of(api, PATH, 404)


async def test_storage_that_fails_is_told(api: aiohttp.ClientSession, stored: Claim, tmp_path: Path) -> None:
    """The recording is hidden all the same, and the file is due to be deleted."""
    (tmp_path / "recordings").rename(tmp_path / "away")
    (tmp_path / "recordings").touch()
    assert stored
    async with api.delete(PATH) as response:
        problem = await response.json()

    assert (503, "/problems/storage-unavailable") == (response.status, problem["type"])
    await answer_of(api, PATH, 404)


async def test_recordings_need_the_key(stranger: aiohttp.ClientSession, stored: Claim) -> None:
    """Nobody else hears them."""
    assert stored
    for method, path in (("GET", "/v1/recordings"), ("GET", PATH), ("GET", f"{PATH}/audio"), ("DELETE", PATH)):
        async with stranger.request(method, path) as response:
            assert 401 == response.status
