"""The chart's rules are those of deploy/prometheus/, and the metric that workers scale by is what it says it is."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from tests.fakes.chart import ALL_ON, CHART, of_kind, rendered
from tests.fakes.programs import program

RULES = CHART.parents[1] / "prometheus" / "rules.yml"
ADAPTER: dict[str, Any] = yaml.safe_load((CHART / "prometheus-adapter.yaml").read_text("utf-8"))
(SERVED,) = ADAPTER["rules"]["external"]
TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
GROUPS = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["name", "rules"],
        "properties": {
            "name": {"type": "string"},
            "interval": {"type": "string"},
            "rules": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["expr"],
                    "properties": {
                        "record": {"type": "string"},
                        "alert": {"type": "string"},
                        "expr": {"type": "string"},
                        "for": {"type": "string"},
                        "keep_firing_for": {"type": "string"},
                        "labels": TEXTS,
                        "annotations": TEXTS,
                    },
                },
            },
        },
    },
}
"""What the operator takes."""


def test_rules_are_those_of_the_project() -> None:
    """The object for the operator holds every group as it is tested, in the form that the operator takes."""
    (rule,) = of_kind(rendered(ALL_ON), "PrometheusRule")
    jsonschema.validate(rule["spec"]["groups"], GROUPS)

    assert yaml.safe_load(RULES.read_text("utf-8")) == rule["spec"]


def test_metric_is_the_one_that_is_asked_for() -> None:
    """The autoscaler asks for what the adapter serves, and that stands on a recording rule."""
    values = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
    recorded = [
        rule.get("record") for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
    ]

    assert values["worker"]["autoscaling"]["metric"] == SERVED["name"]["as"]
    assert json.loads(SERVED["seriesQuery"].removeprefix("{__name__=").removesuffix("}")) in recorded


@pytest.mark.parametrize(
    ("accepted", "ready", "value"),
    [("0+45x60", 1, 1), ("0+22.5x60", 1, 2), ("0+0x60", 1, 10), ("0+22.5x60", 0, 0)],
    ids=["all of the budget", "half of it", "nothing", "nobody due"],
)
def test_metric_tells_what_is_left(accepted: str, ready: int, value: float, tmp_path: Path) -> None:
    """With 3 calls a second: 1 where all is used, more in proportion to what is left, 0 where nobody is due."""
    series = {
        'dialer_budget_accepted{trunk="main"}': accepted,
        'dialer_budget_calls_per_second{trunk="main"}': "3+0x60",
        'dialer_margin_ratio{trunk="main"}': "0+0x60",
        'dialer_campaigns_ready{trunk="main",priority="normal"}': f"{ready}+0x60",
    }
    test = {
        "interval": "15s",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {"expr": SERVED["metricsQuery"], "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": value}]}
        ],
    }
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "15s", "tests": [test]}), "utf-8")

    command = [program("promtool"), "test", "rules", str(file)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file

    assert 0 == said.returncode, said.stdout + said.stderr
