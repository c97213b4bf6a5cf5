"""The live stream: what a listener hears of campaigns and calls, and that it misses nothing when it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import aiohttp
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dialer import keys
from dialer.api import events, feed
from dialer.api.app import SHUTDOWN_S
from dialer.clock import now_ms
from dialer.dialing import Dialing, Pace
from dialer.dispositions import Fact
from dialer.leases import Leases
from dialer.runtime import Runtime
from dialer.settings import Settings
from tests.fakes.api_keys import kept
from tests.fakes.engine import event
from tests.fakes.fleet import Program, free_port
from tests.fakes.served import served
from tests.fakes.stream import Event, Stream, listening
from tests.integration.api.conftest import KEY, SECRET


@asynccontextmanager
async def another(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """One more API process on the same Redis, and a client of it."""
    async with (
        served(settings) as server,
        aiohttp.ClientSession(server.url, headers={"Authorization": f"Bearer {KEY}"}) as session,
    ):
        yield session


async def fill(api: aiohttp.ClientSession, campaign_id: str, calls: int = 1, *, start: bool = True) -> None:
    """Give the campaign calls and start it."""
    rows = "\n".join(f'{{"number": "+3120123{number:04d}", "name": "Ann"}}' for number in range(calls))
    where = f"/v1/campaigns/{campaign_id}"
    async with api.post(f"{where}/calls", data=rows, headers={"Content-Type": "application/x-ndjson"}) as added:
        assert 200 == added.status
    if start:
        async with api.post(f"{where}/start") as started:
            assert 200 == started.status


async def begin_one(runtime: Runtime) -> str:
    """Claim a call and begin its attempt, as a worker does; returns the attempt's id."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(300, 100), life=runtime.life)
    (dial,) = await dialing.read((await dialing.claim(1)).claims)
    await dialing.begin(dial, "nonce", lease_ms=60_000)
    return str(dial.attempt)


def told(event: Event) -> tuple[str, str, str | None]:
    """What a `call` says, but for the moment."""
    assert datetime.fromisoformat(event.data["changed_at"]).tzinfo
    return event.data["id"], event.data["state"], event.data["disposition"]


async def calls_of(stream: Stream, count: int) -> list[tuple[str, str, str | None]]:
    """The next so many changes of calls."""
    return [told(await stream.next("call")) for _ in range(count)]


