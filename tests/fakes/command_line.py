"""The command line as a person uses it, while the servers of a test run on in the test's own event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.settings import Settings, environment_name

NOTHING_SET: Mapping[str, str | None] = {environment_name(name): None for name in Settings.model_fields}


async def dialer(*words: str, settings: Mapping[str, str] | None = None, typed: str | None = None) -> Result:
    """Run `dialer` with these words; `settings` are named without their prefix, and no others are set."""
    environment = {**NOTHING_SET, **{f"DIALER_{name}": value for name, value in (settings or {}).items()}}
    return await asyncio.to_thread(CliRunner().invoke, main, words, env=environment, input=typed)
