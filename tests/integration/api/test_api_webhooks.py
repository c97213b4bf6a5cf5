"""`/webhooks/{token}/...`: what the carrier fetches and tells."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis
from structlog.testing import capture_logs

from dialer import keys
from dialer.dispositions import Disposition
from dialer.model import AttemptRef
from dialer.runtime import Runtime
from dialer.tokens import make_token

Everything = Callable[[], Awaitable[dict[str, bytes]]]

PAYLOADS = Path(__file__).parents[2] / "data" / "payloads"
EVENTS: dict[str, dict[str, Any]] = {
    f"{path.parent.parent.name}-{path.stem}": json.loads(path.read_text("utf-8"))
    for path in sorted(PAYLOADS.rglob("*webhook*/*.json"))
}
COMPLETED = {"status": "completed", "uuid": "u", "duration": "7", "timestamp": "2026-01-01T00:00:09Z"}


def _ignored(reason: str) -> float:
    return REGISTRY.get_sample_value("dialer_callbacks_ignored_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_answer_is_the_text_with_the_persons_own_values(
    method: str, stranger: aiohttp.ClientSession, webhook: str
) -> None:
    """The carrier gets an NCCO that speaks the campaign's text to this person."""
    async with stranger.request(method, f"{webhook}/answer?uuid=u&to=1&from=2") as response:
        actions = await response.json()

    assert (200, "application/json") == (response.status, response.content_type)
    assert [("talk", "Hello Ann.", "nl-NL")] == [(a["action"], a["text"], a["language"]) for a in actions]


