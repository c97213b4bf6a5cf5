"""`dialer doctor` before anything runs: what it prints, as text and as JSON, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.command_line import dialer


async def test_nothing_set_names_every_setting(tmp_path: Path) -> None:
    """With nothing set each variable is named, what hangs on them is skipped, and it ends with 1."""
    result = await dialer("doctor", settings={"DATA_DIR": str(tmp_path)})
    lines = result.stdout.splitlines()

    assert 1 == result.exit_code
    assert lines[0].startswith("failed   settings             not set: DIALER_REDIS_URL, DIALER_PUBLIC_URL")
    assert "         -> DIALER_FROM_NUMBER: Caller id of every call: a number of the account, E.164 (+31...)." in lines
    assert "skipped  workers              needs redis" in lines
    assert lines[-1].endswith("steps failed, 1 gave a warning. Mend the first one first.")


async def test_unusable_setting_is_a_step_that_failed(tmp_path: Path) -> None:
    """A value that cannot be taken is told like any other step, with the spelling of the others."""
    result = await dialer("doctor", "--json", settings={"DATA_DIR": str(tmp_path), "PORT": "x", "REDIS_ULR": "x"})
    told = json.loads(result.stdout)

    assert (1, False, False) == (result.exit_code, told["ok"], told["stand_in"])
    assert [("settings", "failed"), ("spelling", "warning")] == [(s["step"], s["state"]) for s in told["steps"]]
    assert "DIALER_PORT is not usable" in told["steps"][0]["advice"]


async def test_test_call_waits_for_everything_else(tmp_path: Path) -> None:
    """While something failed nobody is called."""
    result = await dialer("doctor", "--test-call", "0612345678", "--json", settings={"DATA_DIR": str(tmp_path)})

    expected = {"step": "test call", "state": "skipped", "found": "nobody was called: mend first what failed"}
    assert expected.items() <= json.loads(result.stdout)["steps"][-1].items()


async def test_number_that_is_none_stops_at_once(tmp_path: Path) -> None:
    """A wrong number is refused before anything is looked at."""
    result = await dialer("doctor", "--test-call", "12", settings={"DATA_DIR": str(tmp_path)})

    assert (1, "", True) == (result.exit_code, result.stdout, "the number is too short" in result.stderr)
