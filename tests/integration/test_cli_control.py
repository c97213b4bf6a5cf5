"""`dialer control` and `dialer campaign hang-up`, from the command line to the carrier stand-in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.processes.ending import ended
from dialer.providers.steering import Act
from jobs.hang_up import HangUpRounds
from tests.fakes.switchboard import KEY, Switchboard

SOUNDS = [
    ("play", "https://audio.example/x.mp3", "--loop", "0", "--level", "0.5"),
    ("talk", "One minute left.", "--language", "en-GB", "--style", "1", "--premium"),
    ("dtmf", "12#"),
    ("transfer", "--url", "https://ncco.example/x"),
]


async def dialer(board: Switchboard, *words: str, given: str = "") -> Result:
    """Run the command with the address of this dialer behind its first word or two."""
    split = 1 if words[0] == "control" else 2
    told = [*words[:split], "--url", board.url, "--api-key", KEY, *words[split:]]
    return await asyncio.to_thread(CliRunner().invoke, main, told, input=given)


@pytest.mark.parametrize("words", [*((act.replace("_", "-"),) for act in Act), *SOUNDS], ids=lambda words: words[0])
async def test_every_order_is_given(board: Switchboard, words: tuple[str, ...]) -> None:
    """Each order reaches the carrier once, and is said to be done."""
    call_id = await board.up()
    result = await dialer(board, "control", call_id, *words)

    said = f"Call {call_id}: {words[0].replace('-', ' ')} is done.\n"
    assert (0, True, 1) == (result.exit_code, said in result.stdout, len(board.orders())), result.output


async def test_script_is_read_from_a_file(board: Switchboard, tmp_path: Path) -> None:
    """A transfer takes a call script as JSON; a file that is none changes nothing and is named."""
    call_id = await board.up()
    (tmp_path / "good.json").write_text(json.dumps({"steps": [{"do": "say", "text": "Please hold."}]}))
    (tmp_path / "bad.json").write_text("{")
    good, bad = [
        await dialer(board, "control", call_id, "transfer", "--script", str(tmp_path / name))
        for name in ("good.json", "bad.json")
    ]

    assert (0, 1, True) == (good.exit_code, bad.exit_code, "bad.json is not JSON" in bad.stderr)
    assert (["PUT"], True) == (board.orders(), (await board.attempt(call_id)).script is not None)


@pytest.mark.parametrize("more", [(), ("--script", "-", "--url", "https://a.example/")])
async def test_transfer_wants_one_of_two(board: Switchboard, more: tuple[str, ...]) -> None:
    """Neither and both are wrong usage."""
    assert 2 == (await dialer(board, "control", "c1-1", "transfer", *more, given="{}")).exit_code


async def test_what_cannot_be_done_is_a_sentence(board: Switchboard) -> None:
    """A call that is over, a wrong field and an unknown call end with the API's own words."""
    call_id = await board.up()
    wrong = await dialer(board, "control", call_id, "dtmf", "x")
    board.carrier.hang_up("+31612345678")
    over = await dialer(board, "control", call_id, "mute")
    unknown = await dialer(board, "control", "c1-1", "mute")

    assert [1, 1, 1] == [result.exit_code for result in (wrong, over, unknown)]
    assert "digits" in wrong.stderr
    assert "The call is over" in over.stderr
    assert "there is no call 'c1-1'" in unknown.stderr


async def test_hang_up_asks_first(board: Switchboard) -> None:
    """Before anything is done it says how many calls and how long; a no changes nothing."""
    call_id = await board.up()
    campaign_id = call_id.rpartition("-")[0]
    result = await dialer(board, "campaign", "hang-up", campaign_id, given="n\n")

    asked = f"This pauses campaign {campaign_id} and ends 1 call, in about 2 s. Go on?"
    assert (1, True) == (result.exit_code, asked in result.stdout)
    assert "running" == (await board.get(f"/v1/campaigns/{campaign_id}"))["state"]


async def test_hang_up_waits_until_all_is_done(board: Switchboard) -> None:
    """With --yes it asks nothing, and returns when nobody is to be hung up any more."""
    call_id = await board.up()
    campaign_id = call_id.rpartition("-")[0]
    rounds = asyncio.create_task(HangUpRounds(board.context).run())
    result = await dialer(board, "campaign", "hang-up", campaign_id, "--yes")
    await ended(rounds)

    assert (0, ["hangup"]) == (result.exit_code, board.leg().controls)
    assert f"Everything is hung up. Campaign {campaign_id} is paused." in result.stdout
