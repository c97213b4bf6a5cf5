"""The commands as a whole: each explains itself, and they are alike."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dialer.cli import GROUPS, main
from dialer.cli.examples import EXAMPLES

_FILES = ("people.csv", "people.xlsx", "menu.json", "team.csv", "alarm.json")
_NEED_NO_EXAMPLE = {"app show"}  # its one argument may be left out


def _tree(command: click.Command = main, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for inner in command.list_commands(context):
        found = command.get_command(context, inner)
        assert found is not None
        yield from _tree(found, f"{name} {inner}".strip())


COMMANDS = dict(_tree())


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str) -> None:
    """Each has a sentence, and each of its options one too."""
    command = COMMANDS[name]
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help and p.name != "form"]

    assert (True, []) == (bool(command.help), silent)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_that_needs_something_shows_an_example(name: str) -> None:
    """What cannot be run without a word shows how it is run; orders to a call are shown once for all."""
    needs = any(param.required for param in COMMANDS[name].params)
    shown = name in EXAMPLES or name.split(maxsplit=1)[0] == "control" or name in _NEED_NO_EXAMPLE

    assert shown or not needs


@pytest.mark.parametrize("name", [name for name in COMMANDS if name.split()[-1] in {"list", "lists", "show", "status"}])
def test_each_listing_is_there_for_programs(name: str) -> None:
    """A table for people is JSON for programs."""
    assert "as_json" in {param.name for param in COMMANDS[name].params}


def test_examples_are_of_commands_that_are_there() -> None:
    """No example outlives its command."""
    groups = {"", "control"}

    assert set() == set(EXAMPLES) - set(COMMANDS) - groups


@pytest.mark.parametrize("line", [line for lines in EXAMPLES.values() for line in lines])
def test_examples_are_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example has the options, arguments and values that its command takes."""
    monkeypatch.chdir(tmp_path)
    for name in _FILES:
        (tmp_path / name).write_text('{"steps": []}' if name.endswith("json") else "number\n")
    words = shlex.split(line.partition(" >")[0])[1:]
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words:
        context = command.make_context(command.name, words, parent=context)
        words = [*context._protected_args, *context.args]
        _, inner, words = command.resolve_command(context, words)
        assert inner is not None
        command = inner

    assert command.make_context(command.name, words, parent=context).command is command


def test_help_has_groups_examples_and_exit_codes() -> None:
    """A stranger sees what there is, how to begin, and what a script may rely on."""
    said = CliRunner().invoke(main, ["--help"]).output

    assert [] == [title for title in GROUPS if f"\n{title}:\n" not in said]
    assert all(
        part in said for part in ("Examples:\n    dialer demo\n", "Exit codes:\n    0    done\n", "--fail-unreached")
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_clicks_own(shell: str) -> None:
    """The script that a shell reads asks `dialer` itself what may follow."""
    said = CliRunner().invoke(main, ["completion", shell])

    assert (0, True) == (said.exit_code, f"_DIALER_COMPLETE={shell}_complete" in said.stdout)


def test_completion_knows_commands_options_and_choices() -> None:
    """What a shell is told is what the commands take."""
    asked = {
        "dialer camp": "campaign",
        "dialer campaign hang": "hang-up",
        "dialer campaign results --for": "--format",
        "dialer campaign results --format par": "parquet",
    }
    for words, expected in asked.items():
        environment = {
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
            "_DIALER_COMPLETE": "bash_complete",
        }
        said = CliRunner().invoke(main, [], env=environment, prog_name="dialer")

        assert expected in said.stdout
