"""The catalogue of recordings: noted once, found by campaign, call and state, deleted without a trace but its mark."""

from __future__ import annotations

import pytest

from dialer.dispositions import Fact
from dialer.errors import NotFound
from dialer.keys import recording as recording_key
from dialer.model import NewCall, Priority
from dialer.recordings.records import RecordingState
from dialer.store import Applied, Deleted, Noted, Wanted
from tests.fakes.engine import Engine, event
from tests.fakes.recordings import ALL, DAY_MS, URL, recorded, told

ID = told().id
ATTEMPT = "c1-1-1"


@pytest.fixture
async def live(engine: Engine) -> Engine:
    """A running campaign whose first call is up."""
    await engine.run_campaign(calls=3)
    await engine.ring()
    return engine


async def listed(engine: Engine, wanted: Wanted = ALL) -> list[str]:
    """The ids that a list shows."""
    return [recording.id for recording in (await engine.store.recordings(wanted))[0]]


async def test_recording_is_noted_with_all_its_places(live: Engine) -> None:
    """It stands in its own hash, in the lists, among what is due, and with its attempt: all in one step."""
    before, now = await live.keyspace(), live.now_ms
    assert Noted.NEW is await live.store.note_recording(ATTEMPT, told())

    changed = await live.changed_since(before)
    assert {
        f"recording:{ID}": {
            "state": "waiting", "told": str(now), "url": URL, "campaign": "c1", "recording_uuid": f"uuid of {URL}",
            "start_time": "2026-01-02T03:04:05.000Z", "end_time": "2026-01-02T03:05:05.000Z", f"a:{ATTEMPT}": str(now),
        },
        "recordings": {ID: now}, "campaign:c1:recordings": {ID: now},
        "recordings:due": {ID: now}, "recordings:unfetched": {ID: now},
    } == {key: value for key, value in changed.items() if key != f"attempt:{ATTEMPT}"}  # fmt: skip
    assert str(now) == changed[f"attempt:{ATTEMPT}"][f"r:{ID}"]


async def test_same_recording_told_again_is_one(live: Engine) -> None:
    """The carrier's second try changes nothing, whenever it comes."""
    await live.store.note_recording(ATTEMPT, told())
    before = await live.keyspace()
    live.clock.advance_ms(10_000)

    assert Noted.KNOWN is await live.store.note_recording(ATTEMPT, told(size=1))
    assert {} == await live.changed_since(before)


async def test_members_of_a_conference_tell_of_one(live: Engine) -> None:
    """It belongs to each attempt that told of it, and to the campaign of the first."""
    await live.ring("n2", uuid="u2")
    await live.store.note_recording(ATTEMPT, told())
    live.clock.advance_ms(5)
    assert Noted.BELONGS_TOO is await live.store.note_recording("c1-2-1", told())

    recording = await live.store.recording(ID)
    assert [ATTEMPT, "c1-2-1"] == [str(attempt) for attempt in recording.attempts]
    assert [ID] == await listed(live, Wanted(call_id="c1-1")) == await listed(live, Wanted(call_id="c1-2"))
    assert [] == await listed(live, Wanted(call_id="c1-3"))
    assert [(ID,)] == [attempt.recordings for attempt in await live.store.attempts("c1-2")]


@pytest.mark.parametrize(("fields", "noted"), [(127, Noted.BELONGS_TOO), (128, Noted.KNOWN)])
async def test_a_recording_belongs_to_so_many_attempts_and_no_more(live: Engine, fields: int, noted: Noted) -> None:
    """Whatever the carrier tells of it, its hash stays small, and what is left out stands nowhere."""
    await live.ring("n2", uuid="u2")
    await live.store.note_recording(ATTEMPT, told())
    key = recording_key(ID)
    more = fields - await live.redis.hlen(key)  # type: ignore[misc]  # async
    await live.redis.hset(key, mapping={f"a:c1-{seq}-1": live.now_ms for seq in range(10, 10 + more)})  # type: ignore[misc]  # async
    before = await live.keyspace()

    assert noted is await live.store.note_recording("c1-2-1", told())
    assert (noted is Noted.KNOWN) is (await live.keyspace() == before)


@pytest.mark.parametrize("attempt_id", ["c1-2-1", "c9-1-1", "nonsense", "c1-1-2"])
async def test_recording_of_an_attempt_that_never_was_is_not_noted(live: Engine, attempt_id: str) -> None:
    """Nothing is stored for an attempt that is not there."""
    before = await live.keyspace()

    assert Noted.UNKNOWN_ATTEMPT is await live.store.note_recording(attempt_id, told())
    assert {} == await live.changed_since(before)


async def test_event_itself_is_kept_too(live: Engine) -> None:
    """The attempt shows the event beside the recording."""
    result = await live.store.apply_event(ATTEMPT, recorded())
    await live.store.note_recording(ATTEMPT, told())
    (attempt,) = await live.store.attempts("c1-1")

    assert Applied.NO_FACT is result.applied
    assert (["record"], (ID,)) == ([event.kind for event in attempt.events], attempt.recordings)


async def test_recordings_are_listed_newest_first_in_pages(live: Engine) -> None:
    """Every recording is on one page and one only, though many were told in the same millisecond."""
    for number in range(7):
        await live.store.note_recording(ATTEMPT, told(f"{URL}{number}"))
        live.clock.advance_ms(number % 2)
    pages, cursor = [], None
    while True:
        page, cursor = await live.store.recordings(ALL, cursor=cursor, limit=3)
        pages.append(page)
        if cursor is None:
            break

    told_at = [recording.told_at for page in pages for recording in page]
    assert [3, 3, 1] == [len(page) for page in pages]
    assert {told(f"{URL}{number}").id for number in range(7)} == {one.id for page in pages for one in page}
    assert sorted(told_at, reverse=True) == told_at


