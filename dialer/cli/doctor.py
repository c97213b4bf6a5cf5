"""`dialer doctor`: shows what the checks of `dialer/doctor` find, and offers one test call."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.console import Console
from rich.text import Text

from dialer.cli.connection import open_dialer, url_option
from dialer.cli.examined import examined_settings
from dialer.cli.screens import plain_console
from dialer.cli.test_call import place_test_call
from dialer.doctor import examine
from dialer.doctor.finding import Finding, State, failed
from dialer.doctor.patient import open_patient
from dialer.doctor.variables import misspelt
from dialer.errors import InvalidInput
from dialer.phone import parse_number
from dialer.settings import Settings

Step = tuple[str, Finding]

_FAILED = 1
_STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red", State.SKIPPED: "dim"}
_STEP_WIDTH = 20
_STATE_WIDTH = max(len(state) for state in State)
_TEST_CALL = "test call"


@click.command("doctor")
@url_option
@click.option("--test-call", "number", metavar="NUMBER", help="If nothing failed, call this number once.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object at the end.")
@click.pass_context
def command(ctx: click.Context, *, url: str | None, number: str | None, as_json: bool) -> None:
    """Check everything that a first live day needs, step by step, with advice where something is not well.

    Looks at the settings of this environment, or at the `dialer up` of this data folder. Ends with 1 if a step failed.
    """
    show = _Show(plain_console(), quiet=as_json)
    try:
        settings, api_url = examined_settings()
    except InvalidInput as error:
        steps = [("settings", failed("cannot be used", str(error))), ("spelling", misspelt(os.environ))]
        for step in steps:
            show.step(step)
        stand_in = False
    else:
        wanted = None if number is None else parse_number(number, settings.default_region)
        stand_in = settings.plays_carrier
        steps = asyncio.run(_examined(settings, (url or api_url).rstrip("/"), wanted, show))
    if as_json:
        click.echo(json.dumps(_report(steps, stand_in=stand_in), indent=2))
    else:
        click.echo(_summary(steps))
    ctx.exit(_FAILED if _count(steps, State.FAILED) else 0)


class _Show:
    """Shows a step as soon as it has ended."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self._console = console
        self.quiet = quiet

    def step(self, step: Step) -> None:
        """A line of what was found, and lines of advice."""
        if self.quiet:
            return
        name, finding = step
        head = f"{name:<{_STEP_WIDTH}} "
        state = (f"{finding.state:<{_STATE_WIDTH}}", _STYLES[finding.state])
        self._print(Text.assemble(state, f"  {head}{finding.found}"))
        for line in finding.advice.splitlines():
            self._print(Text(f"{'':<{_STATE_WIDTH}}  -> {line}"))

    def say(self, sentence: str) -> None:
        """Something about the test call."""
        if not self.quiet:
            self._print(Text(sentence))

    def _print(self, text: Text) -> None:
        # Never folded: a line may be searched for, copied or put into a ticket.
        self._console.print(text, soft_wrap=True)


async def _examined(settings: Settings, api_url: str, number: str | None, show: _Show) -> list[Step]:
    steps: list[Step] = []
    async with open_patient(settings, api_url) as patient:
        async for step in examine(patient):
            show.step(step)
            steps.append(step)
    called = await _called(settings, api_url, _number(steps, settings, number, show), steps, show)
    return [*steps, *called]


def _number(steps: Sequence[Step], settings: Settings, number: str | None, show: _Show) -> str | None:
    """The number that was given, or that a person at the terminal gives now."""
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not show.quiet and not _count(steps, State.FAILED)
    if number is not None or not asks:
        return number
    given = click.prompt(
        "Everything is ready. A number for one test call (empty: none)", default="", show_default=False
    )
    return parse_number(given, settings.default_region) if given.strip() else None


async def _called(
    settings: Settings, api_url: str, number: str | None, steps: Sequence[Step], show: _Show
) -> list[Step]:
    if number is None:
        return []
    if _count(steps, State.FAILED):
        finding = Finding(State.SKIPPED, "nobody was called: mend first what failed")
    else:
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        async with open_dialer(api_url, key) as dialer:
            finding = await place_test_call(dialer, settings, number, say=show.say)
    show.step((_TEST_CALL, finding))
    return [(_TEST_CALL, finding)]


def _count(steps: Sequence[Step], state: State) -> int:
    return sum(finding.state is state for _, finding in steps)


def _summary(steps: Sequence[Step]) -> str:
    wrong, doubtful = _count(steps, State.FAILED), _count(steps, State.WARNING)
    if wrong:
        return f"{wrong} of {len(steps)} steps failed, {doubtful} gave a warning. Mend the first one first."
    return f"All {len(steps)} steps are well" + (f", {doubtful} with a warning." if doubtful else ".")


def _report(steps: Sequence[Step], *, stand_in: bool) -> dict[str, object]:
    shown = [{"step": name, **asdict(finding)} for name, finding in steps]
    return {"ok": not _count(steps, State.FAILED), "stand_in": stand_in, "steps": shown}
