"""`/webhooks/{token}/reply/{position}` and `/leg`: what a call says after keys, and what is stored before that."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer import keys
from dialer.dispositions import Disposition, Fact
from dialer.runtime import Runtime

SCRIPT = {
    "text": "Hello {{ name }}.", "language": "en-GB", "confirm_key": "1", "repeat_key": "2", "opt_out_key": "9",
}  # fmt: skip
AT = "2026-01-01T00:00:09Z"
COMPLETED = {"status": "completed", "uuid": "u", "duration": "7", "timestamp": AT}


@pytest.fixture
async def campaign_id(api: aiohttp.ClientSession) -> str:
    """A draft whose text asks for keys."""
    body = {"name": "Harbour", "kind": "notification", "script": SCRIPT}
    async with api.post("/v1/campaigns", json=body) as response:
        assert 201 == response.status, await response.text()
        return str((await response.json())["id"])


def input_event(digits: str, *, timed_out: bool = False) -> dict[str, Any]:
    """The carrier's event of keys."""
    return {"dtmf": {"digits": digits, "timed_out": timed_out}, "uuid": "u", "timestamp": AT}


def texts(actions: list[dict[str, Any]]) -> list[str]:
    """What an NCCO speaks."""
    return [action["text"] for action in actions if action["action"] == "talk"]


async def facts_of(runtime: Runtime, attempt_id: str) -> frozenset[Fact]:
    """What is known of the attempt."""
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])
    return attempt.facts


