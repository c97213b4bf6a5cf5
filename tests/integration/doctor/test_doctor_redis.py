"""What the doctor says of Redis: good settings, each bad one, and what a managed server keeps back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.doctor import clocks, processes, store
from dialer.doctor.finding import Finding, State
from dialer.doctor.patient import Patient, open_patient
from dialer.redis.batch import Batch
from dialer.schema import WRITES
from dialer.settings import Settings
from tests.fakes.beneath import full_disk, open_beneath
from tests.fakes.redis_server import redis_server

GOOD = ("--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
CHECKS = {check.__name__: check for check in (
    store.reachable, store.append_only, store.synced, store.eviction, store.room, store.written, clocks.here
)}  # fmt: skip


async def _look(url: str, *names: str) -> dict[str, Finding]:
    async with open_patient(Settings(redis_url=url), "http://127.0.0.1:9") as patient:
        return {name: await CHECKS[name](patient) for name in names}


async def test_good_settings_are_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server set up as the README says passes every step."""
    monkeypatch.setattr(store, "_SLOW_MS", 60_000)  # a busy machine is no slow disk
    with redis_server(*GOOD) as url:
        found = await _look(url, *CHECKS)

    assert {State.OK} == {finding.state for finding in found.values()}, found


@pytest.mark.parametrize(
    ("options", "name", "state", "words"),
    [
        (("--appendonly", "no"), "append_only", State.FAILED, "appendonly no"),
        (("--appendfsync", "everysec"), "synced", State.WARNING, "appendfsync everysec"),
        (("--appendfsync", "no"), "synced", State.FAILED, "appendfsync no"),
        (("--appendfsync", "always", "--no-appendfsync-on-rewrite", "yes"), "synced", State.WARNING, "on-rewrite yes"),
        (("--rename-command", "CONFIG", ""), "synced", State.WARNING, "refuses CONFIG"),
        (("--maxmemory-policy", "allkeys-lru"), "eviction", State.WARNING, "without a limit as yet"),
        (("--maxmemory-policy", "volatile-ttl", "--maxmemory", "64mb"), "eviction", State.FAILED, "volatile-ttl"),
        (("--maxmemory", "16mb"), "room", State.WARNING, "of 17 MB (maxmemory)"),
        (("--maxmemory", "600kb"), "room", State.FAILED, "room for 0 calls"),
        (("--maxmemory", "600kb"), "written", State.FAILED, "a write was refused"),
        (("--replicaof", "127.0.0.1", "1"), "written", State.FAILED, "a write was refused"),
        (("--cluster-enabled", "yes"), "reachable", State.FAILED, "Redis Cluster"),
    ],
)
async def test_bad_setting_is_told_with_advice(options: tuple[str, ...], name: str, state: State, words: str) -> None:
    """Each setting that loses calls, or will soon, is named with what to do."""
    with redis_server(*options) as url:
        finding = (await _look(url, name))[name]

    assert (state, True, True) == (finding.state, words in finding.found, bool(finding.advice)), finding


async def test_managed_server_is_looked_at_all_the_same() -> None:
    """Where CONFIG is refused, only the sync to disk stays unknown: the rest is read elsewhere."""
    with redis_server(*GOOD, "--rename-command", "CONFIG", "") as url:
        found = await _look(url, *CHECKS)

    assert ["synced"] == [name for name, finding in found.items() if finding.state is not State.OK]


async def test_full_disk_is_told_as_what_it_is() -> None:
    """A server that cannot write its file refuses even to say that it is there, and the doctor knows why."""
    async with open_beneath() as beneath:
        with redis_server(*GOOD, "--appendfsync", "everysec", program=str(beneath.redis_program)) as url:
            async with Redis.from_url(url) as operator:
                with full_disk((await operator.info("server"))["process_id"]):
                    await operator.set("first", "fails to be written")
                    finding = await _unreachable(url)

    assert (True, "Make room on the disk") == ("MISCONF" in finding.found, finding.advice[:21]), finding


async def _unreachable(url: str) -> Finding:
    async with asyncio.timeout(10):
        while (found := (await _look(url, "reachable"))["reachable"]).state is State.OK:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.1)
    return found


async def test_absent_server_is_told_without_its_password() -> None:
    """Nothing of the address is shown, as a password may stand in it."""
    finding = (await _look("redis://:hidden@127.0.0.1:1/0", "reachable"))["reachable"]

    assert (State.FAILED, "Redis does not answer (ConnectionError)") == (finding.state, finding.found)


@pytest.mark.parametrize(("version", "state"), [("6.0.16", State.FAILED), ("6.2.0", State.OK), ("?", State.FAILED)])
async def test_old_server_is_refused(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, version: str, state: State
) -> None:
    """Scripts and queue need 6.2."""

    async def info(_self: Redis, _section: str) -> dict[str, Any]:
        return {"redis_version": version}

    async with open_patient(Settings(redis_url=redis_url), "") as patient:
        monkeypatch.setattr(Redis, "info", info)
        assert state is (await store.reachable(patient)).state


@pytest.fixture
async def seconds(redis: Redis) -> int:
    """Redis' own time."""
    told: int = (await redis.time())[0]
    return told


@pytest.mark.parametrize(("ago_s", "state"), [(1, State.OK), (60, State.FAILED)])
async def test_only_workers_heard_from_lately_count(
    redis: Redis, redis_url: str, seconds: int, ago_s: int, state: State
) -> None:
    """A worker that died with all others still stands in Redis, and is not counted."""
    await redis.zadd(keys.WORKERS, {"w": (seconds - ago_s) * 1000})
    async with open_patient(Settings(redis_url=redis_url), "") as patient:
        assert state is (await processes.workers(patient)).state


@pytest.mark.parametrize(
    ("stamp", "state"),
    [
        ({}, State.OK),
        ({"version": WRITES, "needs": 1}, State.OK),
        ({"version": WRITES - 1, "needs": 1}, State.WARNING),
        ({"version": WRITES + 1, "needs": WRITES + 1}, State.FAILED),
    ],
)
async def test_version_of_the_data_is_told(redis: Redis, redis_url: str, stamp: dict[str, int], state: State) -> None:
    """Older data wants `dialer migrate`, newer data the newer release."""
    for field, number in stamp.items():
        await Batch(redis).command("HSET", keys.SCHEMA, field, number)
    async with open_patient(Settings(redis_url=redis_url), "") as patient:
        assert state is (await store.version(patient)).state


async def test_probe_of_a_write_leaves_nothing(redis: Redis, redis_url: str) -> None:
    """What was written to see whether that goes is removed at once."""
    await _look(redis_url, "written")

    assert [] == await redis.keys("*")


async def test_nothing_is_open_without_settings() -> None:
    """Without settings neither Redis nor carrier is opened."""
    async with open_patient(Settings(), "") as patient:
        assert isinstance(patient, Patient)
        assert (None, None) == (patient.redis, patient.carrier)
