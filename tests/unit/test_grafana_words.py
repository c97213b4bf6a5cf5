"""The words of the dashboards are the right ones: Prometheus' own engine works them out from series told to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.dashboards import SHIPPED, asked_by_panels, panels_of
from tests.fakes.prometheus import promtool

BUDGET = 'dialer_budget_accepted{trunk="main"}'
READY = 'dialer_campaigns_ready{trunk="main", priority="normal"}'
DUE = 'dialer_oldest_due_seconds{priority="normal"}'
REFUSED_GATE = 'dialer_gate_seconds{trunk="main"}'
STOPPED = 'dialer_trunk_stopped{trunk="main"}'
ENDED = 'dialer_calls_total{disposition="no_answer", kind="notification", instance="w"}'
REACHED = 'dialer_calls_total{disposition="answered", kind="notification", instance="w"}'
TO_GO = 'dialer_calls_by_state{state="waiting", priority="normal", kind="notification"}'
REDIS = {f"dialer_redis_{name}": "1x20" for name in ("up", "aof_enabled", "aof_always", "last_write_ok")}

CALLING, TRUNK, REDIS_TILE = "Are people being called?", "Worst trunk", "Redis"
REACHED_TILE, LEFT = "Reached, last 15 min", "Time left at this pace"

CASES = [
    ("calling", CALLING, {BUDGET: "0+60x20", READY: "1x20", DUE: "900x20"}),
    ("stopped", CALLING, {BUDGET: "70x20", READY: "1x20", DUE: "900x20"}),
    # All slots are taken by long calls, say.
    ("held by limits", CALLING, {BUDGET: "70x20", READY: "0x20", DUE: "900x20"}),
    # Who became ready a minute ago may just get his token.
    ("nothing to call", CALLING, {BUDGET: "70x20", READY: "0x18 1x1", DUE: "30x20"}),
    ("nothing to call", CALLING, {BUDGET: "70x20", READY: "0x20", DUE: "0x20"}),
    # An API that died ten minutes ago told of calls until then.
    ("no data", CALLING, {BUDGET: "0+60x10 stale", READY: "1x10 stale", DUE: "900x10 stale"}),
    ("open", TRUNK, {STOPPED: "0x20", REFUSED_GATE: "0x20"}),
    ("held back", TRUNK, {STOPPED: "0x20", REFUSED_GATE: "3x20"}),
    ("stopped", TRUNK, {STOPPED: "1x20", REFUSED_GATE: "3x20"}),
    ("durable", REDIS_TILE, REDIS),
    ("not durable", REDIS_TILE, REDIS | {"dialer_redis_aof_always": "0x20"}),
    ("not durable", REDIS_TILE, REDIS | {"dialer_redis_last_write_ok": "0x20"}),
    # What Redis itself would tell is not there then.
    ("away", REDIS_TILE, {"dialer_redis_up": "0x20"}),
    ("no call ended", REACHED_TILE, {ENDED: "5x20"}),
    ("nothing called yet", LEFT, {TO_GO: "5x20"}),
    (0.0, REACHED_TILE, {ENDED: "0+60x20"}),
    (0.25, REACHED_TILE, {ENDED: "0+45x20", REACHED: "0+15x20"}),
    (100.0, LEFT, {TO_GO: "100x20", ENDED: "0+60x20"}),
    ("no end at this pace", LEFT, {TO_GO: "100x20", ENDED: "60x20"}),
    ("nothing to call", LEFT, {TO_GO: "0x20", ENDED: "60x20"}),
    ("none", "Alerts firing", {}),
    (1.0, "Alerts firing", {'ALERTS{alertname="DialerNoWorker", alertstate="firing"}': "1x20"}),
    ("none", "Alerts firing", {'ALERTS{alertname="DialerNoWorker", alertstate="pending"}': "1x20"}),
]


@pytest.mark.parametrize(("expected", "title", "series"), CASES)
def test_tile_says(expected: str | float, title: str, series: dict[str, str], tmp_path: Path) -> None:
    """For what the dialer's metrics tell, a tile says this word or shows this figure."""
    panel = next(panel for board in SHIPPED.values() for panel in panels_of(board) if panel["title"] == title)
    expr = next(one.filled for one in asked_by_panels() if f" / {title} / A" in one.where)
    holds = (
        _says(expected, expr, panel["fieldConfig"]["defaults"]) if isinstance(expected, str) else _is(expected, expr)
    )
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": holds, "eval_time": "20m", "exp_samples": [{"labels": "{}", "value": 1}]},
        ],
    }
    file = tmp_path / "test.json"  # JSON is YAML too
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": [case]}), "utf-8")
    said = promtool("test", "rules", file)

    assert 0 == said.returncode, said.stderr + said.stdout


def _is(figure: float, expr: str) -> str:
    return f"count(round({expr}, 0.001) == {figure:g})"


def _says(word: str, expr: str, shown: dict[str, Any]) -> str:
    """An expression that is 1 where a tile says this word: for a value, for what is no number, or for nothing."""
    when = {"nan": f"count(({expr}) != ({expr}))", "null": f"absent({expr})"}
    for mapping in shown["mappings"]:
        if mapping["type"] == "special" and mapping["options"]["result"]["text"] == word:
            return when[mapping["options"]["match"]]
        if mapping["type"] == "value":
            for value, result in mapping["options"].items():
                if result["text"] == word:
                    return f"count(({expr}) == {value})"
    raise AssertionError(f"the tile never says {word}: {shown['mappings']}")
