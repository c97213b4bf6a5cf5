"""The units of systemd in `deploy/systemd`, as systemd reads them: sections, settings, specifiers filled in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = sorted(FOLDER.iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def options_of(unit: Path) -> dict[str, list[str]]:
    """Each setting of a unit with its values in their order; names are of one section each."""
    options: dict[str, list[str]] = defaultdict(list)
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text("utf-8"), re.MULTILINE):
        options[name].append(value)
    return dict(options)


def seconds(unit: Path, name: str) -> float:
    """A setting that is a number of seconds."""
    return float(options_of(unit)[name][-1])


def variables_of(unit: Path, specifiers: Mapping[str, str]) -> dict[str, str]:
    """The environment of a unit, with these in place of `%i`, `%d` and `%S`."""
    lines = options_of(unit)["Environment"]
    filled = [re.sub(r"%(.)", lambda found: specifiers[found[1]], line) for line in lines]
    return dict(line.split("=", 1) for line in filled)
