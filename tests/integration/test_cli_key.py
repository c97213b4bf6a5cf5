"""`dialer key`: API keys from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from click.testing import Result

from dialer.access import id_of
from tests.fakes import command_line
from tests.fakes.switchboard import KEY, Switchboard


async def dialer(board: Switchboard, *words: str, key: str = KEY, typed: str | None = None) -> Result:
    """Run `dialer` with the address of this dialer."""
    return await command_line.dialer(*words, "--url", board.url, "--api-key", key, typed=typed)


async def make(board: Switchboard, *words: str) -> dict[str, str]:
    """A key just made."""
    result = await dialer(board, "key", "create", "Harbour [office]", *words, "--json")
    made: dict[str, str] = json.loads(result.stdout[result.stdout.index("{\n") :])
    return made


async def test_a_key_is_made_used_listed_and_revoked(board: Switchboard) -> None:
    """The key alone goes to standard output, fit for a variable; what it may not is told with how to get it."""
    result = await dialer(board, "key", "create", "Harbour [office]", "--role", "operate", "--role", "read")
    key = next(line for line in result.stdout.splitlines() if line.startswith("dialer_"))
    key_id = str(id_of(key))
    own = (await dialer(board, "key", "show", key=key)).stdout
    barred = await dialer(board, "key", "list", key=key)
    table = (await dialer(board, "key", "list")).stdout
    await dialer(board, "key", "revoke", key_id, "--yes")
    refused = await dialer(board, "key", "show", key=key)

    assert f"dialer key revoke {key_id}" in result.stderr
    assert f"Key {key_id} (Harbour [office]) has operate, read, never lapses" in own
    assert (1, True) == (barred.exit_code, "dialer key create NAME --role admin" in barred.stderr)
    assert all(word in table for word in (key_id, "Harbour [office]", "operate, read", "never"))
    assert (1, True) == (refused.exit_code, "no API key, or it was revoked" in refused.stderr)


async def test_a_key_lapses_after_so_long(board: Switchboard) -> None:
    """In days from now."""
    made = await make(board, "--role", "launch", "--expires", "90d")

    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=89, hours=23) < left <= timedelta(days=90)


async def test_nobody_is_locked_out_by_a_slip(board: Switchboard) -> None:
    """Revoking asks first, by whose key it is; a no leaves it as it was."""
    made = await make(board, "--role", "read")
    asked = await dialer(board, "key", "revoke", made["id"], typed="n\n")

    assert (1, True) == (asked.exit_code, "(Harbour [office])" in asked.stderr)
    assert 0 == (await dialer(board, "key", "show", key=made["key"])).exit_code


async def test_a_role_that_is_none_is_wrong_usage(board: Switchboard) -> None:
    """As is none at all."""
    for words in (("--role", "root"), ()):
        assert 2 == (await dialer(board, "key", "create", "x", *words)).exit_code
