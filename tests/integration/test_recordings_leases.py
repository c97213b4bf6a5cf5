"""Several workers, dead ones and a deletion meet over one recording: it is fetched by one, and deleted for good."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from dialer.errors import StoreUnavailable
from dialer.keys import RECORDINGS_DUE
from dialer.keys import recording as recording_key
from dialer.recordings import fetching
from dialer.recordings.claims import MARK_MS, RecordingClaims
from dialer.recordings.fetching import Fetcher
from dialer.recordings.records import RecordingState
from dialer.store.recordings import LEASE_MS
from tests.fakes.recording_host import SOUND, RecordingHost
from tests.fakes.recordings import ALL, MINUTE_MS, BrokenStorage, Desk

ATTEMPT = "c1-1-1"


async def test_two_workers_fetch_one_recording_once(desk: Desk, host: RecordingHost) -> None:
    """Whoever claims it has it alone."""
    recording_id = await desk.note(host.origin + "/f-1")
    await asyncio.gather(*(desk.fetcher.work_off(recording_id) for _ in range(8)))

    assert 1 == len(host.asked)
    assert 1 == (await desk.one()).tries


async def test_dead_worker_is_followed_by_another(desk: Desk, host: RecordingHost) -> None:
    """One that died while it fetched leaves a lease that lapses, and half a file that is swept up."""
    recording_id = await desk.note(host.origin + "/f-1")
    assert await desk.claims.claim(recording_id)
    (desk.folder / "c1").mkdir(parents=True)
    (desk.folder / "c1" / f"{recording_id}#1").write_bytes(b"half")

    assert 0 == await desk.run()
    desk.engine.clock.advance_ms(LEASE_MS)
    await desk.run()
    assert {f"c1/{recording_id}": SOUND} == desk.files()
    assert (RecordingState.STORED, 2) == ((await desk.one()).state, (await desk.one()).tries)


async def test_worker_that_died_between_file_and_record(
    desk: Desk, host: RecordingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that no record knows of is fetched again and overwritten; until then nothing calls it whole."""

    async def die(*_: object) -> bool:
        raise StoreUnavailable("gone")

    recording_id = await desk.note(host.origin + "/f-1")
    with monkeypatch.context() as death:
        death.setattr(RecordingClaims, "store", die)
        with pytest.raises(StoreUnavailable):
            await desk.run()
    assert RecordingState.WAITING is (await desk.one()).state

    desk.engine.clock.advance_ms(LEASE_MS)
    await desk.run()
    assert RecordingState.STORED is (await desk.one()).state
    assert {f"c1/{recording_id}": SOUND} == desk.files()


class Gate:
    """A reply that is held back until the test lets it go."""

    def __init__(self) -> None:
        self.reached, self.opened = asyncio.Event(), asyncio.Event()

    async def reply(self, request: web.Request) -> web.StreamResponse:
        """Send half, wait, send the rest."""
        response = web.StreamResponse(headers={"Content-Type": "audio/wav", "Content-Length": str(len(SOUND))})
        await response.prepare(request)
        await response.write(SOUND[:100_000])
        self.reached.set()
        await self.opened.wait()
        await response.write(SOUND[100_000:])
        return response


async def test_delete_during_the_fetch_wins(desk: Desk, host: RecordingHost) -> None:
    """A fetch under way comes to nothing: neither record nor file is there at its end."""
    gate = Gate()
    host.replies = [gate.reply]
    recording_id = await desk.note(host.origin + "/f-1")
    fetching_it = asyncio.create_task(desk.fetcher.work_off(recording_id))
    await gate.reached.wait()
    await desk.engine.store.delete_recording(recording_id)
    gate.opened.set()
    await fetching_it

    assert ([], None) == await desk.engine.store.recordings(ALL)
    assert {} == desk.files()


async def test_fetch_stops_when_its_claim_is_lost(
    desk: Desk, host: RecordingHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was presumed dead finds that out by itself and stops."""
    monkeypatch.setattr(fetching, "RENEW_S", 0.02)
    gate = Gate()
    host.replies = [gate.reply]
    recording_id = await desk.note(host.origin + "/f-1")
    fetching_it = asyncio.create_task(desk.fetcher.work_off(recording_id))
    await gate.reached.wait()
    desk.engine.clock.advance_ms(LEASE_MS)
    other = await desk.claims.claim(recording_id)
    await asyncio.wait_for(fetching_it, 5)
    gate.opened.set()

    assert other
    assert {} == desk.files()
    assert RecordingState.WAITING is (await desk.one()).state


async def renewed(desk: Desk, recording_id: str) -> None:
    """Wait until the recording is held for a whole lease from now."""
    async with asyncio.timeout(10):
        while await desk.engine.redis.zscore(RECORDINGS_DUE, recording_id) != desk.engine.now_ms + LEASE_MS:  # noqa: ASYNC110 - Redis sets no event
            await asyncio.sleep(0.01)


async def test_long_fetch_keeps_its_claim(desk: Desk, host: RecordingHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes longer than a lease is not begun by another worker."""
    monkeypatch.setattr(fetching, "RENEW_S", 0.02)
    gate = Gate()
    host.replies = [gate.reply]
    recording_id = await desk.note(host.origin + "/f-1")
    fetching_it = asyncio.create_task(desk.fetcher.work_off(recording_id))
    await gate.reached.wait()
    for _ in range(3):
        desk.engine.clock.advance_ms(LEASE_MS - 1)
        await renewed(desk, recording_id)
        assert 0 == await desk.run()
    gate.opened.set()
    await fetching_it

    assert (RecordingState.STORED, 1) == ((await desk.one()).state, len(host.asked))


async def test_file_of_a_deleted_recording_is_deleted(desk: Desk, host: RecordingHost) -> None:
    """It goes with the next run; the mark stays as long as the carrier could tell of it."""
    recording_id = await desk.note(host.origin + "/f-1")
    await desk.run()
    await desk.engine.store.delete_recording(recording_id)
    await desk.run()

    left = await desk.engine.redis.pttl(recording_key(recording_id))
    assert ({}, 0) == (desk.files(), await desk.run())
    assert MARK_MS - 10_000 < left <= MARK_MS


async def test_file_is_deleted_when_the_storage_works_again(desk: Desk, host: RecordingHost) -> None:
    """A storage that fails keeps the mark due, so that nothing is left behind in the end."""
    recording_id = await desk.note(host.origin + "/f-1")
    await desk.run()
    storage = BrokenStorage(desk.folder.as_uri())
    fetcher = Fetcher(desk.claims, desk.fetcher._carrier, storage)
    await desk.engine.store.delete_recording(recording_id)
    await fetcher.work_off(recording_id)
    assert [SOUND] == list(desk.files().values())

    storage.broken = False
    desk.engine.clock.advance_ms(MINUTE_MS)
    await fetcher.work_off(recording_id)
    assert {} == desk.files()


async def test_deleting_long_after_its_campaign(desk: Desk, host: RecordingHost) -> None:
    """The files of a campaign that is deleted go too, although nothing else of it is left."""
    for number in range(3):
        await desk.note(f"{host.origin}/f-{number}")
    await desk.run()
    await desk.engine.cancel_campaign("c1-1-1")
    await desk.engine.store.reap(desk.engine.now_ms + 1)
    assert 3 == await desk.run()

    assert {} == desk.files()
    assert [] == list(desk.folder.iterdir())
