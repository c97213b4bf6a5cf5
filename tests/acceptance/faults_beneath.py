"""The faults of what lies beneath the programs: names, certificates, clocks, disks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus

from redis.asyncio import Redis

from tests.acceptance.faults import ASKED_LATER, AWAY, WAITS
from tests.bench.arithmetic import peak
from tests.fakes.beneath import CARRIER, REDIS, Beneath, full_disk
from tests.fakes.cable import Cable
from tests.fakes.faults import Fault, Strike
from tests.fakes.wired import CALLS_PER_SECOND, Wired

_EXITS_S = 5.0
_KNOWN_S = 10.5  # aiohttp keeps what a name leads to for ten seconds


def _ground(wired: Wired) -> Beneath:
    assert wired.beneath, "this dialer stands on the machine's own ground"
    return wired.beneath


@asynccontextmanager
async def _no_redis_name(wired: Wired) -> AsyncIterator[None]:
    """Whoever connects anew does not find it; what was connected is cut, for it would go on."""
    with _ground(wired).misleading(REDIS, "gone"):
        wired.workers_redis.drop()
        wired.api_redis.drop()
        yield


@asynccontextmanager
async def _no_carrier_name(wired: Wired) -> AsyncIterator[None]:
    """Its server is silent for so long that nobody knows any more where the name led."""
    world = wired.world
    running = [each["id"] for each in (await world.get("/v1/campaigns?state=running"))["campaigns"]]
    for campaign_id in running:
        await world.post(f"/v1/campaigns/{campaign_id}/pause")
    with _ground(wired).misleading(CARRIER, "silent"):
        await asyncio.sleep(_KNOWN_S)
        wired.carrier.drop()
        for campaign_id in running:
            await world.post(f"/v1/campaigns/{campaign_id}/resume")
        yield


def _lapsed(*names: str) -> Strike:
    """The certificate of these cables' near ends."""

    @asynccontextmanager
    async def struck(wired: Wired) -> AsyncIterator[None]:
        cables: list[Cable] = [getattr(wired, name) for name in names]
        for cable in cables:
            await cable.mend(tls=_ground(wired).tls(lapsed=True))
        try:
            yield
        finally:
            for cable in cables:
                await cable.mend(tls=_ground(wired).tls())

    return struck


def _jumps(ahead_s: int) -> Strike:
    """The clock of one worker of two, and back again; the pace stays what it is meanwhile."""

    @asynccontextmanager
    async def struck(wired: Wired) -> AsyncIterator[None]:
        world = wired.world
        before, logged = len(world.placings()), world.workers[0].log_size
        _ground(wired).set_clock(ahead_s)
        try:
            yield
        finally:
            _ground(wired).set_clock(0)
        assert _told_ahead_s(world.workers[0].written(logged), ahead_s), "its clock did not jump, or it did nothing"
        placed = world.placings()[before:]
        # A clock that gave its ninety seconds' tokens at once would send all; on a busy machine some arrive together.
        assert peak([record.arrived_s for record in placed]) <= 1.5 * CALLS_PER_SECOND, "calls left too fast"

    return struck


def _told_ahead_s(lines: str, ahead_s: int) -> list[float]:
    """Of lines of a log, how far ahead of now those are that are about so far ahead."""
    moments = [datetime.fromisoformat(json.loads(line)["timestamp"]) for line in lines.splitlines()]
    told = [(moment - datetime.now(UTC)).total_seconds() for moment in moments]
    return [each_s for each_s in told if abs(each_s - ahead_s) < abs(ahead_s) / 2]


@asynccontextmanager
async def _full_under_redis(wired: Wired) -> AsyncIterator[None]:
    """As its file is synced always it ends by itself, and somebody makes room and starts it again."""
    redis = wired.world.redis
    with full_disk(redis.pid, above=wired.world.folder / "data" / "redis"):
        async with asyncio.timeout(_EXITS_S):
            await redis.wait_for_exit()
        yield
    await redis.start()


@asynccontextmanager
async def _full_under_lazy_redis(wired: Wired) -> AsyncIterator[None]:
    """Where it is synced every second it lives on, refuses what changes anything, and tries again by itself."""
    redis = wired.world.redis
    async with Redis.from_url(redis.url) as operator:
        await operator.config_set("appendfsync", "everysec")
        with full_disk(redis.pid, above=wired.world.folder / "data" / "redis"):
            yield
        await operator.config_set("appendfsync", "always")


@asynccontextmanager
async def _full_under_logs(wired: Wired) -> AsyncIterator[None]:
    with full_disk(*(program.process.pid for program in [wired.world.api, *wired.world.workers])):
        yield


_REDIS_AWAY = Fault(
    strike=_full_under_redis,
    seen="Redis ends, and its log says why; 503 `/problems/unavailable`, `hopper.waiting`",
    alert="DialerRedisDown",
    lost=ASKED_LATER,
    logged=WAITS,
    reads=AWAY,
    writes=AWAY,
)
_CARRIER_AWAY = Fault(
    strike=_lapsed("carrier"),
    seen="`refused: not_sent`, its `detail` the certificate; the gate closes, longer each time",
    alert="DialerCarrierRefuses",
    lost="nothing, no try used; what was under way is `unknown` until its webhook tells",
    logged="certificate has expired",
)
_CLOCK = Fault(
    strike=_jumps(90),
    seen="times in that worker's log; `dialer doctor` tells how far it is off. Tokens and leases go by Redis' time",
    stops=False,
)

BENEATH: Mapping[str, Fault] = {
    "disk full under Redis' file": _REDIS_AWAY,
    "disk full under Redis' file, synced every second": replace(
        _REDIS_AWAY,
        strike=_full_under_lazy_redis,
        seen="503 `/problems/unavailable` for what changes anything, answers as ever for who looks; `hopper.waiting` "
        "with Redis' own words; `dialer doctor` names the disk",
        alert="DialerRedisWriteFailed",
        logged="MISCONF",
        reads=HTTPStatus.OK,
    ),
    "disk full under the logs of workers and API": Fault(
        strike=_full_under_logs, seen="lines are missing in the logs: `dialer_log_lines_lost_total`", stops=False
    ),
    "Redis' name leads nowhere (DNS)": replace(
        _REDIS_AWAY,
        strike=_no_redis_name,
        seen="503 `/problems/unavailable`, `hopper.waiting` with the reason; `dialer doctor` names the name",
        logged="the name leads nowhere",
    ),
    "Redis' certificate expired": replace(
        _REDIS_AWAY,
        strike=_lapsed("workers_redis", "api_redis"),
        seen="503 `/problems/unavailable`, `hopper.waiting` with the reason; `dialer doctor` names the certificate",
        logged="certificate has expired",
    ),
    "carrier's name: no name server answers (DNS)": replace(
        _CARRIER_AWAY,
        strike=_no_carrier_name,
        seen="`refused: not_sent` once nobody knows its address any more; the gate closes, longer each time",
        logged="not_sent",
    ),
    "carrier's certificate expired": _CARRIER_AWAY,
    "a worker's clock jumps 90 s ahead, and back": _CLOCK,
    "a worker's clock jumps 90 s back, and ahead again": replace(_CLOCK, strike=_jumps(-90)),
    "certificate of the webhooks' proxy expired": Fault(
        strike=_lapsed("webhooks"),
        seen="calls stay `live`; `dialer doctor` names the certificate",
        alert="DialerWebhooksSilent",
        lost=ASKED_LATER,
        stops=False,
    ),
}
