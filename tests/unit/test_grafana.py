"""The dashboard shows what the dialer measures: all of it, nothing else, each with a word on what to do."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

from dialer.metrics_contract import Contract, Scope
from dialer.metrics_table import CONTRACTS
from grafana.dashboards import OUTPUT, as_json, dialer_dashboard

RUNBOOK = Path(__file__).parents[2] / "deploy" / "README.md"
PROMTOOL = shutil.which("promtool")

DASHBOARD: dict[str, Any] = json.loads(OUTPUT.read_text("utf-8"))
BOXES: list[dict[str, Any]] = DASHBOARD["panels"]
"""Rows too."""
PANELS = [box for box in BOXES if box["type"] != "row"]
EXPRESSIONS: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]
VARIABLES: dict[str, dict[str, Any]] = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
NOT_YET_SHOWN = {
    "dialer_api_request_seconds",
    "dialer_apis",
    "dialer_arq_queue_depth",
    "dialer_attempts_unknown",
    "dialer_build_info",
    "dialer_calls_held",
    "dialer_calls_undetermined",
    "dialer_campaigns_stopped",
    "dialer_last_turn_timestamp_seconds",
    "dialer_listeners",
    "dialer_oldest_unknown_seconds",
    "dialer_redis_aof_always",
    "dialer_redis_aof_enabled",
    "dialer_redis_aof_size_bytes",
    "dialer_redis_connected_replicas",
    "dialer_redis_evicts",
    "dialer_redis_last_write_ok",
    "dialer_redis_memory_bytes",
    "dialer_redis_memory_limit_bytes",
    "dialer_redis_up",
}
"""Metrics that no panel shows so far."""
RENAMED = {"job": "exported_job", "instance": "exported_instance"}
"""Prometheus gives these labels to what it scrapes, and renames ours."""


SERIES = {series: contract for contract in CONTRACTS.values() for series in contract.series}


def asked_of(text: str) -> set[str]:
    """The dialer's series that an expression names."""
    return set(re.findall(r"\bdialer_\w+", text))


def names_of(contract: Contract) -> list[str]:
    """The names of a metric's labels."""
    return [label.name for label in contract.labels]


def cells(box: dict[str, Any]) -> set[tuple[int, int]]:
    """The places of the grid that a panel covers."""
    at = box["gridPos"]
    return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}


def titles(boxes: list[dict[str, Any]]) -> list[str]:
    """For messages: which panels."""
    return [box["title"] for box in boxes]


def test_file_is_what_the_code_makes() -> None:
    """The dashboard in the repository is the output of the code beside it."""
    assert as_json(dialer_dashboard()) == OUTPUT.read_text("utf-8"), "run: python -m grafana.dashboards"


def test_rows() -> None:
    """The dashboard goes from the campaigns over the carrier, its callbacks and recordings to the workers."""
    assert ("dialer", "Dialer") == (DASHBOARD["uid"], DASHBOARD["title"])
    assert ["Campaigns", "Carrier and budget", "Webhooks", "Recordings", "Customers' systems", "Fleet"] == titles(
        [box for box in BOXES if box["type"] == "row"]
    )


@pytest.mark.parametrize("expr", [*EXPRESSIONS, VARIABLES["instance"]["query"]])
def test_expression_names_only_metrics_that_are_there(expr: str) -> None:
    """An expression asks for something of the dialer, and for nothing it does not measure."""
    assert asked_of(expr)
    assert set() == asked_of(expr) - SERIES.keys()


@pytest.mark.parametrize("name", CONTRACTS.keys() - NOT_YET_SHOWN)
def test_metric_is_shown(name: str) -> None:
    """Whatever the dialer measures is on the dashboard."""
    assert CONTRACTS[name].series & set(chain.from_iterable(map(asked_of, EXPRESSIONS)))


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_expression_groups_by_labels_that_its_metric_has(expr: str) -> None:
    """A label that a metric does not have would put all its lines into one."""
    labels = {label for group in re.findall(r"\bby \(([^)]+)\)", expr) for label in group.split(", ")}
    known = {RENAMED.get(label, label) for name in asked_of(expr) for label in names_of(SERIES[name])}

    assert set() == labels - known - {"le", "instance"}


@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_shared_state_is_the_maximum_of_all_instances(expr: str) -> None:
    """Every API process tells the shared state alike: it is neither summed nor narrowed to an instance; the rest is."""
    (contract,) = (SERIES[name] for name in asked_of(expr))
    is_told = contract.name == "dialer_budget_calls_per_second"  # a setting, which each process tells alike

    assert (is_told or contract.scope is Scope.FLEET) == ("$instance" not in expr)
    assert (contract.type == "gauge") == expr.startswith("max")


@pytest.mark.parametrize("panel", PANELS, ids=titles(PANELS))
def test_panel_says_what_it_means(panel: dict[str, Any]) -> None:
    """A panel has a unit, names its lines, tells its meaning and what to do when it looks wrong."""
    meaning, _, remedy = panel["description"].partition("\n\n**If it looks wrong:** ")

    assert meaning
    assert remedy
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert all(target["legendFormat"] for target in panel["targets"])


@pytest.mark.parametrize("panel", PANELS, ids=titles(PANELS))
def test_panel_asks_the_chosen_data_source(panel: dict[str, Any]) -> None:
    """A panel and its queries ask the data source chosen at the top of the page."""
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]

    assert [{"type": "prometheus", "uid": "${datasource}"}] * len(sources) == sources


def test_variables() -> None:
    """The reader chooses a Prometheus and any number of instances, all of them to begin with."""
    source, instance = VARIABLES["datasource"], VARIABLES["instance"]

    assert ("datasource", "prometheus") == (source["type"], source["query"])
    assert ("query", True, True) == (instance["type"], instance["multi"], instance["includeAll"])
    assert ["$__all"] == instance["current"]["value"]


def test_panel_ids_are_unique() -> None:
    """Links and alerts find a panel by its id."""
    ids = [box["id"] for box in BOXES]

    assert len(set(ids)) == len(ids)


def test_panels_do_not_overlap() -> None:
    """Every panel has its own place within the grid's 24 columns."""
    overlapping = [titles([one, other]) for one, other in combinations(BOXES, 2) if cells(one) & cells(other)]

    assert [] == overlapping
    assert all(box["gridPos"]["x"] + box["gridPos"]["w"] <= 24 for box in BOXES)


def test_runbook_has_the_places_named() -> None:
    """Where a panel names a part of the runbook, the runbook has it."""
    runbook = RUNBOOK.read_text("utf-8").replace("`", "")
    named = re.findall(r"deploy/README\.md, ([A-Z][a-z ]+)", OUTPUT.read_text("utf-8"))

    assert named
    assert [] == [name for name in named if f"**{name}**" not in runbook]


@pytest.mark.skipif(PROMTOOL is None and "CI" not in os.environ, reason="promtool is not on PATH")
def test_expressions_parse(tmp_path: Path) -> None:
    """Prometheus' own checker reads every expression, Grafana's variables filled in."""
    filled = [expr.replace("$__rate_interval", "1m").replace("$instance", ".*") for expr in EXPRESSIONS]
    rules = [{"record": f"dialer:expression_{place}", "expr": expr} for place, expr in enumerate(filled)]
    file = tmp_path / "rules.json"  # JSON is YAML too
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}), "utf-8")

    said = subprocess.run(  # noqa: S603 - found on PATH, our own file
        [str(PROMTOOL), "check", "rules", str(file)], capture_output=True, text=True, check=False
    )

    assert 0 == said.returncode, said.stderr
    assert f"{len(EXPRESSIONS)} rules found" in said.stdout
