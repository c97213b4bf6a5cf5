"""A backup taken while a campaign is dialed is restored as the runbook says (deploy/README.md, "Backup and restore").

The restored Redis knows nothing of whoever was dialed since. Workers know by their disk that there was more, and wait.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from dialer.simulator import SimulatorConfig
from tests.acceptance.conftest import NewWorld
from tests.fakes.campaign import CampaignRun
from tests.fakes.command_line import dialer
from tests.fakes.waiting import until
from tests.fakes.world import KEY, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PEOPLE, BACKED_UP, LOST = 120, 15, 75  # lost is what came in three seconds: the disk knows of it within one
CARRIER = SimulatorConfig(time_scale=0.02, calls_per_second=20)
SETTINGS = {"CALLS_PER_SECOND": "20", "CARRIER_TIMEOUT_S": "2", "UNAVAILABLE_SETTLE_S": "1"}
HELD_S = 3.0
"""In which sixty would be dialed."""
_LOOKS = 20


async def _stop_and_restore(world: World, backup: Path) -> None:
    """Nobody dials any more; Redis is lost, and started with what was copied."""
    await asyncio.gather(*(worker.kill() for worker in world.workers))
    await until(lambda: world.carrier.live == 0)
    world.redis.kill()
    await world.redis.wait_for_exit()
    log = _log(world)
    _remove(log)
    _copy(backup, log)
    await world.redis.start()


def _log(world: World) -> Path:
    """Redis' append-only folder; before Redis 7 it is a file."""
    (log,) = (world.folder / "data" / "redis").glob("appendonly*")
    return log


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)


def _remove(log: Path) -> None:
    if log.is_dir():
        shutil.rmtree(log)
    else:
        log.unlink()


async def _dialed(new_world: NewWorld) -> tuple[World, CampaignRun]:
    """A campaign in the middle of which the log was copied, dialed on after that, and then lost."""
    world = await new_world(CARRIER, settings=SETTINGS)
    run = await world.dial(world.people(PEOPLE))
    await world.until_placings(BACKED_UP)
    backup = world.folder / "backup"
    _copy(_log(world), backup)
    await world.until_placings(LOST)
    await _stop_and_restore(world, backup)
    return world, run


async def test_whoever_was_dialed_since_the_backup_is_not_dialed_again(new_world: NewWorld) -> None:
    """`dialer restored` settles them by the carrier's list: each phone rings once, and each is known as answered."""
    world, run = await _dialed(new_world)
    dialed = len(world.placings())
    await run.until(lambda seen: bool(seen["state"] == "running"))
    await world.start_workers(1)
    await world.workers[-1].until_logged("data.old")
    held = len(world.placings())
    said = await dialer("restored", "--by", "anna", settings=world.settings)
    await run.until(lambda seen: bool(seen["counts"]["done"] == PEOPLE), within_s=60)
    await until(lambda: world.carrier.live == 0)
    rings = [world.carrier.rings(call["number"]) for call in await run.calls()]
    seen = await run.look()

    assert 0 == said.exit_code, said.output
    assert LOST <= dialed == held < PEOPLE
    assert [1] * PEOPLE == rings
    assert {"answered": PEOPLE} == {name: count for name, count in seen["dispositions"].items() if count}


async def _status(world: World) -> str:
    """What somebody is told who asks how it stands, once the API has looked: by itself, every few seconds."""
    told = ""
    for _ in range(_LOOKS):
        told = (await dialer("status", settings={"URL": str(world.http._base_url), "API_KEY": KEY})).output
        if "dialer restored" in told:
            break
        await asyncio.sleep(0.5)
    return told


async def test_from_a_backup_alone_nobody_is_dialed(new_world: NewWorld) -> None:
    """A worker started on it holds, and everybody who asks is told why and what to do."""
    world, run = await _dialed(new_world)
    before = len(world.placings())
    await run.until(lambda seen: bool(seen["state"] == "running"))
    await world.start_workers(1)
    await world.workers[-1].until_logged("data.old")
    await asyncio.sleep(HELD_S)
    explained = await world.get(f"{run.path}/explain")
    status = await _status(world)
    examined = await dialer("doctor", settings=world.settings)

    assert before == len(world.placings())
    assert "old_data" == explained["code"]
    assert "dialer restored" in status
    assert "older than what was seen of it" in examined.output
