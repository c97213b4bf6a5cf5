"""Options that several commands share: what is said, how calls are placed, when they are dialed again."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import click

from dialer.dispositions import REDIALABLE

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


_DELAY = re.compile(r"([0-9]{1,7})([smhd])")
_REDIAL = re.compile(r"([a-z_]+)=([0-9]{1,3})(?:/([0-9]{1,7}[smhd]))?((?:,[^,]*)*)")
_GROWTH = re.compile(r"x([0-9]{1,2}(?:\.[0-9]{1,2})?)")


class RedialType(click.ParamType[tuple[str, dict[str, Any]]]):
    """`busy=2/5m`: after the disposition busy, dial again at most twice, five minutes later each time.

    After commas: `x2` doubles the wait each time, up to `max=1h`; `then=suppress` or `then=escalate` when no redial is
    left; `next` dials the person's next number, `same` the same one; `other-hour` waits for another hour of the day.
    """

    name = "disposition=times/delay"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, dict[str, Any]]:
        """Read one; anything else is a usage error that shows how it is written."""
        found = _REDIAL.fullmatch(str(value))
        further = [_redial_part(part) for part in found[4].split(",")[1:]] if found else []
        if found is None or None in further or not (found[3] or int(found[2]) == 0):
            example = "busy=2/5m (s, m, h or d) or busy=3/5m,x2,max=1h,then=suppress,next"
            self.fail(f"{value!r} is not written like {example}.", param, ctx)
        if found[1] not in REDIALABLE:
            self.fail(f"{found[1]!r} is not dialed again; what can be: {', '.join(REDIALABLE)}.", param, ctx)
        delay = {"after_s": _seconds(found[3])} if found[3] else {}
        return found[1], {"times": int(found[2])} | delay | dict(part for part in further if part)


class EscalationType(click.ParamType[dict[str, Any]]):
    """A file with an escalation as `POST /v1/escalations` takes it; without a name it has the file's."""

    name = "file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Read it; what is no JSON object is a usage error, what it says the API checks."""
        file: Path = _FILE.convert(value, param, ctx)
        try:
            held = json.loads(file.read_bytes())
        except ValueError as error:
            self.fail(f"{file} is no JSON: {error}.", param, ctx)
        if not isinstance(held, dict):
            self.fail(f"{file} holds no JSON object.", param, ctx)
        return {"name": file.stem} | held


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _redial_part(text: str) -> tuple[str, Any] | None:
    if text in {"next", "same"}:
        return "next_number", text == "next"
    if text == "other-hour":
        return "other_hour", True
    if text in {"then=finish", "then=suppress", "then=escalate"}:
        return "then", text.removeprefix("then=")
    if growth := _GROWTH.fullmatch(text):
        return "growth", float(growth[1])
    longest = text.removeprefix("max=")
    return ("most_after_s", _seconds(longest)) if longest != text and _DELAY.fullmatch(longest) else None


def _seconds(delay: str) -> int:
    return int(delay[:-1]) * SECONDS[delay[-1]]


def script_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a call says: --text and the rest of a notification, or --script; reaches the function as `says`.

    `says` are the fields `kind` and `script` of the API's bodies.
    """
    return _with_script(function, _says)


def other_script_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for what becomes otherwise: those fields of a notification that are given, or a whole script."""
    return _with_script(function, _says_otherwise)


def _with_script(function: Callable[..., Any], says: Callable[..., Any]) -> Callable[..., Any]:
    @_options(*_SCRIPT_OPTIONS)
    @functools.wraps(function)
    def with_script(*args: Any, script_file: Path | None, **options: Any) -> Any:
        notification = {name: options.pop(name) for name in _NOTIFICATION}
        return function(*args, says=says(script_file, _told(notification)), **options)

    return cast("Callable[..., Any]", with_script)


