"""`--escalation` and `then=escalate`, from the command line to the API."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from dialer.cli import main
from tests.fakes.switchboard import KEY, Switchboard

SAYS = ("--text", "Hello {{ name }}.", "--language", "en-GB", "--confirm-key", "1")
ALARM: dict[str, Any] = {
    "text": "{{ call_name }} does not answer.",
    "language": "en-GB",
    "steps": [{"people": [{"number": "+31612345671", "name": "Ann"}]}],
}


async def create(board: Switchboard, *words: str) -> Result:
    """Run `dialer campaign create` with the address of this dialer."""
    told = ["campaign", "create", "--url", board.url, "--api-key", KEY, "Appointments", *SAYS, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def test_file_is_what_the_campaign_begins(board: Switchboard, tmp_path: Path) -> None:
    """The file says it as the API takes it; without a name it has the file's."""
    (tmp_path / "on-call.json").write_text(json.dumps(ALARM))
    words = ("--redial", "no_answer=2/1h,then=escalate", "--escalation", str(tmp_path / "on-call.json"))
    result = await create(board, *words)
    assert 0 == result.exit_code, result.output
    (seen,) = (await board.get("/v1/campaigns"))["campaigns"]

    assert ("escalate", 2) == (seen["redial"]["no_answer"]["then"], seen["redial"]["no_answer"]["times"])
    assert ("on-call", ALARM["text"]) == (seen["escalation"]["name"], seen["escalation"]["text"])


async def test_policy_without_a_file_is_refused(board: Switchboard) -> None:
    """Whoever would be alarmed must be told: the message names the field."""
    result = await create(board, "--redial", "busy=0,then=escalate")
    assert result.exit_code != 0
    assert "redial.busy.then" in result.output


async def test_file_that_is_none_is_a_usage_error(board: Switchboard, tmp_path: Path) -> None:
    """No JSON, no object, no file: said with the name of it, and nothing is created."""
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "people.csv").write_text("number\n1\n")
    for name in ("list.json", "people.csv", "none.json"):
        result = await create(board, "--escalation", str(tmp_path / name))
        assert (2, True) == (result.exit_code, name in result.output.replace("\n", "")), result.output
    assert [] == (await board.get("/v1/campaigns"))["campaigns"]
