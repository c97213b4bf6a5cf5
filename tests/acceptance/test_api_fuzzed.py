"""The API against its own description: a fuzzer makes requests of all kinds from the document, and checks each answer.

All of schemathesis' checks are on (`schemathesis.toml`): no 500, no status, header, media type or body that is not
documented, nothing taken that the schema forbids, no way around the key, and what was deleted is gone. Links lead from
what was made to whatever can be done with it. The seed is fixed, so that a run says the same each time;
`FUZZ_SEED` in the environment is another one.
"""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.conftest import NewWorld
from tests.fakes.waiting import FIGURES
from tests.fakes.world import KEY, QUICK, World

CONFIG = Path(__file__).with_name("schemathesis.toml")
ROOT = Path(__file__).parents[2]
CARRIER = replace(QUICK, other_requests_per_second=1e6)
SETTINGS = {"WRONG_KEYS_PER_MINUTE": "100000", "OTHER_REQUESTS_PER_SECOND": "1000"}


@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("phases", "examples"), [("examples,coverage", 1), ("fuzzing", 8), ("stateful", 40)])
async def test_every_answer_is_as_documented(new_world: NewWorld, tmp_path: Path, phases: str, examples: int) -> None:
    """Whatever is sent, to a dialer that has campaigns, calls and recordings and goes on dialing."""
    world = await new_world(CARRIER, settings=SETTINGS)
    await _fill(world)
    url = f"http://127.0.0.1:{world.settings['PORT']}/openapi.json"
    seed = os.environ.get("FUZZ_SEED", "1")
    options = ["--phases", phases, "--seed", seed, "--max-examples", str(examples), "--no-color"]
    options += ["--header", f"Authorization: Bearer {KEY}", "--report-dir", str(tmp_path)]
    fuzzer = await asyncio.create_subprocess_exec(
        *[str(Path(sys.executable).with_name("st")), "--config-file", str(CONFIG), "run", url, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await fuzzer.communicate())[0].decode()

    assert 0 == fuzzer.returncode, told
    assert await world.get("/readyz")
    FIGURES.extend(f"fuzzed, {phases}: {line.strip()}" for line in told.splitlines() if "generated, " in line)


async def _fill(world: World) -> None:
    """Something to be found by whatever lists and looks."""
    person, machine = world.people(2)
    world.carrier.phone(person).answers()
    world.carrier.phone(machine).has_voicemail()
    steps = [{"do": "say", "text": "Hello."}, {"do": "record", "end_on_silence_s": 3}]
    run = await world.dial([person, machine], kind="script", script={"language": "en-GB", "steps": steps})
    await run.until_done()
    await world.post("/v1/suppressions/add", {"number": "+31207654321", "list": "staff"})
