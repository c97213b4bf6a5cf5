"""`dialer conference`, from the command line to the carrier stand-in."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialer.api.conference_answers import ConferenceOut, MemberOut
from dialer.cli import main
from dialer.cli.conference_screen import members_table
from dialer.cli.screens import plain_console
from jobs.conference import watch_conferences
from jobs.context import ArqContext
from tests.fakes.answers import filled
from tests.fakes.switchboard import KEY, Switchboard
from tests.fakes.waiting import until

CHAIR, ANN, BOB = "+31612345671", "+31612345672", "+31612345673"
LIST = f"number,id,name\n06-12345671,chair,Chris\n{ANN},,Ann\n"
SAYS = ("--text", "Hello {{ name }}.", "--language", "en-GB")


async def dialer(board: Switchboard, verb: str, *words: str) -> Result:
    """Run `dialer conference` with the address of this dialer."""
    told = ["conference", verb, "--url", board.url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def begin(board: Switchboard, tmp_path: Path, *words: str, people: str = LIST) -> Result:
    """Begin a conference of a list."""
    (tmp_path / "crisis.csv").write_text(people)
    return await dialer(board, "start", str(tmp_path / "crisis.csv"), *SAYS, *words)


async def newest(board: Switchboard) -> dict[str, Any]:
    """The conference that was begun last; what commands print is mixed with the log of the API beside them."""
    found: dict[str, Any] = (await board.get("/v1/conferences"))["conferences"][0]
    return found


async def look(board: Switchboard, conference_id: str) -> dict[str, Any]:
    """The conference as the API tells it."""
    return await board.get(f"/v1/conferences/{conference_id}")


@pytest.fixture
async def conference_id(board: Switchboard, tmp_path: Path) -> str:
    """A conference in which both are."""
    await begin(board, tmp_path, "--moderator", "chair")
    begun = str((await newest(board))["id"])
    await board.place(2)
    async with asyncio.timeout(20):
        while 2 != (await look(board, begun))["counts"]["in"]:  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.01)
    return begun


async def test_list_becomes_a_conference(board: Switchboard, tmp_path: Path) -> None:
    """Every wish reaches the conference, numbers as people write them too; what is left out has its default."""
    words = ("--moderator", "06 12345671", "--join-key", "1", "--music", "https://music.example/m.mp3", "--record")
    more = ("--deadline", "30m", "--redial", "busy=3/30s", "--recalls", "0", "--name", "Board", "--length-timer", "900")
    result = await begin(board, tmp_path, *words, *more)
    seen = await newest(board)
    campaign = await board.get(f"/v1/campaigns/{seen['id']}")

    assert (0, True) == (result.exit_code, seen["id"] in result.stdout.splitlines())
    assert [("chair", "Chris", True), (None, "Ann", False)] == [
        (m["id"], m["name"], m["moderator"]) for m in seen["members"]
    ]
    assert ("Board", "1", True) == (seen["name"], seen["join_key"], seen["record"])
    ends_in = datetime.fromisoformat(seen["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < ends_in <= timedelta(minutes=30)
    busy = campaign["redial"].pop("busy")
    assert (3, 30.0, {}, 900) == (
        busy["times"], busy["after_s"], campaign["redial"], campaign["terms"]["length_timer_s"],
    )  # fmt: skip
    script = campaign["script"]
    assert (CHAIR, 0, "https://music.example/m.mp3") == tuple(
        script[name] for name in ("moderator", "recalls", "music_on_hold_url")
    )


async def test_list_with_a_wrong_row_calls_nobody(board: Switchboard, tmp_path: Path) -> None:
    """A conference lacks nobody unnoticed: the rows to mend are named, and none was begun."""
    result = await begin(board, tmp_path, people=f"{LIST}12,x,Zoe\n")
    assert (1, True) == (result.exit_code, "row 3: '12'" in result.stderr), result.output
    assert [] == (await board.get("/v1/conferences"))["conferences"]


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("--moderator", "nobody"), 1, "moderator"),
        (("--deadline", "soon"), 2, "30m"),
        (("--redial", "busy"), 2, "busy=2/5m"),
        (("--machine-detection", "continue"), 1, "join_key"),
    ],
)
async def test_wrong_wish_is_a_sentence(
    board: Switchboard, tmp_path: Path, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    """What cannot be is told in words that name it."""
    result = await begin(board, tmp_path, *words)
    assert (exit_code, True) == (result.exit_code, said in result.stderr), result.output


async def test_steering_from_the_command_line(board: Switchboard, conference_id: str) -> None:
    """Members are named by id, number or call id; each order is said to be done, and is."""
    muted = await dialer(board, "mute", conference_id, "06-12345672")
    assert (0, True) == (muted.exit_code, "Ann: mute is done.\n" in muted.stdout)
    assert (await look(board, conference_id))["members"][1]["muted"]
    assert 0 == (await dialer(board, "unmute", conference_id, f"{conference_id}-2")).exit_code
    assert ["mute", "unmute"] == board.leg(ANN).controls

    dropped = await dialer(board, "drop", conference_id, ANN)
    assert (0, True) == (dropped.exit_code, "Ann: drop is done.\n" in dropped.stdout)
    await board.call_is(f"{conference_id}-2", lambda call: call.disposition is not None)
    assert 0 == (await dialer(board, "call-again", conference_id, ANN)).exit_code
    added = await dialer(board, "add", conference_id, BOB, "--variable", "name=Bob", "--variable", "team=red")
    assert (0, True) == (added.exit_code, "Bob is waiting.\n" in added.stdout)
    assert ["in", "waiting", "waiting"] == [m["state"] for m in (await look(board, conference_id))["members"]]


async def test_nobody_of_that_name_is_a_sentence(board: Switchboard, conference_id: str) -> None:
    """A member that is none, and one who cannot be steered now, end with words that help."""
    unknown = await dialer(board, "mute", conference_id, "zoe")
    busy = await dialer(board, "call-again", conference_id, "chair")
    assert (1, True) == (unknown.exit_code, f"see `dialer conference show {conference_id}`" in unknown.stderr)
    assert (1, True) == (busy.exit_code, "on the phone" in busy.stderr)


async def test_watching_a_conference_to_its_end(board: Switchboard, conference_id: str) -> None:
    """Ended by hand, everybody is hung up on; a line tells who is in, and after the last call the command returns."""
    ended = await dialer(board, "end", conference_id)
    watching = asyncio.create_task(dialer(board, "watch", conference_id))
    await watch_conferences(ArqContext(context=board.context))
    result = await asyncio.wait_for(watching, 20)

    assert f"Conference {conference_id} is over: ended by hand.\n" in ended.stdout
    assert (0, True) == (result.exit_code, "over, ended by hand | left 2\n" in result.stdout), result.output
    await until(lambda: "hangup" in board.leg(CHAIR).controls)


async def test_what_is_shown(board: Switchboard, conference_id: str) -> None:
    """The list has the conference, its page a row for each member, and JSON is as the API says it."""
    listed, shown, plain = [
        await dialer(board, *words) for words in (("list",), ("show", conference_id), ("show", conference_id, "--json"))
    ]
    assert all(word in listed.stdout for word in (conference_id, "crisis", "running"))
    assert f"crisis ({conference_id}) | running | in 2\n" in shown.stdout
    (row,) = [line for line in shown.stdout.splitlines() if line.startswith("Chris")]
    assert [CHAIR, "in", "moderator"] == [word for word in row.split()[1:] if not word[0].isdigit()]
    assert await look(board, conference_id) == json.loads(plain.stdout[plain.stdout.index("{\n") :])


def test_hostile_names_are_shown_as_they_are() -> None:
    """No name breaks out of its row, and the time in a state is told."""
    member = filled(MemberOut, name="\x1b[31m[red]", number=ANN, state="in", moderator=True, muted=True, tries=1)
    member = member.model_copy(update={"since": datetime(2026, 11, 26, 12, 0, tzinfo=UTC)})
    now = datetime(2026, 11, 26, 12, 1, 5, tzinfo=UTC)
    with (console := plain_console()).capture() as captured:
        console.print(members_table(filled(ConferenceOut, state="running", members=[member]), now=now))
    (row,) = captured.get().splitlines()[1:]
    assert ["\\x1b[31m[red]", ANN, "in", "1:05", "1", "moderator,", "muted"] == row.split()
