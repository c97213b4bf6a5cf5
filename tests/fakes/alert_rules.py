"""The rules for Prometheus, their cases and their runbook, read for tests: what is named in them, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

DEPLOY = Path(__file__).parents[2] / "deploy"
FOLDER = DEPLOY / "prometheus"
RULES, CASES, RUNBOOK = FOLDER / "rules.yml", sorted((FOLDER / "tests").glob("*.yml")), DEPLOY / "alerts.md"

Rule = dict[str, Any]

_SELECTOR = re.compile(r"\b(dialer[_:][\w:]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on) \(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a selector asks of one label."""

    series: str
    label: str
    operator: str
    value: str

    def values(self, known: set[str]) -> set[str]:
        """Which of the values that the label may have it means; of `=` and `!=` also one that is not known."""
        if self.operator in {"=", "!="}:
            return {self.value}
        return {value for value in known if re.fullmatch(self.value, value)}


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are evaluated."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return tuple(rule for group in groups for rule in group["rules"])


@cache
def alerts() -> dict[str, Rule]:
    """The alerts by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def metrics_of(expr: str) -> set[str]:
    """The dialer's own series that an expression asks for."""
    return {series for series, _ in _SELECTOR.findall(expr) if ":" not in series}


def recorded_of(expr: str) -> set[str]:
    """The quantities, recorded by other rules, that an expression asks for."""
    return {series for series, _ in _SELECTOR.findall(expr) if ":" in series}


def measured_by(series: str) -> set[str]:
    """The metrics behind a quantity; of a metric, itself."""
    if ":" not in series:
        return {series}
    (expr,) = (rule["expr"] for rule in rules() if rule.get("record") == series)
    return metrics_of(expr).union(*(measured_by(other) for other in recorded_of(expr)))


def matchers_of(expr: str) -> Iterator[Matcher]:
    """All that its selectors ask of labels."""
    for series, inside in _SELECTOR.findall(expr):
        for label, operator, value in _MATCHER.findall(inside):
            yield Matcher(series, label, operator, value)


def groupings_of(expr: str) -> set[str]:
    """The labels that it groups or joins by."""
    return {label.strip() for inside in _GROUPING.findall(expr) for label in inside.split(",") if label.strip()}


@dataclass(frozen=True, slots=True)
class Case:
    """One look at one alert in one test of a file."""

    test: str
    alert: str
    eval_time: str
    fires: bool


@cache
def cases() -> tuple[Case, ...]:
    """All looks at alerts."""
    return tuple(
        Case(f"{path.stem}: {test['name']}", look["alertname"], look["eval_time"], bool(look["exp_alerts"]))
        for path in CASES
        for test in yaml.safe_load(path.read_text("utf-8"))["tests"]
        for look in test.get("alert_rule_test", [])
    )


@cache
def sections() -> dict[str, str]:
    """The runbook's sections by their headings."""
    parts = re.split(r"^## (.+)$", RUNBOOK.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands_of(text: str) -> set[str]:
    """The commands of ours that a text names, as they would be typed."""
    inside = re.findall(r"`([^`]+)`", re.sub(r"\s+", " ", text))
    return {found for found in inside if found.startswith("dialer ")}
