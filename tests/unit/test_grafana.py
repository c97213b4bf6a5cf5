"""The dashboards show what the dialer measures: all of it, nothing else, each with a word on what to do."""

from __future__ import annotations

import json
import re
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

from dialer.metrics.contract import Contract, Scope
from dialer.metrics.labels import KIND, TRUNK
from dialer.metrics.table import CONTRACTS
from grafana.__main__ import BOARDS, FOLDER, file_of
from grafana.board import TEXTS, Board, as_json
from tests.fakes.dashboards import ALERTS, RUNBOOK, SHIPPED, Asked, asked_by_panels, asked_by_variables, panels_of
from tests.fakes.prometheus import promtool

ASKED = asked_by_panels()
WITH_VARIABLES = [*ASKED, *asked_by_variables()]
PANELS = [(board, panel) for board in SHIPPED.values() for panel in panels_of(board)]
SERIES: dict[str, Contract] = {name: contract for contract in CONTRACTS.values() for name in contract.series}
RENAMED = {"job": "exported_job", "instance": "exported_instance"}
"""Prometheus gives these labels to what it scrapes, and renames ours."""
OF_PROMETHEUS = {"instance", "le", "alertname", "alertstate", "severity"}
TYPES = {"stat", "timeseries", "bargauge", "table", "state-timeline"}
SCREEN_ROWS = 20
"""What a screen shows without scrolling, in rows of the grid."""
LETTERS_PER_COLUMN = 6
"""Of a title, on a screen 1280 pixels wide."""

each_board = pytest.mark.parametrize("board", SHIPPED.values(), ids=SHIPPED)
each_panel = pytest.mark.parametrize("panel", [panel for _, panel in PANELS], ids=[p["title"] for _, p in PANELS])
each_expression = pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.where)


def asked_of(text: str) -> set[str]:
    """The dialer's series that an expression names."""
    return set(re.findall(r"\bdialer_\w+", text))


def selections(expr: str) -> list[tuple[Contract, str]]:
    """Each metric that an expression selects, and by what."""
    found = re.findall(r"\b(dialer_\w+)(\{[^}]*\})?", expr)
    return [(SERIES[name], matchers) for name, matchers in found]


