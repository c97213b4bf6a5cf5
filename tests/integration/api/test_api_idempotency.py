"""Idempotency keys in Redis: marker, kept answer, their ends."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import idempotency
from dialer.api.calls import SCOPE
from dialer.api.schemas import NewSingleCall
from dialer.idempotency import IdempotencyKey, KeptAnswer, KeyReused, StillRunning
from dialer.redis.batch import Batch

KEY = IdempotencyKey(scope="post-calls", key="k", body="{}")
ANSWER = KeptAnswer(201, '{"id":"direct-1"}', "/v1/calls/direct-1")


async def test_first_request_runs_and_its_answer_is_kept(redis: Redis) -> None:
    """The first request is told to run; later ones get its answer."""
    assert await idempotency.begin(Batch(redis), KEY) is None
    await idempotency.keep(Batch(redis), KEY, ANSWER)

    assert ANSWER == await idempotency.begin(Batch(redis), KEY)


async def test_key_is_blocked_while_its_request_runs(redis: Redis) -> None:
    """A second request under the key waits for the first one's answer."""
    await idempotency.begin(Batch(redis), KEY)
    with pytest.raises(StillRunning):
        await idempotency.begin(Batch(redis), KEY)


@pytest.mark.parametrize("answered", [False, True])
async def test_other_body_is_told_at_once(answered: bool, redis: Redis) -> None:  # noqa: FBT001 - a parameter of the test
    """The same key with another body is refused, whether the first one runs or was answered."""
    await idempotency.begin(Batch(redis), KEY)
    if answered:
        await idempotency.keep(Batch(redis), KEY, ANSWER)
    with pytest.raises(KeyReused):
        await idempotency.begin(Batch(redis), IdempotencyKey(scope="post-calls", key="k", body="[]"))


async def test_marker_and_answer_end_by_themselves(redis: Redis) -> None:
    """A crash blocks the key for seconds, an answer is kept for a day; both are one key in Redis."""
    await idempotency.begin(Batch(redis), KEY)
    marker_s = await redis.ttl(KEY.name)
    await idempotency.keep(Batch(redis), KEY, ANSWER)

    assert 0 < marker_s <= 30
    assert 86_300 < await redis.ttl(KEY.name) <= 86_400
    assert [KEY.name] == [key async for key in redis.scan_iter()]


async def test_marker_that_ends_while_it_is_looked_at_is_waited_for(redis: Redis) -> None:
    """The client's next try finds the key free: that of another body was perhaps told the same moment."""
    await idempotency.begin(Batch(redis), KEY)

    class Late(Batch):
        """For whom each key has ended by the time it is read."""

        def command(self, *parts: Any, confirmed: bool = True) -> Awaitable[Any]:
            """As the real one, of a key that is not there."""
            return super().command(*(("GET", "gone") if parts[0] == "GET" else parts), confirmed=confirmed)

    with pytest.raises(StillRunning):
        await idempotency.begin(Late(redis), KEY)


async def test_released_key_is_free(redis: Redis) -> None:
    """After a refusal nothing is left."""
    await idempotency.begin(Batch(redis), KEY)
    await idempotency.release(Batch(redis), KEY)

    assert 0 == await redis.dbsize()


def test_derived_id_depends_on_scope_key_and_body() -> None:
    """The same request has the same id each time, any other one another."""
    keys = [
        KEY,
        IdempotencyKey(scope="post-campaigns", key="k", body="{}"),
        IdempotencyKey(scope="post-calls", key="l", body="{}"),
        IdempotencyKey(scope="post-calls", key="k", body="[]"),
    ]

    assert 4 == len({key.derived_id() for key in keys})
    assert KEY.derived_id() == IdempotencyKey(scope="post-calls", key="k", body="{}").derived_id()


def test_names_are_the_same_in_every_release() -> None:
    """While one replaces another, a repetition at the newer one finds what the older one did."""
    assert (
        "{dialer}:idempotency:post-calls:8254c329a92850f6d539dd376f4816ee",
        "44136fa355b3678a1146ad16f7e8649e",
        "ghtu6hwbwefze6qkhc4ggjhfnl",
    ) == (KEY.name, KEY.fingerprint, KEY.derived_id())


@pytest.mark.parametrize(("letters", "status"), [(255, 201), (256, 422)])
async def test_a_key_is_as_long_as_others_take(api: aiohttp.ClientSession, letters: int, status: int) -> None:
    """One that is longer is refused rather than cut."""
    body = {"number": "+31201234567", "script": {"text": "Hello."}}
    async with api.post("/v1/calls", json=body, headers={"Idempotency-Key": "k" * letters}) as response:
        assert status == response.status


async def test_request_while_the_first_runs_is_told_to_wait(api: aiohttp.ClientSession, redis: Redis) -> None:
    """Over HTTP that is a 409 with Retry-After."""
    body = '{"number": "+31201234567", "script": {"text": "Hello."}}'
    read = NewSingleCall.model_validate_json(body)
    await idempotency.begin(Batch(redis), IdempotencyKey(scope=SCOPE, key="k", body=read.model_dump_json()))
    headers = {"Content-Type": "application/json", "Idempotency-Key": "k"}
    async with api.post("/v1/calls", data=body, headers=headers) as response:
        problem = await response.json()

    assert (409, "1") == (response.status, response.headers["Retry-After"])
    assert "/problems/idempotency-key-in-use" == problem["type"]
