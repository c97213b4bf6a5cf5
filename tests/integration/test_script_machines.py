"""Every script beside a model in plain Python: which machine runs it, and that both agree on all that stands in Redis.

Scripts that move calls are run by the walk over campaigns (`test_dialing_walk.py`), those that explain by the explained
walk, all others by the machine here, and some by both. `SCRIPT_STEPS` lets it run for longer.
"""

from __future__ import annotations

import os
from importlib.resources import files

import pytest
from redis.asyncio import Redis

from dialer.redis.batch import Batch
from tests.fakes.clock import START_MS
from tests.fakes.engine import clean_engine
from tests.fakes.models.auditing import AUDIT
from tests.fakes.models.machine import OTHERS, Machine, beside_its_room
from tests.fakes.models.space import MODELS
from tests.fakes.walk.steps import Walk
from tests.integration.test_dialing_walk import _paces

STEPS = int(os.environ.get("SCRIPT_STEPS", "1500"))
WALKED = {
    "add_calls", "adopt_attempt", "apply_event", "begin_attempt", "change_campaign", "change_suppression",
    "change_windows",
    "claim_due_calls", "complete_campaign", "count_outcome", "create_campaign", "end_conference", "end_import",
    "end_waiting", "erase_call", "expire_call", "expire_calls", "expire_campaign", "lapse_lease", "read_changes",
    "recall_call", "record_placement", "redial_unknown", "step_campaign", "store_hours", "tune_budget",
}  # fmt: skip
EXPLAINED = {"explain_call", "explain_campaign"}
ONE_ANSWER = {"probe_commands", "stamp_schema", "forget_attempts"}
MOST_WALKS = 12
STARTS = 5


def test_every_script_has_a_machine() -> None:
    """A new script comes with a model, or with a step of a walk."""
    scripts = {file.name.removesuffix(".lua") for file in files("dialer.lua").iterdir() if file.name.endswith(".lua")}

    assert scripts == WALKED | EXPLAINED | MODELS.keys()


async def test_walk_runs_its_scripts(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of those that the walk answers for is passed over by it."""
    run, left = Batch.run, set(WALKED)

    async def noted(self: Batch, name: str, *rest: object) -> object:
        left.discard(name)
        return await run(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Batch, "run", noted)
    for seed in range(100, 100 + MOST_WALKS):
        async with clean_engine(redis_url, further=_paces(30)) as engine:
            await Walk(engine, seed, _paces(30)).walk(120)
        if not left:
            return
    raise AssertionError(f"no walk ran {left}")


async def test_scripts_and_models_agree(redis: Redis) -> None:
    """Whatever is run in whatever order, answers and all keys are those of the models."""
    await Machine(redis, 0, START_MS).run(STEPS)


@pytest.mark.parametrize("script", OTHERS)
async def test_script_in_its_room(redis: Redis, script: str) -> None:
    """Beside nothing but what others of its kind leave, a script is what its model is, from an empty Redis on.

    It is met in more than one case: a machine that hears nothing but refusals shows nothing.
    """
    answers = set[str]()
    for seed in range(STARTS):
        await redis.flushall()
        machine = Machine(redis, seed, START_MS, beside_its_room(script))
        await machine.run(STEPS // 25)
        answers |= machine.answers[script]

    assert len(answers) > 1 or script in ONE_ANSWER


async def test_audit_log(redis: Redis) -> None:
    """Its chain is what the model makes of it, by clocks that differ, trimmed or not."""
    machine = Machine(redis, 0, START_MS, AUDIT)
    await machine.run(STEPS)

    assert set(AUDIT) == machine.answers.keys()