def cells(box: dict[str, Any]) -> set[tuple[int, int]]:
    """The places of the grid that a panel covers."""
    at = box["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_file_is_what_the_code_makes(board: Board) -> None:
    """A dashboard in the repository is the output of the code beside it."""
    assert as_json(board) == file_of(board).read_text("utf-8"), "run: python -m grafana"


def test_no_dashboard_is_left_over() -> None:
    """Every JSON file that Grafana would find is one of ours."""
    assert {file_of(board) for board in BOARDS} == set(FOLDER.rglob("*.json"))


@pytest.mark.parametrize("asked", WITH_VARIABLES, ids=lambda asked: asked.where)
def test_expression_names_only_what_is_there(asked: Asked) -> None:
    """An expression asks for something that the dialer measures, or for what Prometheus says of it itself."""
    assert asked_of(asked.expr) or re.search(r"\b(ALERTS|up)\{", asked.expr)
    assert set() == asked_of(asked.expr) - SERIES.keys()


@pytest.mark.parametrize("contract", CONTRACTS.values(), ids=lambda contract: contract.name)
def test_metric_is_shown(contract: Contract) -> None:
    """Whatever the dialer measures is on a dashboard."""
    assert contract.series & set(chain.from_iterable(asked_of(asked.expr) for asked in ASKED))


@each_expression
def test_expression_groups_by_labels_that_its_metrics_have(asked: Asked) -> None:
    """A label that a metric does not have would put all its lines into one."""
    labels = {label for group in re.findall(r"\bby \(([^)]+)\)", asked.expr) for label in group.split(", ")}
    known = {RENAMED.get(label.name, label.name) for contract, _ in selections(asked.expr) for label in contract.labels}

    assert set() == labels - known - OF_PROMETHEUS


@each_expression
def test_shared_state_is_never_summed_over_processes(asked: Asked) -> None:
    """Every API process tells the shared state alike: neither summed nor narrowed to an instance; the rest is both."""
    for contract, matchers in selections(asked.expr):
        assert (contract.scope is Scope.PROCESS) == ("$instance" in matchers)
    of_fleet = [name for name, contract in SERIES.items() if contract.scope is Scope.FLEET]
    summed = rf"\b(sum|count|avg)( by \([^)]*\))? \(({'|'.join(of_fleet)})\b"

    assert re.search(summed, asked.expr) is None


@each_expression
def test_counters_are_looked_at_by_their_growth(asked: Asked) -> None:
    """The height of a counter says only how long its process has been running."""
    for contract, matchers in selections(asked.expr):
        if contract.type in {"counter", "histogram"}:
            grown = rf"\b(rate|increase)\({contract.name}(_bucket|_count|_sum)?{re.escape(matchers)}\["
            assert re.search(grown, asked.expr)


@each_expression
def test_what_has_a_variable_is_narrowed_by_it(asked: Asked) -> None:
    """What the reader chose at the top of the page counts for every panel that it can count for."""
    for contract, matchers in selections(asked.expr):
        for label, variable in ((KIND, "$kind"), (TRUNK, "$trunk")):
            assert (label in contract.labels) == (variable in matchers)


@each_panel
def test_panel_says_what_it_means(panel: dict[str, Any]) -> None:
    """A panel has a unit, names its lines, tells its meaning and what to do when it looks wrong."""
    meaning, _, remedy = panel["description"].partition("\n\n**If it looks wrong:** ")

    assert meaning
    assert remedy
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"])


@each_panel
def test_panel_asks_the_chosen_data_source(panel: dict[str, Any]) -> None:
    """A panel and its queries ask the data source chosen at the top of the page."""
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]

    assert [{"type": "prometheus", "uid": "${datasource}"}] * len(sources) == sources


@each_panel
def test_panel_is_of_a_kind_that_can_be_read(panel: dict[str, Any]) -> None:
    """Figures, bars, lines, states and tables; no pies. Its title is not cut."""
    assert panel["type"] in TYPES
    assert LETTERS_PER_COLUMN * panel["gridPos"]["w"] >= len(panel["title"])


@each_panel
def test_figures_are_of_now(panel: dict[str, Any]) -> None:
    """What shows one moment asks for it: asked over time, a process that died would show its last figure for long."""
    for target in panel["targets"]:
        assert (panel["type"] in {"stat", "bargauge", "table"}) == target.get("instant", False)


@each_panel
def test_tile_without_a_figure_is_neither_good_nor_bad(panel: dict[str, Any]) -> None:
    """Where Prometheus has nothing a tile says so, in grey."""
    if panel["type"] == "stat":
        shown = panel["fieldConfig"]["defaults"]
        (untold,) = [m for m in shown["mappings"] if m["type"] == "special" and m["options"]["match"] == "null"]

        assert (shown["noValue"], "#6e7680") == tuple(untold["options"]["result"][of] for of in ("text", "color"))


@each_panel
def test_times_show_single_attempts(panel: dict[str, Any]) -> None:
    """Beside the lines of a time Grafana draws its exemplars, each the way to one attempt's trace; nowhere else."""
    for target in panel["targets"]:
        assert ("histogram_quantile" in target["expr"]) == target.get("exemplar", False)


@each_board
def test_variables(board: dict[str, Any]) -> None:
    """Data source, kind, trunk and instance are everywhere, so that links carry them; shown where something asks."""
    source, *choices = board["templating"]["list"]
    exprs = " ".join(target["expr"] for panel in panels_of(board) for target in panel["targets"])

    assert ("datasource", "prometheus") == (source["type"], source["query"])
    assert ["kind", "trunk", "instance"] == [choice["name"] for choice in choices]
    for choice in choices:
        assert ("query", True, True, ".*") == tuple(choice[of] for of in ("type", "multi", "includeAll", "allValue"))
        assert ["$__all"] == choice["current"]["value"]
        assert (f"${choice['name']}" in exprs) == (choice.get("hide", 0) == 0)