async def test_page_goes_on_where_its_cursor_was_deleted(live: Engine) -> None:
    """A recording that is deleted between two pages takes none with it."""
    for number in range(4):
        await live.store.note_recording(ATTEMPT, told(f"{URL}{number}"))
        live.clock.advance_ms(1)
    first, cursor = await live.store.recordings(ALL, limit=2)
    await live.store.delete_recording(first[-1].id)
    rest, _ = await live.store.recordings(ALL, cursor=cursor, limit=2)

    assert [told(f"{URL}{number}").id for number in (1, 0)] == [recording.id for recording in rest]


async def test_list_filters(live: Engine) -> None:
    """By campaign, call and state, alone and together."""
    await live.store.note_recording(ATTEMPT, told())

    assert [ID] == await listed(live, Wanted(campaign_id="c1", call_id="c1-1", state=RecordingState.WAITING))
    assert (
        [ID] == await listed(live, Wanted(campaign_id="c1")) == await listed(live, Wanted(state=RecordingState.WAITING))
    )
    assert [] == await listed(live, Wanted(state=RecordingState.STORED))
    assert [] == await listed(live, Wanted(call_id="c1-1", state=RecordingState.GONE))
    assert [] == await listed(live, Wanted(call_id="c1-1", campaign_id="c2"))


async def test_unknown_campaign_is_told(live: Engine) -> None:
    """A campaign that is not there is no campaign without recordings."""
    with pytest.raises(NotFound, match="no campaign 'c2'"):
        await live.store.recordings(Wanted(campaign_id="c2"))


async def test_deleted_recording_leaves_its_mark_only(live: Engine) -> None:
    """Nothing else names it any more; by the mark its file is deleted."""
    before = await live.keyspace()
    await live.store.note_recording(ATTEMPT, told())

    assert (Deleted.NOW, "c1") == await live.store.delete_recording(ID)
    assert {
        f"recording:{ID}": {"state": "deleted", "campaign": "c1"}, "recordings:due": {ID: live.now_ms},
    } == await live.changed_since(before)  # fmt: skip
    assert (Deleted.BEFORE, "c1") == await live.store.delete_recording(ID)
    with pytest.raises(NotFound):
        await live.store.recording(ID)


async def test_late_event_does_not_bring_it_back(live: Engine) -> None:
    """Another member of the conference, or the carrier's second try, changes nothing once it is deleted."""
    await live.store.note_recording(ATTEMPT, told())
    await live.store.delete_recording(ID)
    before = await live.keyspace()

    assert Noted.KNOWN is await live.store.note_recording(ATTEMPT, told())
    assert {} == await live.changed_since(before)


async def test_deleting_what_never_was_is_told(live: Engine) -> None:
    """There is nothing to delete, and nothing is stored of it."""
    before = await live.keyspace()

    assert (Deleted.NEVER_WAS, "") == await live.store.delete_recording(ID)
    assert {} == await live.changed_since(before)


async def test_old_recordings_are_deleted_by_age(live: Engine) -> None:
    """Those told before a moment, and no others."""
    await live.store.note_recording(ATTEMPT, told())
    live.clock.advance_ms(DAY_MS)
    await live.store.note_recording(ATTEMPT, told(URL + "2"))

    assert 1 == await live.store.delete_recordings_before(live.now_ms)
    assert [told(URL + "2").id] == await listed(live)
    assert 0 == await live.store.delete_recordings_before(live.now_ms)


async def test_recordings_go_with_their_campaign(live: Engine) -> None:
    """Of a campaign that is deleted nothing is left but the marks, by which the files follow."""
    for number in range(120):
        await live.store.note_recording(ATTEMPT, told(f"{URL}{number}"))
    await live.cancel_campaign("c1-1-1")

    assert 1 == await live.store.reap(live.now_ms + 1)
    keyspace = await live.keyspace()
    marks = {key for key in keyspace if key.startswith("recording:")}
    assert 120 == len(marks) == len(keyspace["recordings:due"])
    assert {
        "trunk:main",
        "wake",
        "carrier-uuid:u1",
        "recordings:due",
        "audit",
        "audit:chain",
    } >= await live.names_left() - marks


async def test_recording_of_a_single_call_goes_with_it(engine: Engine) -> None:
    """With the call that told of it first; a call that only shared it takes none away."""
    for number in ("+31612345678", "+31612345679"):
        await engine.store.enqueue_call(Priority.NORMAL, NewCall(number=number), key=None)
    await engine.ring()
    await engine.ring("n2", uuid="u2")
    await engine.store.note_recording("direct-2-1", told())
    engine.clock.advance_ms(1)
    await engine.store.note_recording("direct-1-1", told())

    for attempt_id, left in (("direct-1-1", [ID]), ("direct-2-1", [])):
        await engine.store.apply_event(attempt_id, event("busy", Fact.BUSY))
        assert 1 == await engine.store.reap(engine.now_ms + 1)
        assert left == await listed(engine)


async def test_overview_tells_the_age_of_the_oldest(live: Engine) -> None:
    """So that an alert can say that the carrier is about to delete it."""
    assert 0 == (await live.store.overview()).unfetched_ms
    await live.store.note_recording(ATTEMPT, told())
    live.clock.advance_ms(DAY_MS)
    await live.store.note_recording(ATTEMPT, told(URL + "2"))

    assert DAY_MS == (await live.store.overview()).unfetched_ms
