"""The API's own answers as JSON, for programs: `--json`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import click

json_option: Callable[[Any], Any] = click.option("--json", "as_json", is_flag=True, help="As the API says it.")


def print_json(answer: object, *, indent: int | None = 2) -> None:
    """Print an answer, or a list of them. In ASCII, so that no text in it acts upon a terminal."""
    from pydantic_core import to_jsonable_python  # noqa: PLC0415 - slow to load, and only programs ask for it

    click.echo(json.dumps(to_jsonable_python(answer), indent=indent))
