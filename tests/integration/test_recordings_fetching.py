"""Fetching recordings, from what the carrier told to the file: once, whole, again after any failure, never too late."""

from __future__ import annotations

import errno
from hashlib import sha256

import pytest
from prometheus_client import REGISTRY

from dialer.errors import StorageUnavailable
from dialer.keys import RECORDINGS_DUE
from dialer.recordings.records import RecordingState
from dialer.recordings.storage import Upload
from tests.fakes.kpn_gateway import World, replying
from tests.fakes.recording_host import GRANTED, SOUND, RecordingHost, broken_off, open_host, sounding
from tests.fakes.recordings import DAY_MS, HOUR_MS, MINUTE_MS, Desk

ATTEMPT = "c1-1-1"
CHECKSUM = sha256(SOUND).hexdigest()


def counted(result: str) -> float:
    """How many recordings have ended so, in this process."""
    return REGISTRY.get_sample_value("dialer_recordings_total", {"result": result}) or 0.0


async def test_recording_is_fetched_at_once(desk: Desk, host: RecordingHost) -> None:
    """What was told is due at once; then its file is there, and the catalogue has its size, checksum and type."""
    before = counted("stored")
    recording_id = await desk.note(host.origin + "/f-1")
    await desk.run()

    recording = await desk.one()
    assert {f"c1/{recording_id}": SOUND} == desk.files()
    assert (RecordingState.STORED, len(SOUND), CHECKSUM, "audio/mpeg", 1, None, None) == (
        recording.state, recording.size_bytes, recording.sha256, recording.content_type, recording.tries,
        recording.error, recording.next_try_at,
    )  # fmt: skip
    assert f"{recording_id}.mp3" == recording.file_name
    assert [before + 1, 0] == [counted("stored"), (await desk.engine.store.overview()).unfetched_ms]


async def test_what_is_stored_is_not_due_again(desk: Desk, host: RecordingHost) -> None:
    """It is fetched once, however often it is told."""
    for _ in range(3):
        await desk.note(host.origin + "/f-1")
        await desk.run()
        desk.engine.clock.advance_ms(DAY_MS)

    assert 1 == len(host.asked)


async def test_failed_fetch_is_tried_again(desk: Desk, host: RecordingHost) -> None:
    """After minutes, then hours, with the reason in words until it succeeds."""
    host.replies = [*([broken_off] * 6), sounding()]
    before = counted("carrier_failed")
    recording_id = await desk.note(host.origin + "/f-1")
    await desk.run()
    failed = await desk.one()
    assert (RecordingState.FAILED, "The recording broke off (ClientPayloadError)") == (failed.state, failed.error)
    assert ({}, before + 1) == (desk.files(), counted("carrier_failed"))

    for wait_ms in (MINUTE_MS, 2 * MINUTE_MS):
        desk.engine.clock.advance_ms(wait_ms - 1)
        assert 0 == await desk.run()
        desk.engine.clock.advance_ms(1)
        assert 1 == await desk.run()
    stored = await desk.one()
    assert (RecordingState.STORED, None, 3) == (stored.state, stored.error, stored.tries)
    assert {f"c1/{recording_id}": SOUND} == desk.files()


async def test_carriers_last_day_ends_all_trying(desk: Desk, host: RecordingHost) -> None:
    """A carrier that fails for 30 days is asked once more at their end, and then no more."""
    host.replies = [replying(503)]
    await desk.note(host.origin + "/f-1")
    told_ms = desk.engine.now_ms
    while await desk.run():
        due = await desk.engine.redis.zrange(RECORDINGS_DUE, 0, 0, withscores=True)
        desk.engine.clock.set_us(round(due[0][1]) * 1000 if due else desk.engine.now_ms * 1000)

    gone = await desk.one()
    assert 30 * DAY_MS == desk.engine.now_ms - told_ms
    assert (RecordingState.GONE, None) == (gone.state, gone.next_try_at)
    assert "The carrier keeps recordings for 30 days: " in (gone.error or "")
    assert 130 > gone.tries


