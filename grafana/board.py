"""A dashboard: its rows of panels, and what all dashboards share, which is variables, links and refresh.

Ids and places follow from the order alone, so that the same panels always make the same file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as parts
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from grafana.drawing import SOURCE, drawn
from grafana.panels import Panel

TAG = "dialer"
TEXTS = {
    "Runbook": ("/public/dialer/runbook.txt", "What to do when something is wrong"),
    "Alerts": ("/public/dialer/alerts.txt", "What each alert means, what to look at, what to do"),
}
"""Grafana serves what lies in its folder `public`; grafana/README.md says what to put there."""


@dataclass(frozen=True, slots=True)
class Line:
    """Panels of one height side by side, each with how many of the grid's 24 columns it takes."""

    height: int
    panels: Sequence[tuple[int, Panel]]


@dataclass(frozen=True, slots=True)
class Row:
    """Lines under a heading that folds them; None has no heading."""

    title: str | None
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One dashboard; its file is named after `uid`."""

    uid: str
    title: str
    about: str
    rows: Sequence[Row]
    since: str = "now-1h"

    def panels(self) -> Iterator[Panel]:
        """All of its panels."""
        return (panel for row in self.rows for line in row.lines for _, panel in line.panels)

    def asks(self, variable: str) -> bool:
        """Whether an expression of it is narrowed by a variable."""
        return any(f"${variable}" in query.expr for panel in self.panels() for query in panel.queries)


def built(board: Board) -> dashboard.Dashboard:
    """The dashboard as Grafana knows it."""
    made = parts.Dashboard(board.title).uid(board.uid).description(board.about).tags([TAG]).readonly()
    made.tooltip(dashboard.DashboardCursorSync.CROSSHAIR).time(board.since, "now").refresh("15s")
    made.variables(_variables(board)).links([_others(), *map(_text, TEXTS)])
    panel_id = 0
    for row in board.rows:
        if row.title is not None:
            made.with_row(parts.Row(row.title).id(panel_id := panel_id + 1))
        for line in row.lines:
            for width, panel in line.panels:
                made.with_panel(drawn(panel).span(width).height(line.height).id(panel_id := panel_id + 1))
    return made.build()


def as_json(board: Board) -> str:
    """The dashboard as the text of its file."""
    return json.dumps(built(board), cls=JSONEncoder, indent=2, sort_keys=True) + "\n"


def _variables(board: Board) -> list[parts.DatasourceVariable | parts.QueryVariable]:
    # Where nothing asks for one it is hidden, not left out: links carry what was chosen on to the next dashboard.
    return [
        parts.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        _choice(board, "kind", "Campaign kind", "label_values(dialer_campaigns, kind)"),
        _choice(board, "trunk", "Trunk", "label_values(dialer_budget_calls_per_second, trunk)"),
        # Every process of ours shows this metric, API or worker.
        _choice(board, "instance", "Instance", "label_values(dialer_build_info, instance)"),
    ]


_NARROWS = {
    "kind": "Narrows calls and campaigns to kinds of campaign.",
    "trunk": "Narrows what belongs to a trunk: budget, margin, gate, attempts, placements.",
    "instance": "Narrows what a process counts itself; the shared state is the same everywhere.",
}


def _choice(board: Board, name: str, label: str, query: str) -> parts.QueryVariable:
    made = parts.QueryVariable(name).label(label).description(_NARROWS[name]).datasource(SOURCE).query(query)
    made.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    made.multi(multi=True).include_all(include_all=True).all_value(".*")
    made.current(dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]))
    return made if board.asks(name) else made.hide(dashboard.VariableHide.HIDE_VARIABLE)


def _others() -> parts.DashboardLink:
    made = parts.DashboardLink("Dialer").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    made.icon("external link").tooltip("The other dashboards, for the same time and choice")
    return made.as_dropdown(as_dropdown=True).keep_time(keep_time=True).include_vars(include_vars=True)


def _text(title: str) -> parts.DashboardLink:
    address, tooltip = TEXTS[title]
    made = parts.DashboardLink(title).type(dashboard.DashboardLinkType.LINK).url(address).icon("doc")
    return made.tooltip(tooltip).target_blank(target_blank=True)
