"""Options that are written in a notation of their own: `--redial busy=2/5m`."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import click

from dialer.dispositions import REDIALABLE

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class RedialType(click.ParamType[tuple[str, dict[str, int]]]):
    """`busy=2/5m`: after the disposition busy, dial again at most twice, five minutes later each time."""

    name = "disposition=times/delay"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, dict[str, int]]:
        """Read one; anything else is a usage error that shows how it is written."""
        found = re.fullmatch(r"([a-z_]+)=([0-9]{1,3})/([0-9]{1,7})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r} is not written like busy=2/5m (s, m, h or d).", param, ctx)
        if found[1] not in REDIALABLE:
            self.fail(f"{found[1]!r} is not dialed again; what can be: {', '.join(REDIALABLE)}.", param, ctx)
        return found[1], {"times": int(found[2]), "after_s": int(found[3]) * _SECONDS[found[4]]}


def script_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --text, --language and --style, which reach the function as one `script` for the API."""

    @click.option("--text", required=True, help="What is said; {{ name }} stands for the list's column `name`.")
    @click.option("--language", help="Such as nl-NL.  [default: the dialer's DIALER_DEFAULT_LANGUAGE]")
    @click.option("--style", type=int, help="Number of the voice among those of the language.")
    @functools.wraps(function)
    def with_script(*args: Any, text: str, language: str | None, style: int | None, **options: Any) -> Any:
        chosen = {"text": text, "language": language, "style": style}
        script = {key: value for key, value in chosen.items() if value is not None}
        return function(*args, script=script, **options)

    return with_script