def terms_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add how calls are placed: caller ids, timers, detection; reaches the function as `terms`, fields of the body."""

    @_options(*_TERMS_OPTIONS)
    @functools.wraps(function)
    def with_terms(*args: Any, detection: str | None, beep_timeout: int | None, **options: Any) -> Any:
        advanced = {"mode": detection, "beep_timeout_s": beep_timeout}
        chosen = {name: options.pop(name) for name in _TERMS}
        chosen |= {"advanced_detection": _told(advanced) if detection else None}
        return function(*args, terms={name: value for name, value in chosen.items() if value}, **options)

    return cast("Callable[..., Any]", with_terms)


_NOTIFICATION = (
    "text", "language", "style", "voicemail_text", "repeat_key", "confirm_key", "confirm_text", "opt_out_key",
    "opt_out_text", "keys_text", "no_input", "wrong_key_text", "machine_detection",
)  # fmt: skip
_TERMS = ("caller_ids", "random_caller_id", "ringing_timer_s", "length_timer_s")
_SCRIPT_OPTIONS = (
    click.option("--text", help="What is said; {{ name }} stands for the list's column `name`."),
    click.option("--language", help="Such as nl-NL.  [default: the dialer's DIALER_DEFAULT_LANGUAGE]"),
    click.option("--style", type=int, help="Number of the voice among those of the language; see `dialer voices`."),
    click.option("--confirm-key", metavar="KEY", help="Pressing it confirms: the call counts as `confirmed`."),
    click.option("--repeat-key", metavar="KEY", help="Pressing it says the text again."),
    click.option("--opt-out-key", metavar="KEY", help="Pressing it ends all further calls, of every campaign."),
    click.option("--keys-text", help="Tells the keys.  [default: our own words, where the text does not]"),
    click.option("--confirm-text", help="Said after the confirm key.  [default: our own words]"),
    click.option("--opt-out-text", help="Said after the opt-out key.  [default: our own words]"),
    click.option("--wrong-key-text", help="Said after a key that means nothing."),
    click.option("--no-input", type=click.IntRange(0, 9), help="All is said again so often.  [default: 1]"),
    click.option("--voicemail-text", help="What an answering machine hears; needs --machine-detection continue."),
    click.option("--machine-detection", type=click.Choice(["continue", "hangup"]), help="Look for machines."),
    click.option(
        "--script", "script_file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A call script (JSON) instead of --text: say, play, ask, record, join, connect ...",
    ),
)  # fmt: skip
_TERMS_OPTIONS = (
    click.option("--caller-id", "caller_ids", multiple=True, help="Call from it; several are used in turn."),
    click.option("--random-caller-id", is_flag=True, help="Let the carrier choose among the account's numbers."),
    click.option("--ringing-timer", "ringing_timer_s", type=click.IntRange(1, 120), help="Seconds a phone may ring."),
    click.option("--length-timer", "length_timer_s", type=click.IntRange(1, 7200), help="Seconds a call may last."),
    click.option(
        "--advanced-detection", "detection", type=click.Choice(["default", "detect", "detect_beep"]),
        help="The carrier's paid machine detection.",
    ),
    click.option("--beep-timeout", type=click.IntRange(45, 120), help="Seconds to wait for a voicemail's beep."),
)  # fmt: skip


def _says_otherwise(script_file: Path | None, told: dict[str, Any]) -> dict[str, Any]:
    if script_file is None:
        return {"kind": "notification", "script": told} if told else {}
    return _says(script_file, told)


def _says(script_file: Path | None, told: dict[str, Any]) -> dict[str, Any]:
    if script_file is None:
        if "text" not in told:
            raise click.UsageError("Say what is said: --text TEXT, or --script FILE.")
        return {"kind": "notification", "script": told}
    if told:
        raise click.UsageError(
            f"--{next(iter(told)).replace('_', '-')} has no meaning beside --script: write it there."
        )
    try:
        script = json.loads(script_file.read_bytes())
    except ValueError as error:
        raise click.UsageError(f"{script_file} is no JSON: {error}.") from None
    return {"kind": "script", "script": script}


def _told(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _options(*options: Callable[..., Any]) -> Callable[..., Any]:
    def added(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return added
