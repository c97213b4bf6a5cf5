"""What the doctor says of API keys: those that lapse soon are told by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from redis.asyncio import Redis

from dialer.access import ApiKey, Role
from dialer.doctor import access
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import open_patient
from dialer.settings import Settings
from tests.fakes.engine import Engine


async def _look(redis_url: str) -> Finding:
    async with open_patient(Settings(redis_url=redis_url), "http://127.0.0.1:9") as patient:
        return await access.lasting(patient)


async def _keep(engine: Engine, key_id: str, **lasts: float) -> None:
    now = datetime.now(UTC)
    expires_at = now + timedelta(**lasts) if lasts else None
    roles = frozenset({Role.READ})
    key = ApiKey(id=key_id, name="Quay", roles=roles, digest="", created_at=now, expires_at=expires_at)
    assert await engine.store.create_api_key(key)


async def test_keys_that_last_are_well(engine: Engine, redis: Redis, redis_url: str) -> None:
    """None at all, some for ever or for long, and those that lapsed before, for which it is too late."""
    assert redis is engine.redis
    assert State.OK is (await _look(redis_url)).state
    await _keep(engine, "kfor")
    await _keep(engine, "klong", days=8)
    await _keep(engine, "kgone", days=-1)
    finding = await _look(redis_url)

    assert (State.OK, "2 besides DIALER_API_KEY, and 1 that lapsed") == (finding.state, finding.found)


async def test_a_key_that_lapses_soon_is_told(engine: Engine, redis_url: str) -> None:
    """With whose it is and what to do."""
    await _keep(engine, "ksoon", days=6)
    await _keep(engine, "klong", days=8)
    finding = await _look(redis_url)

    assert (State.WARNING, "lapsing within a week: ksoon (Quay)") == (finding.state, finding.found)
    assert "dialer key create" in finding.advice
