"""Webhooks in any order, any number and any form, forged ones, and ones that come while Redis is away."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from http import HTTPStatus

import pytest
import pytest_asyncio

from dialer.simulator import Often, Outcome, Phone, Turn
from dialer.tokens import make_token
from tests.acceptance.conftest import NewWorld
from tests.fakes.waiting import until
from tests.fakes.world import SECRET, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

ENDS = {
    Outcome.ANSWERS: "answered",
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no_answer",
    Outcome.REJECTS: "rejected",
    Outcome.INVALID: "invalid_number",
    Outcome.UNREACHABLE: "no_answer",
    Outcome.FAILS: "failed",
}
FAULTS = ("swapped", "doubled", "late", "get", "odd_status")
LONG_S = 50.0  # carrier seconds: one of ours


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[World]:
    """One world for most of these tests."""
    async with open_world() as opened:
        yield opened


async def _ends(world: World) -> dict[Outcome, tuple[str, int]]:
    """Dial one person of each behaviour: how each call ended, and how often the phone rang."""
    numbers = dict(zip(ENDS, world.people(len(ENDS)), strict=True))
    for outcome, number in numbers.items():
        world.carrier.phone(number).takes(Turn(outcome=outcome))
    run = await world.dial(list(numbers.values()))
    await run.until_done()
    await world.carrier.quiet()
    ended = {call["number"]: call["disposition"] for call in await run.judge_done()}
    return {outcome: (ended[number], world.carrier.rings(number)) for outcome, number in numbers.items()}


@pytest.mark.parametrize("fault", FAULTS)
async def test_disturbed_webhooks_give_the_same_dispositions(world: World, fault: str) -> None:
    """However its webhooks arrive, each call ends as its person behaved, after one ring."""
    world.carrier.faults.set_webhook(fault, Often(share=1.0))
    ended = await _ends(world)
    world.carrier.faults.clear()
    assert {outcome: (end, 1) for outcome, end in ENDS.items()} == ended


async def test_lost_webhooks_before_the_last_change_nothing(world: World) -> None:
    """Where only the end of a call is told, that is enough."""
    for status in ("started", "ringing"):
        world.carrier.faults.next_webhook("lost", status=status, count=len(ENDS))
    ended = await _ends(world)
    world.carrier.faults.clear()
    assert {outcome: (end, 1) for outcome, end in ENDS.items()} == ended


@pytest.mark.parametrize(
    "token", ["forged", make_token("another secret", "c1-1-1"), make_token(SECRET, "c1-1-1")], ids=str
)
@pytest.mark.parametrize("kind", ["event", "answer"])
async def test_token_that_is_not_ours_is_not_found(world: World, kind: str, token: str) -> None:
    """A callback with a made-up token, one signed by somebody else, or one of no attempt gets 404."""
    async with world.http.post(f"/webhooks/{token}/{kind}", json={"status": "completed"}) as response:
        assert HTTPStatus.NOT_FOUND == response.status


async def test_webhook_while_redis_is_away_is_asked_for_again(new_world: NewWorld) -> None:
    """While Redis is away a callback gets 503, which has the carrier repeat it; then it is taken."""
    world = await new_world()
    (number,) = world.people(1)
    _takes_long(world.carrier.phone(number))
    call = await world.call(number)
    await world.until_rung(number)
    path = f"/webhooks/{make_token(SECRET, call['id'] + '-1')}/event"
    world.redis.kill()
    await world.redis.wait_for_exit()
    assert HTTPStatus.SERVICE_UNAVAILABLE == await _tell(world, path)
    await world.redis.start()
    assert HTTPStatus.NO_CONTENT == await _tell(world, path)
    assert "busy" == (await world.get(f"/v1/calls/{call['id']}"))["disposition"]


async def test_repeated_webhook_gets_through_when_redis_is_back(new_world: NewWorld) -> None:
    """A webhook that met a Redis that does not answer is taken when the carrier tries again."""
    world = await new_world()
    (number,) = world.people(1)
    _takes_long(world.carrier.phone(number))
    call = await world.call(number)
    await world.until_rung(number)
    assert world.redis.pid
    os.kill(world.redis.pid, signal.SIGSTOP)
    try:
        await until(lambda: '"status": 503' in world.api.tail())
    finally:
        os.kill(world.redis.pid, signal.SIGCONT)
    await world.carrier.quiet()
    assert 0 == world.carrier.webhook_failures
    assert "busy" == (await world.get(f"/v1/calls/{call['id']}"))["disposition"]


def _takes_long(phone: Phone) -> None:
    """It is found busy only after a while."""
    phone.takes(Turn(outcome=Outcome.BUSY, after_s=40.0))


async def _tell(world: World, path: str) -> int:
    async with world.http.post(path, json={"status": "busy", "timestamp": "2026-08-01T10:00:00.000Z"}) as response:
        return response.status
