"""The API as it is served, on a private Redis: for tests that speak HTTP to it and look into the store beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer.dialing import Dialing, Pace
from dialer.keys import APIS, AUDITED, TARGETS
from dialer.providers.assets import Recording
from dialer.recordings.claims import Claim, RecordingClaims
from dialer.runtime import Runtime, open_runtime
from dialer.settings import Settings
from dialer.tokens import make_token
from tests.fakes.recordings import SOUND, told
from tests.fakes.served import served

KEY = "the key of these tests"
SECRET = "the secret of these tests"
MAX_IMPORT_BYTES = 1_000_000
CAMPAIGN = {"name": "Harbour", "kind": "notification", "script": {"text": "Hello {{ name }}."}}


@pytest.fixture
def settings(redis: Redis, redis_url: str, tmp_path: Path) -> Settings:
    """Settings of an API on the emptied server, on any free port, with a small limit for lists."""
    assert redis is not None
    return Settings(
        redis_url=redis_url,
        data_dir=tmp_path,
        port=0,
        public_url="https://dialer.example.com",
        api_key=KEY,
        webhook_secret=SECRET,
        max_import_bytes=MAX_IMPORT_BYTES,
    )


@pytest.fixture
async def runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """The store beside the API."""
    async with open_runtime(settings) as opened:
        yield opened


@pytest.fixture
async def url(settings: Settings) -> AsyncIterator[str]:
    """Address of the API."""
    async with served(settings) as api:
        yield api.url


@pytest.fixture
async def stranger(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client without the key: the carrier, or somebody unknown."""
    async with aiohttp.ClientSession(url) as session:
        yield session


@pytest.fixture
async def api(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client with the key."""
    async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {KEY}"}) as session:
        yield session


@pytest.fixture
async def campaign_id(api: aiohttp.ClientSession) -> str:
    """A draft whose text needs a name."""
    async with api.post("/v1/campaigns", json=CAMPAIGN) as response:
        assert 201 == response.status
        return str((await response.json())["id"])


@pytest.fixture
async def attempt_id(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> str:
    """An attempt under way, to Ann."""
    row = '{"number": "+31201234567", "name": "Ann"}'
    await api.post(f"/v1/campaigns/{campaign_id}/calls", data=row, headers={"Content-Type": "application/x-ndjson"})
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    dialing = Dialing(runtime.batch, runtime.clock, Pace(3, 1), life=runtime.life)
    (dial,) = await dialing.read((await dialing.claim(1)).claims)
    await dialing.begin(dial, "nonce", lease_ms=60_000)
    return str(dial.attempt)


@pytest.fixture
def webhook(attempt_id: str) -> str:
    """The path that the carrier was given for the attempt's callbacks."""
    return f"/webhooks/{make_token(SECRET, attempt_id)}"


@pytest.fixture
def everything(redis: Redis) -> Callable[[], Awaitable[dict[str, bytes]]]:
    """Reads all of Redis but signs of life and the audit log, which tells of refusals too: to compare it later."""
    apart = {*AUDITED, APIS, TARGETS}

    async def read() -> dict[str, bytes]:
        return {key: await redis.dump(key) or b"" async for key in redis.scan_iter() if key not in apart}

    return read


@pytest.fixture
def claims(runtime: Runtime) -> RecordingClaims:
    """What a worker writes."""
    return RecordingClaims(runtime.batch, runtime.clock)


@pytest.fixture
async def claim(runtime: Runtime, claims: RecordingClaims, attempt_id: str) -> Claim:
    """A recording of the attempt, in the hands of a worker."""
    await runtime.store.note_recording(attempt_id, told())
    claim = await claims.claim(told().id)
    assert claim
    return claim


@pytest.fixture
async def stored(runtime: Runtime, claims: RecordingClaims, claim: Claim) -> Claim:
    """The same, stored."""
    async with runtime.recordings.upload(claim.object_name) as upload:
        await upload.begin()
        await upload.write(SOUND)
        await upload.complete(len(SOUND))
    checksum = sha256(SOUND).hexdigest()
    assert await claims.store(claim, Recording(size_bytes=len(SOUND), sha256=checksum, content_type="audio/wav"))
    return claim
