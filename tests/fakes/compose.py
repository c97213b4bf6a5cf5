"""The Compose file as Compose reads it: anchors followed, variables filled in with their defaults."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "container"
COMPOSE = FOLDER / "compose.yaml"

_VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")


@cache
def compose() -> dict[str, Any]:
    """The file with the defaults of its variables."""
    loaded: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(r"\2", COMPOSE.read_text("utf-8")))
    return loaded


def services() -> dict[str, dict[str, Any]]:
    """Its services by name."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def variables() -> set[str]:
    """The names of the variables that it takes from outside."""
    return {name for name, _ in _VARIABLE.findall(COMPOSE.read_text("utf-8"))}


def mounts(service: str) -> dict[str, Path | str]:
    """What a service mounts, by its path inside: a path of the repository, or the name of a volume."""
    mounted = [text.split(":") for text in services()[service].get("volumes", [])]
    return {inside: (FOLDER / source).resolve() if "/" in source else source for source, inside, *_ in mounted}


def variables_of(file: Path) -> dict[str, str]:
    """The lines of an environment file."""
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)
