"""Lengths of time as options have them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

from dialer.cli.policies import SECONDS


class DurationType(click.ParamType[timedelta]):
    """`90s`, `30m`, `2h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read one; anything else is a usage error that shows how it is written."""
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", str(value))
        if found is None:
            self.fail(f"{value!r} is not written like 30m (s, m, h or d).", param, ctx)
        return timedelta(seconds=int(found[1]) * SECONDS[found[2]])
