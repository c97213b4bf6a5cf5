"""`dialer suppress`: numbers that no campaign calls, from the command line."""

from __future__ import annotations

import asyncio
import json

from click.testing import CliRunner, Result

from dialer.cli import main
from tests.fakes.switchboard import KEY, Switchboard


async def dialer(board: Switchboard, verb: str, *words: str) -> Result:
    """Run `dialer suppress` with the address of this dialer."""
    told = ["suppress", verb, "--url", board.url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


def own(output: str) -> list[str]:
    """The command's lines, without those that the API in the same process has logged."""
    return [line for line in output.splitlines() if line.startswith(("+", "{"))]


async def test_a_number_is_added_checked_listed_and_removed(board: Switchboard) -> None:
    """Each says how it stands now, and whether that is new."""
    verbs = ("add", "add", "check", "remove", "remove")
    said = [own((await dialer(board, verb, "06 1234 5678")).stdout)[0] for verb in verbs]

    assert said[0].startswith("+31612345678 is suppressed since ")
    assert f"{said[0].removesuffix('.')}, as it was before." == said[1]
    assert said[0] == said[2]
    assert ["+31612345678 is not suppressed.", "+31612345678 is not suppressed, as it was before."] == said[3:]


async def test_the_list_is_one_line_a_number(board: Switchboard) -> None:
    """For people as columns, for programs as JSON."""
    for number in ("+31612345678", "+31612345679"):
        await dialer(board, "add", number)
    plain = own((await dialer(board, "list")).stdout)
    told = [json.loads(line) for line in own((await dialer(board, "list", "--json")).stdout)]

    assert ["+31612345678", "+31612345679"] == [line.split()[0] for line in plain] == [one["number"] for one in told]


async def test_what_is_no_number_is_refused_by_name(board: Switchboard) -> None:
    """The error names the field, and the exit code tells."""
    result = await dialer(board, "add", "12")

    assert (1, True) == (result.exit_code, "number" in result.stderr)