@each_board
def test_links(board: dict[str, Any]) -> None:
    """One leads to the other dashboards, for the same time and choice; one to the runbook, one to the alerts' part."""
    others, *texts = board["links"]

    assert (["dialer"], True, True, True) == tuple(
        others[of] for of in ("tags", "asDropdown", "keepTime", "includeVars")
    )
    assert {title: address for title, (address, _) in TEXTS.items()} == {link["title"]: link["url"] for link in texts}
    assert ["dialer"] == board["tags"]


@each_board
def test_panel_ids_are_unique(board: dict[str, Any]) -> None:
    """Links and alerts find a panel by its id."""
    ids = [box["id"] for box in board["panels"]]

    assert len(set(ids)) == len(ids)


@each_board
def test_grid_is_full(board: dict[str, Any]) -> None:
    """Panels neither overlap nor leave a hole in the grid's 24 columns."""
    boxes = board["panels"]
    overlapping = [(one["title"], other["title"]) for one, other in combinations(boxes, 2) if cells(one) & cells(other)]
    covered = set().union(*map(cells, boxes))
    rows = {y for _, y in covered}

    assert [] == overlapping
    assert {(x, y) for x in range(24) for y in range(max(rows) + 1)} == covered


def test_on_call_is_one_screen() -> None:
    """Whoever is woken sees everything at once: no scrolling, nothing folded."""
    boxes = SHIPPED["dialer-on-call"]["panels"]

    assert "row" not in {box["type"] for box in boxes}
    assert SCREEN_ROWS >= max(box["gridPos"]["y"] + box["gridPos"]["h"] for box in boxes)


def test_texts_name_what_is_there() -> None:
    """Where a panel names a part of the runbook or another dashboard, it is there."""
    runbook = RUNBOOK.read_text("utf-8").replace("`", "")
    texts = "\n".join(panel["description"] for _, panel in PANELS)
    parts = re.findall(r"deploy/README\.md, ([A-Z][a-z ]+)", texts)
    boards = re.findall(r"[Dd]ashboard \*([^*]+)\*", texts)

    assert parts
    assert boards
    assert [] == [name for name in parts if f"\n## {name}\n" not in runbook]
    assert set() == {f"Dialer: {name.lower()}" for name in boards} - {board["title"] for board in SHIPPED.values()}


def test_panels_that_alerts_name_are_there() -> None:
    """Whoever reads what to do about an alert finds the panel that he is sent to."""
    named = set(re.findall(r"\*([A-Z][^*\n:]+)\*(?= and|,| on the dashboard)", ALERTS.read_text("utf-8")))

    assert named
    assert set() == named - {panel["title"] for _, panel in PANELS}


def test_every_process_can_be_chosen() -> None:
    """The choice of instances comes from a metric that APIs and workers show alike."""
    for variable in chain.from_iterable(board["templating"]["list"] for board in SHIPPED.values()):
        if variable["name"] == "instance":
            (name,) = asked_of(variable["query"])
            assert SERIES[name].scope is Scope.PROCESS


def test_expressions_parse(tmp_path: Path) -> None:
    """Prometheus' own checker reads every expression, Grafana's variables filled in."""
    rules = [{"record": f"dialer:panel_{place}", "expr": asked.filled} for place, asked in enumerate(WITH_VARIABLES)]
    file = tmp_path / "rules.json"  # JSON is YAML too
    file.write_text(json.dumps({"groups": [{"name": "dashboards", "rules": rules}]}), "utf-8")
    said = promtool("check", "rules", file)

    assert 0 == said.returncode, said.stderr
    assert f"{len(WITH_VARIABLES)} rules found" in said.stdout
