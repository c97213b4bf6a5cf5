"""`dialer audit`: who did what, from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from dialer import keys
from dialer.cli import main
from tests.fakes.switchboard import KEY, Switchboard


async def dialer(board: Switchboard, *words: str) -> Result:
    """Run `dialer` with the address of this dialer."""
    return await asyncio.to_thread(CliRunner().invoke, main, [*words, "--url", board.url, "--api-key", KEY])


async def test_what_was_done_is_listed_exported_and_checked(board: Switchboard, tmp_path: Path) -> None:
    """Newest first as a table, oldest first in the file; and the chain is whole."""
    await dialer(board, "suppress", "add", "+31612345678")
    table = (await dialer(board, "audit", "list", "--action", "suppression.added")).stdout
    file = tmp_path / "audit.ndjson"
    await dialer(board, "audit", "export", str(file), "--action", "suppression.added")
    verdict = await dialer(board, "audit", "verify")

    assert all(word in table for word in ("suppression.added", "asked", "done", "key:", "number=+31*******78"))
    assert ["asked", "done"] == [json.loads(line)["outcome"] for line in file.read_text().splitlines()]
    assert (0, True) == (verdict.exit_code, "4 entries are in order; head " in verdict.stdout)


async def test_a_broken_chain_is_told_by_the_exit_code(board: Switchboard) -> None:
    """A script can tell, and a person is told where."""
    await dialer(board, "suppress", "add", "+31612345678")
    await board.runtime.redis.delete(keys.AUDIT)
    verdict = await dialer(board, "audit", "verify")

    assert (1, True) == (verdict.exit_code, "the newest entries are missing" in verdict.stderr)
