"""`dialer escalation`, from the command line to the API."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialer.api.escalation_answers import EscalationOut
from dialer.cli import main
from dialer.cli.escalation_screen import escalation_screen
from dialer.cli.screens import plain_console
from tests.fakes.switchboard import KEY, Switchboard

ANN, BOB, LEAD = "+31612345671", "+31612345672", "+31612345673"
LIST = f"number,id,name,step\n06-12345671,ann,Ann,1\n{BOB},,Bob,1\n{LEAD},lead,Lena,2;3\n"
SAYS = ("--text", "{{ name }}, pump three has stopped.", "--language", "en-GB")


async def dialer(board: Switchboard, verb: str, *words: str) -> Result:
    """Run `dialer escalation` with the address of this dialer."""
    told = ["escalation", verb, "--url", board.url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def begin(board: Switchboard, tmp_path: Path, *words: str, people: str = LIST) -> Result:
    """Begin an escalation of a list."""
    (tmp_path / "pump.csv").write_text(people)
    return await dialer(board, "start", str(tmp_path / "pump.csv"), *SAYS, *words)


async def newest(board: Switchboard) -> dict[str, Any]:
    """The escalation that was begun last."""
    found: dict[str, Any] = (await board.get("/v1/escalations"))["escalations"][0]
    return found


async def test_list_becomes_an_escalation(board: Switchboard, tmp_path: Path) -> None:
    """Every wish reaches it; the column `step` says who is called when, and may name several."""
    words = ("--wait", "2m", "--needed", "2", "--repeat", "3", "--confirm-key", "5", "--deadline", "1h", "--after-wait")
    result = await begin(board, tmp_path, *words, "--redial", "busy=1/30s", "--name", "Pump 3")
    seen = await newest(board)
    campaign = await board.get(f"/v1/campaigns/{seen['id']}")

    assert (0, True) == (result.exit_code, seen["id"] in result.stdout.splitlines()), result.output
    assert [("ann", "Ann", ANN, [1]), (None, "Bob", BOB, [1]), ("lead", "Lena", LEAD, [2, 3])] == [
        (p["id"], p["name"], p["number"], p["steps"]) for p in seen["people"]
    ]
    assert ("Pump 3", 2, 3, 3) == (seen["name"], seen["needed"], seen["rounds"], seen["steps"])
    assert ("5", ["busy"]) == (campaign["script"]["confirm_key"], list(campaign["redial"]))
    since, following = (datetime.fromisoformat(seen[name]) for name in ("step_since", "next_at"))
    assert timedelta(minutes=2) == following - since
    ends_in = datetime.fromisoformat(seen["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < ends_in <= timedelta(minutes=60)


async def test_whole_escalation_in_a_file(board: Switchboard, tmp_path: Path) -> None:
    """JSON as the API takes it; options go before what stands in it, waits to each step."""
    people = [{"number": ANN, "name": "Ann"}], [{"number": LEAD, "name": "Lena"}]
    body = {"text": "Pump.", "language": "en-GB", "steps": [{"people": some} for some in people], "needed": 2}
    (tmp_path / "pump.json").write_text(json.dumps(body))
    result = await dialer(board, "start", str(tmp_path / "pump.json"), "--needed", "1", "--wait", "90s", "--wait", "3m")
    seen = await newest(board)

    assert (0, "pump", 1, 2) == (result.exit_code, seen["name"], seen["needed"], seen["steps"]), result.output
    since, following = (datetime.fromisoformat(seen[name]) for name in ("step_since", "next_at"))
    assert timedelta(seconds=90) == following - since


@pytest.mark.parametrize(
    ("file", "words", "said"),
    [
        (("a.csv", "number,step\n12,1\n"), (), "row 1: '12'"),
        (("a.csv", f"number,step\n{ANN},first\n"), (), "row 1: the column `step` says in which step"),
        (("a.csv", f"number\n{ANN}\n"), (), "row 1: the column `step` says in which step"),
        (("a.json", "{"), (), "is no JSON"),
        (("a.json", '{"steps": 5}'), (), "steps"),
        (("a.csv", f"number,step\n{ANN},1\n{BOB},2\n"), ("--wait", "1m") * 3, "once for each: 2"),
        (("a.csv", f"number,step\n{ANN},1\n"), ("--needed", "2"), "only 1 people are called"),
    ],
)
async def test_what_cannot_be_begun(
    board: Switchboard, tmp_path: Path, file: tuple[str, str], words: tuple[str, ...], said: str
) -> None:
    """A sentence names what is to be mended, and nobody was called."""
    name, content = file
    (tmp_path / name).write_text(content)
    result = await dialer(board, "start", str(tmp_path / name), "--text", "Pump.", "--language", "en-GB", *words)

    assert (True, True) == (result.exit_code in {1, 2}, said in result.stderr), result.output
    assert [] == (await board.get("/v1/escalations"))["escalations"]


async def test_shown_confirmed_listed_and_watched(board: Switchboard, tmp_path: Path) -> None:
    """How far it is, who has confirmed and how, until it is over."""
    await begin(board, tmp_path, "--needed", "2")
    escalation_id = (await newest(board))["id"]
    shown = await dialer(board, "show", escalation_id)
    assert all(part in shown.stdout for part in ("step 1 of 3", "confirmed 0 of 2", "Lena", "2, 3")), shown.output
    confirmed = await dialer(board, "confirm", escalation_id, "06 12345671", "--by", "desk two")
    assert "confirmed by Ann (+31612345671) at " in confirmed.stdout
    assert ", by hand: desk two" in confirmed.stdout
    picture = plain_console()
    with picture.capture() as drawn:
        picture.print(
            escalation_screen(EscalationOut.model_validate(await board.get(f"/v1/escalations/{escalation_id}")))
        )
    assert "next in " in drawn.get()

    await dialer(board, "confirm", escalation_id, "lead")
    watched = await dialer(board, "watch", escalation_id)
    listed = await dialer(board, "list")
    assert (0, True) == (watched.exit_code, "over, confirmed | step 1 of 3 | confirmed 2 of 2" in watched.stdout)
    assert (True, True) == ("2 of 2" in listed.stdout, "1 of 3" in listed.stdout)
    for words in (("show", escalation_id, "--json"), ("list", "--json")):
        assert escalation_id in (await dialer(board, *words)).stdout


async def test_ended(board: Switchboard, tmp_path: Path) -> None:
    """Nobody is called any more."""
    await begin(board, tmp_path)
    result = await dialer(board, "end", (await newest(board))["id"])
    assert (0, True) == (result.exit_code, "over, ended by hand" in result.stdout)