async def test_fetched_answer_is_noted_with_the_attempt(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """That the script was fetched is kept as an event; it is no fact about the call."""
    await stranger.get(f"{webhook}/answer")
    call_id = attempt_id.rpartition("-")[0]
    while not (attempt := (await runtime.store.attempts(call_id))[0]).events:
        pass

    assert ["answer_fetched"] == [event.kind for event in attempt.events]
    assert frozenset() == attempt.facts


async def test_event_is_applied_once(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """A completed conversation ends the call; its repeat is taken, counted and changes nothing."""
    before = _ignored("repeated")
    for _ in range(2):
        async with stranger.post(f"{webhook}/event", json=COMPLETED) as response:
            assert (204, b"") == (response.status, await response.read())
    call = await runtime.store.call(attempt_id.rpartition("-")[0])

    assert Disposition.ANSWERED is call.disposition
    assert 1 == _ignored("repeated") - before


async def test_event_in_the_query_is_applied_alike(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """GET carries the same event as parameters."""
    async with stranger.get(f"{webhook}/event", params=COMPLETED) as response:
        assert 204 == response.status
    call = await runtime.store.call(attempt_id.rpartition("-")[0])

    assert Disposition.ANSWERED is call.disposition


@pytest.mark.parametrize("payload", EVENTS)
async def test_recorded_event_is_taken(payload: str, stranger: aiohttp.ClientSession, webhook: str) -> None:
    """Every payload seen in the field is acknowledged, as POST and as GET."""
    event = EVENTS[payload]
    flat = {name: value if isinstance(value, str) else json.dumps(value) for name, value in event.items()}
    async with stranger.post(f"{webhook}/event", json=event) as posted:
        pass
    async with stranger.get(f"{webhook}/event?{urlencode(flat)}") as fetched:
        pass

    assert (204, 204) == (posted.status, fetched.status)


async def test_unknown_event_is_kept(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """An event that nobody knows is taken and kept with all it said."""
    event = {"status": "levitating", "height": [1, {"m": 2}], "none": None}
    async with stranger.post(f"{webhook}/event", json=event) as response:
        assert 204 == response.status
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert [("unrecognised", event)] == [(kept.kind, kept.payload) for kept in attempt.events]


@pytest.mark.parametrize("way", ["body", "query"])
async def test_a_figure_beyond_all_figures_hides_no_call(
    way: str, stranger: aiohttp.ClientSession, api: aiohttp.ClientSession, webhook: str, attempt_id: str
) -> None:
    """JSON has numbers that no program holds: the event is taken, and whoever looks at its call sees it."""
    event = b'{"status": "levitating", "height": [1e999, -1e999, 1], "unit": "Infinity"}'
    query = {"status": "levitating", "height": "[1e999, -1e999, 1]", "unit": "Infinity"}
    method, given = ("POST", {"data": event}) if way == "body" else ("GET", {"params": query})
    async with stranger.request(method, f"{webhook}/event", **given) as response:
        assert 204 == response.status
    async with api.get(f"/v1/calls/{attempt_id.rpartition('-')[0]}") as response:
        told = (await response.json())["attempts"][0]["events"][0]["payload"]

    assert {"status": "levitating", "height": [None, None, 1], "unit": "Infinity"} == told


@pytest.mark.parametrize("path", ["answer", "event"])
@pytest.mark.parametrize("token", ["x", "direct-1-1.AAAAAAAAAAAAAAAAAAAAAA", ".x", "%ED%A0%80.%00"])
async def test_forged_token_is_not_found_and_counted(
    token: str, path: str, stranger: aiohttp.ClientSession, everything: Everything
) -> None:
    """A token that we did not make finds nothing, reads nothing and changes nothing."""
    before, stored = _ignored("forged_token"), await everything()
    async with stranger.post(f"/webhooks/{token}/{path}", data=b"\xff") as response:
        assert 404 == response.status

    assert 1 == _ignored("forged_token") - before
    assert stored == await everything()


@pytest.mark.parametrize("attempt", ["direct-1-1", "nonsense", ""])
@pytest.mark.parametrize("path", ["answer", "event"])
async def test_token_of_no_attempt_is_not_found_and_counted(
    path: str, attempt: str, stranger: aiohttp.ClientSession, everything: Everything
) -> None:
    """A token of ours for an attempt that is gone finds nothing."""
    before, stored = _ignored("unknown_attempt"), await everything()
    token = make_token("the secret of these tests", attempt)
    async with stranger.post(f"/webhooks/{token}/{path}", json=COMPLETED) as response:
        assert 404 == response.status

    assert 1 == _ignored("unknown_attempt") - before
    assert stored == await everything()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"completed"', 400),
        (b'{"status": NaN}', 400),
        (b'{"status": "\xff"}', 400),
        (b'{"a":' + b"[" * 50_000, 400),
        (b'{"status": "' + b"x" * 65_536 + b'"}', 413),
    ],
)
async def test_unreadable_event_is_refused(
    body: bytes, status: int, stranger: aiohttp.ClientSession, webhook: str, everything: Everything
) -> None:
    """What is no JSON object of reasonable size is refused and counted; the carrier does not repeat it."""
    before, stored = _ignored("unreadable"), await everything()
    async with stranger.post(f"{webhook}/event", data=body, headers={"Content-Type": "application/json"}) as response:
        assert status == response.status

    assert 1 == _ignored("unreadable") - before
    assert stored == await everything()


async def test_script_that_cannot_be_spoken_is_a_failure_of_ours(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, redis: Redis
) -> None:
    """A stored script that is broken answers 500 with the request's id and nothing else about it."""
    ref = AttemptRef.parse(attempt_id)
    assert ref is not None
    await redis.execute_command("HSET", keys.campaign(ref.call.campaign_id), "script", '{"text": "{{"}')  # type: ignore[no-untyped-call]
    async with stranger.get(f"{webhook}/answer", headers={"X-Request-Id": "r-1"}) as response:
        problem = await response.json()

    assert (500, "/problems/internal", "r-1") == (response.status, problem["type"], problem["request_id"])


async def test_person_who_heard_nothing_was_not_reached(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, redis: Redis, api: aiohttp.ClientSession
) -> None:
    """Where what to say could not be served, the call ends as failed, though the carrier tells of a conversation."""
    ref = AttemptRef.parse(attempt_id)
    assert ref is not None
    await redis.execute_command("HSET", keys.campaign(ref.call.campaign_id), "script", '{"text": "{{"}')  # type: ignore[no-untyped-call]
    await stranger.get(f"{webhook}/answer")
    for event in ({"status": "answered"}, {"status": "completed", "duration": "9"}):
        await stranger.post(f"{webhook}/event", json=event | {"uuid": "u", "timestamp": "2026-01-01T12:00:00Z"})
    async with api.get(f"/v1/calls/{ref.call}") as response:
        call = await response.json()

    assert ["failed"] == [attempt["disposition"] for attempt in call["attempts"]]


@pytest.mark.parametrize(("method", "path"), [("HEAD", "answer"), ("PUT", "event"), ("DELETE", "answer")])
async def test_other_methods_are_refused(
    method: str, path: str, stranger: aiohttp.ClientSession, webhook: str, everything: Everything
) -> None:
    """Only what the carrier does is taken; a HEAD is no fetching of the script."""
    stored = await everything()
    async with stranger.request(method, f"{webhook}/{path}") as response:
        assert (405, "GET, POST") == (response.status, response.headers["Allow"])

    assert stored == await everything()


async def test_token_is_never_logged(stranger: aiohttp.ClientSession, webhook: str) -> None:
    """The log line names the route and the attempt, not the path that is a secret."""
    with capture_logs() as logs:
        await stranger.post(f"{webhook}/event", json=COMPLETED)
        await stranger.get(f"{webhook}x/answer")

    assert [204, 404] == [line["status"] for line in logs]
    assert webhook.rpartition(".")[2] not in str(logs)
