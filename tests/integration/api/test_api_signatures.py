"""Signed webhooks: where the carrier's secret is set, nothing that is not signed with it is taken."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from pathlib import Path

import aiohttp
import jwt
import pytest
from prometheus_client import REGISTRY
from redis.asyncio import Redis

from dialer.dispositions import Fact
from dialer.runtime import Runtime
from dialer.settings import Settings

SIGNATURE_SECRET = "the carrier's secret of these tests, of a length at which no library warns about any algorithm"
SOUTHS_SECRET = "another carrier's secret of these tests, of a length at which no library warns either, whichever it is"
RINGING = json.dumps({"status": "ringing", "uuid": "u", "timestamp": "2026-01-01T00:00:01Z"}).encode()
INPUT = json.dumps({"dtmf": {"digits": "1", "timed_out": False}}).encode()
WEBHOOKS = {"event": RINGING, "reply/0": INPUT, "leg": RINGING, "answer": b""}
Untouched = Callable[[], Awaitable[bool]]


@pytest.fixture
def settings(redis: Redis, redis_url: str, tmp_path: Path) -> Settings:
    """An API that knows the carrier's secret."""
    assert redis is not None
    return Settings(
        redis_url=redis_url,
        data_dir=tmp_path,
        port=0,
        public_url="https://dialer.example.com",
        api_key="the key of these tests",
        webhook_secret="the secret of these tests",
        signature_secret=SIGNATURE_SECRET,
    )


@pytest.fixture
def untouched(runtime: Runtime, attempt_id: str) -> Untouched:
    """Tells whether the attempt knows nothing yet."""

    async def is_untouched() -> bool:
        [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])
        return attempt.facts == frozenset() and not attempt.events

    return is_untouched


def signed(payload: bytes, *, secret: str = SIGNATURE_SECRET, age_s: int = 0, by: str = "HS256") -> dict[str, str]:
    """The header with which the carrier would sign a payload."""
    claims = {"iat": int(time.time()) - age_s, "iss": "Vonage", "payload_hash": sha256(payload).hexdigest()}
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, by)}"}


def refused(reason: str) -> float:
    """How many were refused for this reason."""
    return REGISTRY.get_sample_value("dialer_callbacks_ignored_total", {"reason": f"signature_{reason}"}) or 0.0


@pytest.mark.parametrize(
    ("reason", "header"),
    [
        ("missing", dict),
        ("payload", partial(signed, b"another body")),
        ("signature", partial(signed, RINGING, secret=f"somebody else's secret, unlike that of {SIGNATURE_SECRET}")),
        ("stale", partial(signed, RINGING, age_s=3600)),
        ("algorithm", partial(signed, RINGING, by="HS512")),
        ("malformed", partial(dict, Authorization="Bearer x.y.z")),
    ],
)
async def test_what_is_not_signed_is_refused(
    reason: str,
    header: Callable[[], dict[str, str]],
    stranger: aiohttp.ClientSession,
    webhook: str,
    untouched: Untouched,
) -> None:
    """Every webhook without a fitting signature is 401, counted by reason, and changes nothing."""
    before, headers = refused(reason), header()
    for path, body in WEBHOOKS.items():
        async with stranger.post(f"{webhook}/{path}", data=body, headers=headers) as response:
            problem = await response.json()
            assert (401, "/problems/unauthorized") == (response.status, problem["type"])

    assert len(WEBHOOKS) == refused(reason) - before
    assert await untouched()


async def test_what_is_signed_is_taken(
    stranger: aiohttp.ClientSession, webhook: str, runtime: Runtime, attempt_id: str
) -> None:
    """A signed event is applied, a signed answer is served; parameters of a GET are signed as compact JSON."""
    async with stranger.post(f"{webhook}/event", data=RINGING, headers=signed(RINGING)) as response:
        assert 204 == response.status
    query = {"to": "31201234567", "uuid": "u"}
    of_query = signed(json.dumps(query, separators=(",", ":")).encode())
    async with stranger.get(f"{webhook}/answer", params=query, headers=of_query) as response:
        assert "talk" == (await response.json())[0]["action"]
    [attempt] = await runtime.store.attempts(attempt_id.rpartition("-")[0])

    assert frozenset({Fact.RINGING}) == attempt.facts


async def test_a_forged_token_is_refused_before_its_signature_is_looked_at(stranger: aiohttp.ClientSession) -> None:
    """A signature does not make up for a token that is not ours."""
    async with stranger.post("/webhooks/c1-1-1.forged/event", data=RINGING, headers=signed(RINGING)) as response:
        assert 404 == response.status


class TestSeveralTrunks:
    """Each carrier signs with the secret of its account."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """An API that knows two carriers' secrets."""
        south = {
            "carrier_client_id": "c",
            "carrier_client_secret": "s",
            "carrier_application_id": "a",
            "from_number": "+31207654321",
            "calls_per_second": 3,
            "signature_secret": SOUTHS_SECRET,
        }
        return Settings(**(dict(settings) | {"trunks": {"south": south}}))

    @pytest.mark.parametrize("secret", [SIGNATURE_SECRET, SOUTHS_SECRET])
    async def test_the_secret_of_any_trunk_is_trusted(
        self, stranger: aiohttp.ClientSession, webhook: str, secret: str
    ) -> None:
        """Whichever carrier has the call."""
        async with stranger.post(f"{webhook}/event", data=RINGING, headers=signed(RINGING, secret=secret)) as response:
            assert 204 == response.status

    @pytest.mark.parametrize(
        ("reason", "header"),
        [
            ("signature", partial(signed, RINGING, secret=SIGNATURE_SECRET[::-1])),
            ("stale", partial(signed, RINGING, secret=SOUTHS_SECRET, age_s=100_000)),
        ],
    )
    async def test_any_other_secret_is_not(
        self, stranger: aiohttp.ClientSession, webhook: str, reason: str, header: Callable[[], dict[str, str]]
    ) -> None:
        """And what is wrong with one that fits is counted as that."""
        before = refused(reason)
        async with stranger.post(f"{webhook}/event", data=RINGING, headers=header()) as response:
            assert 401 == response.status
        assert before + 1 == refused(reason)