async def test_the_answer_asks_and_names_where_keys_go(stranger: aiohttp.ClientSession, webhook: str) -> None:
    """The NCCO ends in an input whose event comes back to the position of the question."""
    async with stranger.get(f"{webhook}/answer") as response:
        actions = await response.json()

    assert ["talk", "talk", "input"] == [action["action"] for action in actions]
    assert "Hello Ann." == actions[0]["text"]
    assert actions[-1]["eventUrl"][0].endswith(f"{webhook}/reply/0")


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_the_confirm_key_is_stored_before_it_is_thanked_for(
    method: str, stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """When the person hears that it was received, the attempt has the fact, and what was pressed."""
    event = input_event("1")
    flat = urlencode({name: v if isinstance(v, str) else json.dumps(v) for name, v in event.items()})
    query, body = (f"?{flat}", None) if method == "GET" else ("", event)
    async with stranger.request(method, f"{webhook}/reply/0{query}", json=body) as response:
        actions = await response.json()
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert ["Thank you. Your confirmation has been received."] == texts(actions)
    assert (Fact.CONFIRMED in attempt.facts, "1") == (True, attempt.keys)


async def test_a_key_pressed_in_a_script_that_was_replaced_means_nothing_in_the_new_one(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """Who confirms while an operator transfers the call hears the new script, and is not taken at its keys' meaning."""
    ask = {"do": "ask", "prompt": [{"do": "say", "text": "Hold?"}], "keys": {"1": [{"do": "opt_out"}]}}
    await runtime.store.override_script(attempt_id, {"language": "en-GB", "steps": [ask]})
    async with stranger.post(f"{webhook}/reply/0", json=input_event("1")) as response:
        old = await response.json()
    assert (["Hold?"], False) == (texts(old), Fact.OPTED_OUT in await facts_of(runtime, attempt_id))

    address = old[-1]["eventUrl"][0]
    async with stranger.post(webhook + address.partition(webhook)[2], json=input_event("1")) as response:
        assert 204 == response.status
    assert Fact.OPTED_OUT in await facts_of(runtime, attempt_id)


async def test_a_repeated_reply_is_answered_alike_and_changes_nothing(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """The carrier's second try hears the same, and the attempt is as it was."""
    answers = []
    for _ in range(2):
        async with stranger.post(f"{webhook}/reply/0", json=input_event("1")) as response:
            answers.append(await response.read())
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert answers[0] == answers[1]
    assert ["input"] == [event.kind for event in attempt.events]


async def test_a_confirmed_call_ends_confirmed_however_the_line_ends(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """The end of the conversation, before or after, leads to `confirmed`."""
    await stranger.post(f"{webhook}/event", json=COMPLETED)
    await stranger.post(f"{webhook}/reply/0", json=input_event("1"))

    assert Disposition.CONFIRMED is (await runtime.store.call(attempt_id.rpartition("-")[0])).disposition


async def test_the_repeat_key_and_wrong_keys_ask_again(stranger: aiohttp.ClientSession, webhook: str) -> None:
    """All is said again; the next input names the count, so that it does not go on for ever."""
    async with stranger.post(f"{webhook}/reply/0", json=input_event("2")) as response:
        again = await response.json()
    async with stranger.post(f"{webhook}/reply/0~2", json=input_event("7")) as response:
        wrong = await response.json()
    async with stranger.post(f"{webhook}/reply/0~3-1", json=input_event("", timed_out=True)) as response:
        assert (204, b"") == (response.status, await response.read())

    assert "Hello Ann." == texts(again)[0]
    assert again[-1]["eventUrl"][0].endswith("/reply/0~2")
    assert "That key cannot be chosen here." == texts(wrong)[0]
    assert wrong[-1]["eventUrl"][0].endswith("/reply/0~3-1")


async def test_opting_out_suppresses_the_number_with_the_fact(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime, redis: Redis
) -> None:
    """Once the person hears that nobody will call again, nobody can: the number stands among the suppressed."""
    async with stranger.post(f"{webhook}/reply/0", json=input_event("9")) as response:
        said = texts(await response.json())

    assert ["Your number will not be called again."] == said
    assert ["+31201234567"] == await redis.zrange(keys.SUPPRESSED, 0, -1)
    assert Fact.OPTED_OUT in await facts_of(runtime, attempt_id)


@pytest.mark.parametrize("position", ["9", "0.k7.0", "x", "0~99", "0~2-2", "v.0", "0.k1.0", "..", "%2e%2e", "0" * 200])
async def test_a_position_that_is_none_is_nowhere(
    position: str, stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """Whatever else stands where a question should be is 404, and changes nothing."""
    async with stranger.post(f"{webhook}/reply/{position}", json=input_event("1")) as response:
        assert 404 == response.status

    assert frozenset() == await facts_of(runtime, attempt_id)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"1"', b'{"dtmf": {"digits": "1'])
async def test_an_unreadable_reply_is_refused(
    body: bytes, stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """What is no JSON object presses no key."""
    async with stranger.post(f"{webhook}/reply/0", data=body) as response:
        assert 400 == response.status

    assert frozenset() == await facts_of(runtime, attempt_id)


async def test_odd_digits_are_a_wrong_key(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """Text where a key should be neither confirms nor is kept as pressed."""
    async with stranger.post(f"{webhook}/reply/0", json=input_event("1\r\n2; DROP")) as response:
        assert 200 == response.status
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert (frozenset(), "") == (attempt.facts, attempt.keys)


async def test_a_machine_is_told_the_voicemail_text_from_then_on(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, webhook: str, runtime: Runtime, attempt_id: str
) -> None:
    """An answer fetched after a machine was found out speaks to it; without words for it, as to anybody."""
    await stranger.post(f"{webhook}/event", json={"status": "machine", "call_uuid": "u", "timestamp": AT})
    async with stranger.get(f"{webhook}/answer") as response:
        before = texts(await response.json())
    script = {"text": "People.", "voicemail_text": "Machines.", "machine_detection": "continue", "language": "en-GB"}
    campaign_id = attempt_id.split("-", 1)[0]
    await runtime.batch.command("HSET", keys.campaign(campaign_id), "script", json.dumps(script))
    async with stranger.get(f"{webhook}/answer") as response:
        after = texts(await response.json())

    assert ("Hello Ann.", ["Machines."]) == (before[0], after)
    assert api is not None


async def test_what_a_connected_leg_does_says_nothing_of_the_attempt(
    stranger: aiohttp.ClientSession, webhook: str, attempt_id: str, runtime: Runtime
) -> None:
    """Busy, failed and completed legs of a `connect` are kept with the attempt as what they are."""
    for status in ("busy", "failed", "completed"):
        event = {"status": status, "uuid": "leg", "timestamp": AT}
        async with stranger.post(f"{webhook}/leg", json=event) as response:
            assert 204 == response.status
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert (frozenset(), None) == (attempt.facts, attempt.disposition)
    assert {"leg_busy", "leg_failed", "leg_completed"} == {event.kind for event in attempt.events}


async def test_forged_replies_cost_no_look_into_redis(stranger: aiohttp.ClientSession, webhook: str) -> None:
    """A token that we did not make is 404 before anything is read; counted as forged."""

    def forged() -> float:
        return REGISTRY.get_sample_value("dialer_callbacks_ignored_total", {"reason": "forged_token"}) or 0.0

    before = forged()
    for path in ("answer", "event", "reply/0", "leg"):
        async with stranger.post(f"{webhook[:-1]}!/{path}", json=input_event("1")) as response:
            assert 404 == response.status

    assert 4 == forged() - before
