"""`dialer suppress`: numbers that are not called, from the command line."""

from __future__ import annotations

import asyncio
import csv
import json
from pathlib import Path

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


async def test_a_file_becomes_a_list_and_a_list_a_file(board: Switchboard, tmp_path: Path) -> None:
    """By the file's ending; what was not taken is told row by row, and the export is a file or the output."""
    (tmp_path / "vip.txt").write_text("06 1234 5678\n12\n")
    (tmp_path / "more.csv").write_text("name;number\nAnn;0612345679\nBob;0612345678\n")
    target = tmp_path / "out.csv"
    files = [str(tmp_path / name) for name in ("vip.txt", "more.csv")]
    told = [(await dialer(board, "import", file, "--list", "vip")).stdout for file in files]
    printed = await dialer(board, "export", "--list", "vip", "--format", "ndjson")
    await dialer(board, "export", "--list", "vip", "--output", str(target))

    assert "accepted 1, duplicates 0, rejected 1" in told[0]
    assert "row 2, number: '12': " in told[0]
    assert "accepted 1, duplicates 1, rejected 0" in told[1]
    assert ["+31612345678", "+31612345679"] == [json.loads(line)["number"] for line in own(printed.stdout)]
    saved = list(csv.DictReader(target.read_text().splitlines()))
    assert ["+31612345678", "+31612345679"] == [row["number"] for row in saved]


async def test_lists_are_listed_and_dropped(board: Switchboard, tmp_path: Path) -> None:
    """Numbers are added to, checked on and removed from a list; a list in use stays, and dropping asks first."""
    (tmp_path / "vip.txt").write_text("0612345678")
    await dialer(board, "import", str(tmp_path / "vip.txt"), "--list", "vip")
    stands = [own((await dialer(board, verb, "0612345678", "--list", "vip")).stdout)[0] for verb in ("check", "remove")]
    listed = json.loads((await dialer(board, "lists", "--json")).stdout.partition("\n")[2])
    table = (await dialer(board, "lists")).stdout
    kept = await asyncio.to_thread(
        CliRunner().invoke, main, ["suppress", "drop-list", "vip", "--url", board.url, "--api-key", KEY], "n\n"
    )
    dropped = await dialer(board, "drop-list", "vip", "--yes")
    none = await dialer(board, "drop-list", "vip", "--yes")

    assert stands[0].startswith("+31612345678 is suppressed on vip since ")
    assert "+31612345678 is not suppressed on vip." == stands[1]
    assert [("*", 0), ("vip", 0)] == [(one["name"], one["size"]) for one in listed]
    assert "* (all campaigns)" in table
    assert (1, True) == (kept.exit_code, "Nothing was done" in kept.stderr)
    assert "The list vip is dropped, with the 0 numbers on it." in dropped.stdout
    assert (1, True) == (none.exit_code, "there is no suppression list 'vip'" in none.stderr)