async def test_whoever_begins_hears_how_it_is(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """First how long to wait before coming back, then each campaign that is not over, and the budget."""
    async with listening(api) as stream:
        campaign, budget = await stream.next("campaign"), await stream.next("budget")

        assert "text/event-stream" == stream.response.content_type
        assert ("no-store", "no") == tuple(stream.response.headers[n] for n in ("Cache-Control", "X-Accel-Buffering"))
        assert stream.response.headers["X-Request-Id"]
    assert 2000 == stream.retry_ms
    assert (campaign_id, "draft", 0) == tuple(campaign.data[name] for name in ("id", "state", "total"))
    assert campaign.data["counts"].keys() == {"waiting", "claimed", "placing", "unknown", "live", "done"}
    assert campaign.id == budget.id
    assert {"trunk": "main", "calls_per_second": 3.0, "accepted": 0, "refused": 0, "gate_s": 0.0} == budget.data[
        "trunks"
    ][0]
    assert (0, 0, 0) == tuple(budget.data[name] for name in ("live", "due", "workers"))


async def test_changed_campaign_is_told(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Its counts and its state, once for each second in which it changed."""
    async with listening(api) as stream:
        await stream.next("campaign")
        await fill(api, campaign_id, 3)
        changed = await stream.next("campaign")
        quiet = [await stream.until_budget("campaign") for _ in range(2)]
        budget = await stream.next("budget")

    assert ("running", 3, 3, 3) == (
        changed.data["state"],
        changed.data["total"],
        changed.data["counts"]["waiting"],
        changed.data["due"],
    )
    assert [[], []] == quiet
    assert 3 == budget.data["due"]


async def test_created_campaign_is_told(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Within a second, without being asked for; not to those who asked for others."""
    body = {"name": "Later", "kind": "notification", "script": {"text": "Hello."}}
    async with listening(api) as stream, listening(api, campaign_id) as narrow:
        await stream.next("campaign")
        async with api.post("/v1/campaigns", json=body) as created:
            assert 201 == created.status
        assert "Later" == (await stream.next("campaign")).data["name"]
        names = [event.data["name"] for _ in range(3) for event in await narrow.until_budget("campaign")]

        assert {"Harbour"} == set(names)


async def test_each_step_of_a_call_is_told(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """Calls that were added in one word, then each state of each call, in its order; nothing personal."""
    async with listening(api, campaign_id) as stream:
        await stream.next("campaign")
        await fill(api, campaign_id)
        added = await stream.next("calls")
        attempt = await begin_one(runtime)
        steps = await calls_of(stream, 2)
        async with api.post(f"/v1/campaigns/{campaign_id}/cancel") as cancelled:
            assert 200 == cancelled.status
        await runtime.store.apply_event(attempt, event("busy", Fact.BUSY))
        ended = await stream.next("call")

    call_id = f"{campaign_id}-1"
    assert (campaign_id, "waiting", None) == tuple(added.data[n] for n in ("campaign_id", "state", "disposition"))
    assert [(call_id, "claimed", None), (call_id, "placing", None)] == steps
    assert (call_id, "done", "busy") == told(ended)
    assert {"id", "campaign_id", "state", "disposition", "changed_at"} == ended.data.keys()


async def test_cancelled_calls_are_told_in_one_word(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """However many: whoever shows them reads them again."""
    await fill(api, campaign_id, 5)
    async with listening(api, campaign_id) as stream:
        await stream.next("campaign")
        async with api.post(f"/v1/campaigns/{campaign_id}/cancel") as cancelled:
            assert 200 == cancelled.status
        swept = await stream.next("calls", "call")
        campaign = await stream.next("campaign")

    assert ("calls", "done", "cancelled") == (swept.name, swept.data["state"], swept.data["disposition"])
    assert ("cancelled", 5) == (campaign.data["state"], campaign.data["dispositions"]["cancelled"])


async def test_calls_are_told_to_those_who_ask(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """Without a campaign none are, unless they are asked for."""
    async with listening(api) as plain, listening(api, calls="true") as all_calls:
        await plain.next("campaign")
        await all_calls.next("campaign")
        await fill(api, campaign_id)
        await begin_one(runtime)
        heard = await calls_of(all_calls, 2)
        unasked = [event for _ in range(2) for event in await plain.until_budget("call", "calls")]

    assert ["claimed", "placing"] == [state for _, state, _ in heard]
    assert [] == unasked


async def test_nothing_is_written_while_nobody_listens(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, redis: Redis
) -> None:
    """There is no stream, before the first listener; it expires by itself after the last."""
    await fill(api, campaign_id, 2)
    await begin_one(runtime)
    assert 0 == await redis.exists(keys.CHANGES)

    async with listening(api) as stream:
        await stream.next("campaign")
        await begin_one(runtime)
        assert 3 == await redis.xlen(keys.CHANGES)
    assert 100_000 < await redis.pttl(keys.CHANGES) <= 120_000


async def test_whoever_comes_back_misses_nothing(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, settings: Settings
) -> None:
    """Every change of a call since the last id, once, in order: here, and at another process."""
    await fill(api, campaign_id, 3)
    async with listening(api, campaign_id) as stream:
        await stream.next("campaign")
        await begin_one(runtime)
        before = await calls_of(stream, 1)
        last = stream.last_id
    await begin_one(runtime)
    async with listening(api, campaign_id, last=last) as back, another(settings) as other:
        here = await calls_of(back, 3)
        async with listening(other, campaign_id, last=last) as elsewhere:
            there = await calls_of(elsewhere, 3)
            await begin_one(runtime)
            assert await calls_of(back, 2) == await calls_of(elsewhere, 2)

    assert [(f"{campaign_id}-1", "claimed", None)] == before
    assert [(f"{campaign_id}-1", "placing", None), (f"{campaign_id}-2", "claimed", None)] == here[:2]
    assert here == there


async def test_killed_process_is_followed_by_another(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, redis_url: str, tmp_path: Path
) -> None:
    """What changes after a process was killed is told by the one to which the listener comes back."""
    await fill(api, campaign_id, 2)
    port = free_port()
    given = {
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "API_KEY": KEY,
        "WEBHOOK_SECRET": SECRET,
        "DATA_DIR": str(tmp_path),
    }
    process = Program("api", tmp_path / "api.log", given | {"DATA_DIR": str(tmp_path)})
    await process.start()
    try:
        await process.until_logged("The dialer API listens on")
        headers = {"Authorization": f"Bearer {KEY}"}
        doomed = aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers)
        async with doomed, listening(doomed, campaign_id) as stream:
            await stream.next("budget")
            await begin_one(runtime)
            before, last = await calls_of(stream, 1), stream.last_id
            await process.kill()
    finally:
        if process.runs:
            await process.kill()
    await begin_one(runtime)
    async with listening(api, campaign_id, last=last) as back:
        after = await calls_of(back, 3)

    first, second = f"{campaign_id}-1", f"{campaign_id}-2"
    assert [(first, "claimed", None)] == before
    assert [(first, "placing", None), (second, "claimed", None), (second, "placing", None)] == after


async def test_campaign_that_ended_meanwhile_is_told(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Also to those who hear of all campaigns that are not over; not to those who begin."""
    await fill(api, campaign_id)
    async with listening(api) as stream:
        last = (await stream.next("budget")).id
    async with api.post(f"/v1/campaigns/{campaign_id}/cancel"):
        await _complete(runtime)
    async with listening(api, last=last) as back:
        ended = (await back.next("campaign")).data
    assert (campaign_id, "cancelled") == (ended["id"], ended["state"])
    async with listening(api) as fresh:
        assert [] == await fresh.until_budget("campaign")


async def _complete(runtime: Runtime) -> None:
    await Leases(runtime.batch, runtime.clock).complete_campaigns()


@pytest.mark.parametrize("last", ["1-0", "99999999999999-0"])
async def test_place_that_is_not_known_begins_anew(last: str, api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Too long ago, or ahead of all: a `reset`, then all as for one that begins."""
    async with listening(api, campaign_id, last=last) as stream:
        reset, campaign = await stream.next("reset", "campaign"), await stream.next("reset", "campaign")

    assert ("reset", {"reason": "too_old"}) == reset[:2]
    assert ("campaign", campaign_id) == (campaign.name, campaign.data["id"])
    assert last != reset.id


async def test_lost_changes_are_told_as_such(api: aiohttp.ClientSession, campaign_id: str, redis: Redis) -> None:
    """Where Redis comes back without what it had."""
    async with listening(api, campaign_id) as stream:
        await stream.next("budget")
        await redis.delete(keys.CHANGES)
        reset, campaign = await stream.next("reset"), await stream.next("campaign")

    assert ({"reason": "lost"}, campaign_id) == (reset.data, campaign.data["id"])


async def test_whoever_falls_behind_begins_anew(
    api: aiohttp.ClientSession, campaign_id: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More changes than are kept, before they were sent on: a `reset`, and memory stays flat."""
    monkeypatch.setattr(feed, "KEPT", 10)
    async with listening(api, campaign_id) as stream:
        await stream.next("budget")
        await _flood(redis, campaign_id, 50)
        reset = await stream.next("reset", "call")
        await _flood(redis, campaign_id, 1)
        after = await stream.next("call")

    assert ("reset", {"reason": "too_slow"}) == reset[:2]
    assert (f"{campaign_id}-1", "live", None) == told(after)


async def _flood(redis: Redis, campaign_id: str, count: int) -> None:
    async with redis.pipeline(transaction=False) as pipe:
        for _ in range(count):
            pipe.xadd(keys.CHANGES, {"what": f"call {campaign_id}-1 live 1790000000000"})
        await pipe.execute()


async def test_whoever_does_not_read_is_cut_off(
    url: str, campaign_id: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept for it beyond what connection and kernel hold."""
    monkeypatch.setattr(events, "SLOW_S", 0.5)
    monkeypatch.setattr(feed, "KEPT", 100_000)
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=1024)
    line = f"GET /v1/events?campaign_id={campaign_id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    writer.write(line.encode())
    assert b"200 OK" in await reader.readline()
    with capture_logs() as logs:
        async with asyncio.timeout(20):
            while not logs:
                await _flood(redis, campaign_id, 2000)
                await asyncio.sleep(0.1)
    writer.close()

    assert ["too_slow"] == [line["ended"] for line in logs]


async def test_deleted_campaign_is_gone(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """Whoever shows it takes it away."""
    async with api.post(f"/v1/campaigns/{campaign_id}/cancel"):
        await _complete(runtime)
    async with listening(api) as everything, listening(api, campaign_id) as narrow:
        await everything.next("budget")
        await narrow.next("budget")
        assert 1 == await runtime.store.reap(now_ms(runtime.clock) + 1000)
        assert [{"id": campaign_id}] * 2 == [(await one.next("gone")).data for one in (everything, narrow)]


async def test_as_many_listen_as_may(settings: Settings) -> None:
    """One more is told to come back later; who leaves makes room."""
    async with another(settings.model_copy(update={"most_listeners": 1})) as api:
        async with listening(api) as stream:
            await stream.next("budget")
            async with api.get("/v1/events") as refused:
                problem = await refused.json()
        assert (503, "5", "/problems/too-many-listeners") == (
            refused.status,
            refused.headers["Retry-After"],
            problem["type"],
        )
        async with asyncio.timeout(5):
            while not await _is_taken(api):  # noqa: ASYNC110 - that the other left is found when it is told the next
                await asyncio.sleep(0.1)


async def test_one_key_has_half_of_the_places(settings: Settings, runtime: Runtime) -> None:
    """A system that opens stream after stream shuts out itself alone; another key and the first one still listen."""
    greedy, other = [{"Authorization": f"Bearer {await kept(runtime)}"} for _ in range(2)]
    async with another(settings.model_copy(update={"most_listeners": 4})) as api, AsyncExitStack() as streams:
        for _ in range(2):
            assert 200 == (await streams.enter_async_context(api.get("/v1/events", headers=greedy))).status
        async with api.get("/v1/events", headers=greedy) as refused:
            assert (503, "/problems/too-many-listeners") == (refused.status, (await refused.json())["type"])
        for headers in (other, {}):
            assert 200 == (await streams.enter_async_context(api.get("/v1/events", headers=headers))).status


async def _is_taken(api: aiohttp.ClientSession) -> bool:
    async with api.get("/v1/events") as response:
        return response.status == 200


async def test_streams_end_with_the_process(settings: Settings) -> None:
    """At once, and in order: listeners see an end, not a broken connection."""
    headers = {"Authorization": f"Bearer {KEY}"}
    async with (
        served(settings) as server,
        aiohttp.ClientSession(server.url, headers=headers) as api,
        listening(api) as stream,
    ):
        await stream.next("budget")
        began = monotonic()
        server.running.cancel()
        while await stream.event():
            pass
        with suppress(asyncio.CancelledError):
            await server.running

        assert monotonic() - began < SHUTDOWN_S / 2  # who is waited for takes all of it


@pytest.mark.parametrize(
    ("query", "last", "refusal"),
    [
        ("campaign_id=c0", "", (404, None)),
        ("campaign_id=C%3A1", "", (422, "campaign_id.0")),
        ("calls=perhaps", "", (422, "calls")),
        ("calls=true&calls=true", "", (422, "calls")),
        ("", "yesterday", (422, "Last-Event-ID")),
    ],
)
async def test_wrong_wish_is_refused(
    query: str, last: str, refusal: tuple[int, str | None], api: aiohttp.ClientSession, redis: Redis
) -> None:
    """With the field, before anything is begun."""
    async with api.get(f"/v1/events?{query}", headers={"Last-Event-ID": last}) as response:
        assert refusal == (response.status, (await response.json()).get("field"))
    assert 0 == await redis.exists(keys.CHANGES)


async def test_head_tells_what_it_would_be(api: aiohttp.ClientSession) -> None:
    """The head alone."""
    async with api.head("/v1/events") as response:
        assert (200, "text/event-stream") == (response.status, response.content_type)


async def test_revoked_key_hears_nothing_more(
    api: aiohttp.ClientSession, url: str, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream ends within the time after which keys are looked at again."""
    monkeypatch.setattr(events, "KEY_CHECKED_EVERY_S", 0.2)
    async with api.post("/v1/keys", json={"name": "page", "roles": ["read"]}) as created:
        made = await created.json()
        assert 201 == created.status
    headers = {"Authorization": f"Bearer {made['key']}"}
    async with aiohttp.ClientSession(url, headers=headers) as reader, listening(reader, campaign_id) as stream:
        for _ in range(2):
            await stream.next("budget")
        async with api.delete(f"/v1/keys/{made['id']}") as revoked:
            assert revoked.ok
        async with asyncio.timeout(5):
            while await stream.event():
                pass
