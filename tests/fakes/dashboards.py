"""The dashboards as they are shipped, and what each panel of them asks of Prometheus once Grafana has filled it in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grafana.__main__ import BOARDS, file_of

Json = dict[str, Any]
_DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK, ALERTS = _DEPLOY / "README.md", _DEPLOY / "alerts.md"
SHIPPED: dict[str, Json] = {board.uid: json.loads(file_of(board).read_text("utf-8")) for board in BOARDS}
"""By uid."""

# A scrape each 15 s and an hour on the screen: four scrapes, and the hour. All of a variable is its `allValue`.
_FILLED = {"$__rate_interval": "1m", "$__range": "1h", "$kind": ".*", "$trunk": ".*", "$instance": ".*"}


@dataclass(frozen=True, slots=True)
class Asked:
    """One expression of a dashboard as it stands in its file, and where."""

    where: str
    expr: str

    @property
    def filled(self) -> str:
        """What reaches Prometheus, with everything chosen."""
        found = self.expr
        for name, value in _FILLED.items():
            found = found.replace(name, value)
        assert "$" not in found, f"{self.where} asks by a variable that there is not: {self.expr}"
        return found


def panels_of(board: Json) -> list[Json]:
    """Its panels, without the headings of rows."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def asked_of(board: Json, panel: Json) -> list[Asked]:
    """Every expression of a panel."""
    where = f"{board['title']} / {panel['title']}"
    return [Asked(f"{where} / {target['refId']}", target["expr"]) for target in panel["targets"]]


def asked_by_panels() -> list[Asked]:
    """Every expression of every panel."""
    return [asked for board in SHIPPED.values() for panel in panels_of(board) for asked in asked_of(board, panel)]


def asked_by_variables() -> Iterator[Asked]:
    """What gives each variable its choice."""
    for board in SHIPPED.values():
        for variable in board["templating"]["list"]:
            if found := re.fullmatch(r"label_values\((.+), (\w+)\)", str(variable.get("query"))):
                yield Asked(f"{board['title']} / ${variable['name']}", f"count by ({found[2]}) ({found[1]})")
