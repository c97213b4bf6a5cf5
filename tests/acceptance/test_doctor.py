"""`dialer doctor` beside a running dialer: all is well, and its test call rings once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result

from tests.acceptance.conftest import NewWorld
from tests.fakes.beneath import REDIS, open_beneath
from tests.fakes.command_line import dialer
from tests.fakes.wired import Wired, open_wired
from tests.fakes.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")
NUMBER = "+31612345678"


async def _doctor(world: World, *words: str) -> tuple[Result, dict[str, Any]]:
    result = await dialer("doctor", "--json", *words, settings=world.settings)
    return result, {step["step"]: step for step in json.loads(result.stdout)["steps"]}


async def test_all_is_well_and_the_test_call_rings_once(new_world: NewWorld) -> None:
    """Against the stand-in every step is well, the call is answered, its webhooks come, and the phone rings once."""
    world = await new_world()
    result, steps = await _doctor(world, "--test-call", NUMBER)

    assert 0 == result.exit_code, result.stdout
    assert {"settings", "public address"} == {name for name, step in steps.items() if step["state"] == "warning"}
    assert ("ok", 1) == (steps["test call"]["state"], world.carrier.rings(NUMBER))
    assert "answered, webhooks: " in steps["test call"]["found"]
    assert "answer_fetched" in steps["test call"]["found"]


async def test_phone_that_nobody_picks_up_is_a_warning(new_world: NewWorld) -> None:
    """Whoever is not there to pick up is called once, and that is told as a warning."""
    world = await new_world()
    world.carrier.phone(NUMBER).is_busy()
    result, steps = await _doctor(world, "--test-call", NUMBER)

    assert (0, "warning") == (result.exit_code, steps["test call"]["state"]), result.stdout
    assert 1 == len(world.placings(NUMBER))


async def test_without_workers_nobody_is_called(new_world: NewWorld) -> None:
    """A step that failed keeps the phone from ringing, and ends with 1."""
    world = await new_world(workers=0)
    result, steps = await _doctor(world, "--test-call", NUMBER)

    assert (1, "failed", "skipped") == (result.exit_code, steps["workers"]["state"], steps["test call"]["state"])
    assert [] == world.placings(NUMBER)


async def test_what_lies_beneath_is_named_with_what_to_do() -> None:
    """A clock that is off, certificates that expired and a name that leads nowhere are told as what they are."""
    async with open_beneath() as beneath, open_wired(beneath) as wired:
        expired = beneath.tls(lapsed=True)
        beneath.set_clock(90)
        await wired.carrier.mend(tls=expired)
        await wired.webhooks.mend(tls=expired)
        told = [await _ill(wired)]
        await wired.api_redis.mend(tls=expired)
        told.append(await _ill(wired))
        with beneath.misleading(REDIS, "gone"):
            told.append(await _ill(wired))

    assert "ahead of Redis" in told[0]
    assert "the carrier does not answer (ClientConnectorCertificateError: certificate has expired)" in told[0]
    assert "its certificate is not valid (ClientConnectorCertificateError: certificate has expired)" in told[0]
    assert "Redis does not answer (ConnectionError: certificate has expired)" in told[1]
    assert "Renew Redis' certificate" in told[1]
    assert "the name leads nowhere" in told[2]
    assert "Mend this machine's DNS" in told[2]


async def _ill(wired: Wired) -> str:
    """What the doctor writes about this dialer, which is not well, in one line."""
    return " ".join((await wired.world.run("doctor", status=1)).split())
