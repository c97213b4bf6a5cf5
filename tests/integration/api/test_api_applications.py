"""`/v1/applications`: the carrier's applications over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.settings import Settings
from dialer.simulator import Simulator, SimulatorConfig
from tests.integration.api.conftest import KEY, SECRET

URLS = {"answer_url": "https://d.test/answer", "event_url": "https://d.test/event"}


@pytest.fixture
def config() -> SimulatorConfig:
    """A carrier without faults."""
    return SimulatorConfig()


@pytest.fixture
async def carrier(config: SimulatorConfig) -> AsyncIterator[Simulator]:
    """The stand-in."""
    async with Simulator(config) as running:
        yield running


@pytest.fixture
def settings(redis: Redis, redis_url: str, carrier: Simulator) -> Settings:
    """An API with a carrier."""
    assert redis is not None
    return Settings(
        redis_url=redis_url,
        port=0,
        api_key=KEY,
        webhook_secret=SECRET,
        public_url="https://dialer.test",
        carrier_url=carrier.url,
        carrier_token_url=carrier.token_url,
        carrier_client_id="me",
        carrier_client_secret="s3cret",
        carrier_application_id="app-1",
        from_number="+31201234567",
    )


async def _make(api: aiohttp.ClientSession, **fields: Any) -> dict[str, Any]:
    async with api.post("/v1/applications", json={"name": "Notices"} | fields) as response:
        assert 201 == response.status, await response.text()
        made: dict[str, Any] = await response.json()
        assert f"/v1/applications/{made['id']}" == response.headers["Location"]
        return made


async def test_application_lives_from_making_to_deletion(api: aiohttp.ClientSession) -> None:
    """It is made, listed, shown, changed and deleted, each time as the carrier shows it."""
    made = await _make(api, **URLS)
    path = f"/v1/applications/{made['id']}"
    async with api.get("/v1/applications") as response:
        assert {"applications": [made]} == await response.json()
    async with api.put(path, json={"name": "Better", **URLS, "event_method": "GET"}) as response:
        changed = await response.json()
    async with api.get(path) as response:
        assert changed == await response.json()
    assert ("Better", "GET", ["voice"]) == (changed["name"], changed["event"]["method"], changed["capabilities"])
    async with api.delete(path) as response:
        assert 204 == response.status
    async with api.get(path) as response:
        assert (404, "/problems/not-found") == (response.status, (await response.json())["type"])


async def test_private_key_is_never_told(api: aiohttp.ClientSession) -> None:
    """No answer has a place for a private key."""
    assert "private_key" not in await _make(api, **URLS)


async def test_urls_default_to_the_public_address(api: aiohttp.ClientSession) -> None:
    """Left out, the URLs stand below DIALER_PUBLIC_URL."""
    made = await _make(api)

    expected = ("https://dialer.test/webhooks/answer", "https://dialer.test/webhooks/event")
    assert expected == (made["answer"]["url"], made["event"]["url"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "a\nb", **URLS}, "name"),
        ({"name": "x" * 101, **URLS}, "name"),
        ({"name": "a", "answer_url": "d.test"}, "answer_url"),
        ({"name": "a", "answer_method": "PUT"}, "answer_method"),
        ({"name": "a", "private_key": "x"}, "private_key"),
    ],
)
async def test_wrong_application_is_named_and_not_made(
    api: aiohttp.ClientSession, carrier: Simulator, body: dict[str, str], field: str
) -> None:
    """What cannot be one is refused by its field, and the carrier is not asked."""
    async with api.post("/v1/applications", json=body) as response:
        assert (422, field) == (response.status, (await response.json())["field"])
    assert [] == [record for record in carrier.log if record.path.endswith("/applications")]


async def test_change_needs_all_of_it(api: aiohttp.ClientSession) -> None:
    """A change names both URLs, so that none is set to a default in silence."""
    async with api.put("/v1/applications/a-1", json={"name": "x"}) as response:
        assert (422, "answer_url") == (response.status, (await response.json())["field"])


@pytest.mark.parametrize("config", [SimulatorConfig(application_list="refused")])
async def test_sandbox_without_a_list_is_told(api: aiohttp.ClientSession) -> None:
    """What the carrier refuses is told as its refusal, in a sentence."""
    async with api.get("/v1/applications") as response:
        problem = await response.json()
    assert (502, "/problems/carrier-failed") == (response.status, problem["type"])
    assert "KPN's sandbox cannot" in problem["detail"]


async def test_wrong_client_is_told_without_its_secret(api: aiohttp.ClientSession, carrier: Simulator) -> None:
    """A token server that is away is told, and no secret is."""
    carrier.tokens.up = False
    async with api.post("/v1/applications", json={"name": "x"}) as response:
        told = await response.text()
    assert (502, False) == (response.status, "s3cret" in told)


@pytest.mark.parametrize("application_id", ["A-1", "a..b", "%2e%2e"])
async def test_odd_id_is_not_asked_for(api: aiohttp.ClientSession, carrier: Simulator, application_id: str) -> None:
    """What is no id does not reach the carrier."""
    async with api.delete(f"/v1/applications/{application_id}") as response:
        assert 404 == response.status
    assert [] == carrier.log


class TestWithoutCarrier:
    """An API that serves webhooks alone."""

    @pytest.fixture
    def settings(self, redis: Redis, redis_url: str) -> Settings:
        """Nothing of a carrier is set."""
        assert redis is not None
        return Settings(redis_url=redis_url, port=0, api_key=KEY, webhook_secret=SECRET)

    async def test_missing_settings_are_named(self, api: aiohttp.ClientSession) -> None:
        """Every route says which settings this API lacks."""
        for method, path in (("GET", ""), ("GET", "/a-1"), ("DELETE", "/a-1")):
            async with api.request(method, f"/v1/applications{path}") as response:
                problem = await response.json()
            assert (503, "/problems/no-carrier") == (response.status, problem["type"])
            assert "DIALER_CARRIER_CLIENT_ID is not set" in problem["detail"]


async def test_application_is_made_once_under_a_key(api: aiohttp.ClientSession) -> None:
    """Whoever has no answer asks again: the carrier, who would take the same name twice, is not."""
    made = []
    for replayed in (None, "true"):
        headers = {"Idempotency-Key": "notices"}
        async with api.post("/v1/applications", json={"name": "Notices"} | URLS, headers=headers) as response:
            assert (201, replayed) == (response.status, response.headers.get("Idempotency-Replayed"))
            made.append(await response.json())
    async with api.get("/v1/applications") as response:
        assert {"applications": made[:1]} == await response.json()

    assert made[0] == made[1]