async def test_recording_that_the_carrier_has_no_more_is_gone(desk: Desk, host: RecordingHost) -> None:
    """A carrier that deleted it is asked once."""
    host.replies = [replying(404)]
    before = counted("gone")
    await desk.note(host.origin + "/f-1")
    await desk.run()
    desk.engine.clock.advance_ms(DAY_MS)

    gone = await desk.one()
    assert 0 == await desk.run()
    assert (RecordingState.GONE, 1, before + 1) == (gone.state, len(host.asked), counted("gone"))
    assert "deletes them after 30 days" in (gone.error or "")
    assert {} == desk.files()


@pytest.mark.parametrize("status", [401, 403])
async def test_refusal_that_a_person_can_mend_is_tried_again_slowly(
    desk: Desk, host: RecordingHost, status: int
) -> None:
    """Another application's token is mended by hand: every hour it may have been."""
    host.replies = [replying(status), sounding()]
    await desk.note(host.origin + "/f-1")
    await desk.run()
    failed = await desk.one()
    desk.engine.clock.advance_ms(HOUR_MS)
    await desk.run()

    assert (RecordingState.FAILED, RecordingState.STORED) == (failed.state, (await desk.one()).state)
    assert "is it of another application?" in (failed.error or "")


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_without_a_token_nothing_is_given_up(desk: Desk, host: RecordingHost, world: World, status: int) -> None:
    """That the carrier gives no token, not even an address for one, says nothing about the recording."""
    world.gateway.replies = [replying(status)]
    await desk.note(host.origin + "/f-1")
    await desk.run()
    failed = await desk.one()
    world.gateway.replies = [GRANTED]
    desk.engine.clock.advance_ms(HOUR_MS)
    await desk.run()

    assert (RecordingState.FAILED, RecordingState.STORED) == (failed.state, (await desk.one()).state)
    assert "No token for recordings" in (failed.error or "")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.nexmo.com/v1/files/f-1",
        "https://evil.example/?nexmo.com",
        "https://api.nexmo.com.evil.example/v1/files/f-1",
        "https://user:secret@api.nexmo.com/v1/files/f-1",
        "file:///etc/passwd",
        "nonsense",
        "https://api.nexmo.com/" + "x" * 9000,
    ],
)
async def test_hostile_address_gets_nothing(desk: Desk, world: World, url: str) -> None:
    """No token is even asked for; it is gone, with the reason."""
    await desk.note(url)
    await desk.run()

    gone = await desk.one()
    assert (RecordingState.GONE, []) == (gone.state, world.gateway.arrivals)
    assert "The recording's address is not asked" in (gone.error or "")


async def test_redirect_to_a_hostile_host_gets_no_token(desk: Desk, host: RecordingHost) -> None:
    """What lies elsewhere is not fetched."""
    async with open_host() as elsewhere:
        host.replies = [replying(302, headers={"Location": elsewhere.origin + "/f-1"})]
        await desk.note(host.origin + "/f-1")
        await desk.run()

        assert (RecordingState.GONE, []) == ((await desk.one()).state, elsewhere.asked)


async def test_full_disk_is_tried_again(desk: Desk, host: RecordingHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the storage does not take is told in words and counted, and fetched again once there is room."""

    async def full(*_: object) -> None:
        raise StorageUnavailable("The storage is full: " + errno.errorcode[errno.ENOSPC])

    before = counted("storage_failed")
    await desk.note(host.origin + "/f-1")
    with monkeypatch.context() as disk:
        disk.setattr(Upload, "write", full)
        await desk.run()
    failed = await desk.one()
    assert (RecordingState.FAILED, "The storage is full: ENOSPC") == (failed.state, failed.error)
    assert ({}, before + 1) == (desk.files(), counted("storage_failed"))

    desk.engine.clock.advance_ms(MINUTE_MS)
    await desk.run()
    assert RecordingState.STORED is (await desk.one()).state


async def test_bug_is_tried_again_like_a_failure(
    desk: Desk, host: RecordingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever nobody foresaw delays one recording, and loses none."""

    async def break_down(*_: object) -> None:
        raise ZeroDivisionError

    await desk.note(host.origin + "/f-1")
    with monkeypatch.context() as bug:
        bug.setattr(Upload, "write", break_down)
        await desk.run()

    failed = await desk.one()
    assert RecordingState.FAILED is failed.state
    assert "ZeroDivisionError" in (failed.error or "")
