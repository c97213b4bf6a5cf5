"""What the command line says before anything runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dialer.cli import main

_CARRIER = ("CLIENT_ID", "CLIENT_SECRET", "APPLICATION_ID")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str | None]:
    """Nothing set but the data folder."""
    names = ("REDIS_URL", "API_KEY", "WEBHOOK_SECRET", "FROM_NUMBER", "PORT", *(f"CARRIER_{n}" for n in _CARRIER))
    return {f"DIALER_{name}": None for name in names} | {"DIALER_DATA_DIR": str(tmp_path)}


COMMANDS = (
    "demo", "up", "campaign", "conference", "escalation", "call", "control", "recording", "suppress", "find",
    "explain", "erase", "callback", "audit", "key", "trunk", "app", "doctor", "voices", "api", "worker", "simulate",
)  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help_lists_every_command(name: str) -> None:
    """Each command stands in the help of `dialer`."""
    assert f"\n  {name} " in CliRunner().invoke(main, ["--help"]).output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    """Each command explains itself."""
    result = CliRunner().invoke(main, [name, "--help"])
    assert (0, True) == (result.exit_code, f"dialer {name}" in result.output or f"main {name}" in result.output)


def test_help_imports_nothing_slow() -> None:
    """`dialer --help` is there at once: neither aiohttp, arq, redis nor pydantic is imported."""
    told = "import sys; from dialer.cli import main; main(['--help'], standalone_mode=False)"
    slow = "print(sorted({'aiohttp', 'arq', 'redis', 'pydantic', 'rich'} & set(sys.modules)))"
    said = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", f"{told}; {slow}"], capture_output=True, text=True, check=True
    )
    assert "[]" == said.stdout.splitlines()[-1]


def test_unknown_command_is_a_usage_error() -> None:
    """A misspelt command ends with exit code 2."""
    assert 2 == CliRunner().invoke(main, ["campain"]).exit_code


@pytest.mark.parametrize("variable", ["DIALER_FROM_NUMBER", *(f"DIALER_CARRIER_{n}" for n in _CARRIER)])
def test_up_names_each_missing_carrier_setting(variable: str, environment: dict[str, str | None]) -> None:
    """Without the carrier's settings `up` starts nothing, names each of them, and tells of the stand-in."""
    result = CliRunner().invoke(main, ["up"], env=environment)
    assert (1, True, True) == (
        result.exit_code,
        f"{variable} is not set" in result.stderr,
        "dialer up --simulate" in result.stderr,
    )


@pytest.mark.parametrize("name", ["api", "worker"])
def test_server_without_redis_says_what_to_set(name: str, environment: dict[str, str | None]) -> None:
    """`dialer api` and `dialer worker` alone name the variable they need."""
    result = CliRunner().invoke(main, [name], env=environment)
    assert (1, True) == (result.exit_code, "DIALER_REDIS_URL is not set" in result.stderr)


def test_wrong_setting_is_named(environment: dict[str, str | None]) -> None:
    """A setting that cannot be used is named in a sentence."""
    result = CliRunner().invoke(main, ["up", "--simulate"], env=environment | {"DIALER_CALLS_PER_SECOND": "many"})
    assert (1, True) == (result.exit_code, "DIALER_CALLS_PER_SECOND is not usable" in result.stderr)


def test_missing_key_says_where_to_get_one(environment: dict[str, str | None]) -> None:
    """A client command without any key tells how to get one."""
    result = CliRunner().invoke(main, ["campaign", "list"], env=environment)
    assert (1, True) == (result.exit_code, "DIALER_API_KEY" in result.stderr)


def test_absent_api_says_how_to_start_one(environment: dict[str, str | None]) -> None:
    """A refused connection ends as one sentence that helps."""
    arguments = ["campaign", "list", "--url", "http://127.0.0.1:9", "--api-key", "any"]
    result = CliRunner().invoke(main, arguments, env=environment)
    expected = (
        "Error: There is no dialer API at http://127.0.0.1:9: start one with `dialer up`, or name another with --url.\n"
    )
    assert (1, expected) == (result.exit_code, result.stderr)
