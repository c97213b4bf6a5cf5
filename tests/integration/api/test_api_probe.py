"""`/webhooks/probe/{nonce}`: proves which dialer answers, and tells strangers nothing."""

from __future__ import annotations

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import keys, probe
from dialer.tokens import make_token
from tests.integration.api.conftest import SECRET


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_offered_nonce_is_answered_with_its_proof(
    redis: Redis, stranger: aiohttp.ClientSession, method: str
) -> None:
    """A nonce in this API's Redis is answered without a key, by the methods that the carrier uses."""
    nonce, proof = await probe.offer(redis, SECRET)
    async with stranger.request(method, f"/webhooks/probe/{nonce}") as response:
        assert (200, {"proof": proof}) == (response.status, await response.json())


async def test_nonce_lives_for_a_minute(redis: Redis) -> None:
    """What is put into Redis for a probe goes away by itself."""
    nonce, _ = await probe.offer(redis, SECRET)

    assert 0 < await redis.ttl(keys.probe(nonce)) <= 60


@pytest.mark.parametrize("nonce", ["0" * 32, "c5hk-1042-1", "0" * 31, "A" * 32, "*", "answer"])
async def test_nonce_that_nobody_offered_is_nothing(stranger: aiohttp.ClientSession, nonce: str) -> None:
    """Anything else has the same answer as any other address that leads nowhere."""
    async with stranger.get(f"/webhooks/probe/{nonce}") as response:
        problem = await response.json()
    assert (404, "There is nothing at this address.") == (response.status, problem["detail"])


async def test_proof_is_no_token(redis: Redis, stranger: aiohttp.ClientSession) -> None:
    """Even who may write to Redis gets no callback's token out of it: an attempt's id is no nonce."""
    await redis.set(keys.probe("direct-1-1"), "word")
    async with stranger.get("/webhooks/probe/direct-1-1") as response:
        assert (404, False) == (response.status, make_token(SECRET, "direct-1-1") in await response.text())


async def test_another_secret_gives_another_proof(redis: Redis) -> None:
    """Two dialers on one Redis are told apart by their webhook secrets."""
    nonce, proof = await probe.offer(redis, SECRET)

    assert probe.is_proof(await probe.answer(redis, SECRET, nonce), proof)
    assert not probe.is_proof(await probe.answer(redis, "another", nonce), proof)
