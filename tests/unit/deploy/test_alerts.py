"""Alerts are right by Prometheus' own checker, name what is measured, and each has its cases and its runbook."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from pathlib import Path

import click
import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

from dialer.api.app import ROUTES
from dialer.cli import main
from dialer.metrics.labels import OPERATION
from dialer.metrics.table import CONTRACTS
from tests.fakes.alert_rules import (
    CASES,
    DEPLOY,
    FOLDER,
    RULES,
    Rule,
    alerts,
    cases,
    commands_of,
    groupings_of,
    matchers_of,
    measured_by,
    metrics_of,
    recorded_of,
    rules,
    sections,
)
from tests.fakes.programs import run

SERIES = {series: contract for contract in CONTRACTS.values() for series in contract.series}
RENAMED = {"job": "exported_job", "instance": "exported_instance"}
"""Prometheus gives these labels to what it scrapes, and renames ours."""
OF_PROMETHEUS = {"job", "instance", "le"}
RECORDED = {rule["record"]: rule for rule in rules() if "record" in rule}
PARTS = ("It means", "Look at", "Do")

TEXTS = [*sections().values(), re.sub(r"(?m)^    .*$", "", (DEPLOY / "README.md").read_text("utf-8"))]
"""The runbook by alert, and by what happens; what is typed as it stands is no command with arguments to name."""

EACH_ALERT = pytest.mark.parametrize("name", alerts())
EACH_RULE = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])


def labels_of(series: str) -> set[str]:
    """As Prometheus has them."""
    return {RENAMED.get(label.name, label.name) for label in SERIES[series].labels} | OF_PROMETHEUS


def known_values(series: str, label: str) -> set[str]:
    """All that a label of the contract may say, for a metric or a quantity; operations are those of the API."""
    if label == OPERATION.name:
        return {route.name for route in ROUTES}
    found = (one for metric in measured_by(series) for one in SERIES[metric].labels)
    return {value for one in found if RENAMED.get(one.name, one.name) == label for value in one.values}


def test_promtool_takes_rules_and_configuration() -> None:
    """Rules and the example of a configuration that loads them are what Prometheus reads."""
    for arguments in (("check", "rules", RULES), ("check", "config", FOLDER / "prometheus.yml")):
        code, said = run("promtool", *arguments)
        assert 0 == code, said
    assert f"{len(rules())} rules found" in said


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_promtool_finds_each_case_as_told(file: Path) -> None:
    """Each alert fires and is silent where its cases say so, and its texts have their values filled in."""
    code, said = run("promtool", "test", "rules", file)

    assert 0 == code, said


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (("dialer:customer_callbacks_dead:count > 0", "dialer:customer_callbacks_dead:count > 3"), "people"),
        (("dialer:api_errors:ratio5m > 0.05", "dialer:api_errors:ratio5m > 0.005"), "api"),
        (("max(dialer_attempts_unknown)", "sum(dialer_attempts_unknown)"), "doubt"),
    ],
    ids=["never fires", "fires too early", "sums what all tell alike"],
)
def test_cases_bite(change: tuple[str, str], file: str, tmp_path: Path) -> None:
    """A rule that is wrong is found by its cases."""
    right = RULES.read_text("utf-8")
    assert 1 == right.count(change[0])
    (tmp_path / "rules.yml").write_text(right.replace(*change), "utf-8")
    (tmp_path / "tests").mkdir()
    copy = tmp_path / "tests" / f"{file}.yml"
    copy.write_text((FOLDER / "tests" / copy.name).read_text("utf-8"), "utf-8")
    code, said = run("promtool", "test", "rules", copy)

    assert 0 != code
    assert "FAILED" in said


def test_amtool_takes_the_example() -> None:
    """What is routed where is as Alertmanager reads it: pages to whoever is on call, all else to tickets."""
    file = FOLDER / "alertmanager.yml"
    code, said = run("amtool", "check-config", file)
    assert 0 == code, said
    for label, receiver in (("severity=page", "on-call"), ("severity=ticket", "tickets"), ("severity=none", "tickets")):
        code, said = run("amtool", "config", "routes", "test", f"--config.file={file}", label)
        assert (0, receiver) == (code, said.splitlines()[-1])


def test_inhibitions_name_alerts_that_are_there() -> None:
    """Each side of a rule that keeps alerts back means some alert, and all that it names."""
    for rule in yaml.safe_load((FOLDER / "alertmanager.yml").read_text("utf-8"))["inhibit_rules"]:
        for matcher in [*rule["source_matchers"], *rule["target_matchers"]]:
            if not matcher.startswith("alertname"):
                continue
            names = re.split(r"\|", re.sub(r'^alertname[!=]=?~?"|"$', "", matcher))
            assert [] == [name for name in names if not any(re.fullmatch(name, alert) for alert in alerts())]


@EACH_RULE
def test_rule_asks_for_what_is_measured(rule: Rule) -> None:
    """Metrics are those of the contract, labels theirs, values those that the labels may have."""
    expr = rule["expr"]
    assert set() == metrics_of(expr) - SERIES.keys()
    assert set() == recorded_of(expr) - RECORDED.keys()
    for one in matchers_of(expr):
        if one.label not in {"le", "job"}:
            known = known_values(one.series, one.label)
            assert one.values(known), one
            assert one.values(known) <= known, one


@EACH_RULE
def test_rule_asks_for_bounds_that_a_time_has(rule: Rule) -> None:
    """A bucket that is asked for by its bound is one of the histogram's."""
    for one in matchers_of(rule["expr"]):
        if one.label == "le":
            made = SERIES[one.series].made
            assert float(one.value) in made._kwargs["buckets"], one


@EACH_RULE
def test_rule_groups_by_labels_that_are_there(rule: Rule) -> None:
    """A label that nothing has would put all series into one, or join none."""
    asked = {metric for name in metrics_of(rule["expr"]) | recorded_of(rule["expr"]) for metric in measured_by(name)}
    known = OF_PROMETHEUS.union(*(labels_of(metric) for metric in asked))

    assert set() == groupings_of(rule["expr"]) - known


@EACH_RULE
def test_shared_state_is_never_summed_over_processes(rule: Rule) -> None:
    """Every API process tells it alike: what is the fleet's is the maximum (or minimum) before it is anything else."""
    for series in metrics_of(rule["expr"]):
        if SERIES[series].scope == "fleet":
            assert not re.search(rf"\b(?:sum|count|avg)(?: by \([^)]*\))? ?\((?:\w+\()?{series}\b", rule["expr"])


def test_quantities_are_named_alike() -> None:
    """What is recorded is `dialer:what:how`, once, and an alert or a dashboard has use for it."""
    assert [] == [name for name in RECORDED if not re.fullmatch(r"dialer:[a-z_]+:[a-z0-9_]+", name)]
    assert len(RECORDED) == sum("record" in rule for rule in rules())


@EACH_ALERT
def test_alert_compares_quantities(name: str) -> None:
    """What rings the phone can be looked at: an alert asks for recorded quantities alone."""
    expr = alerts()[name]["expr"]

    assert recorded_of(expr)
    assert set() == metrics_of(expr)
    assert re.search(r"[<>]", expr)


@EACH_ALERT
def test_alert_tells_whom_and_what(name: str) -> None:
    """It has a severity, a summary, a description of more than that, and the way to its section of the runbook."""
    alert = alerts()[name]
    told = alert["annotations"]

    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert told["summary"] != told["description"]
    assert told["description"].endswith(".")
    assert "{{ $externalLabels.runbooks }}deploy/alerts.md#" + name.lower() == told["runbook_url"]


@EACH_ALERT
def test_limits_are_argued(name: str) -> None:
    """A comment between an alert's name and its expression says why there, and why for so long."""
    assert re.search(rf"- alert: {name}\n +# ", RULES.read_text("utf-8"))


def test_each_alert_has_cases() -> None:
    """One that fires, a moment before at which the same does not yet, and a test in which it never does."""
    looks: dict[str, dict[str, set[bool]]] = defaultdict(lambda: defaultdict(set))
    for case in cases():
        looks[case.alert][case.test].add(case.fires)

    assert set(alerts()) == set(looks)
    assert [] == [name for name, tests in looks.items() if {True, False} not in tests.values()]
    assert [] == [name for name, tests in looks.items() if {False} not in tests.values()]


def test_runbook_has_a_section_for_each_alert() -> None:
    """In the order of the rules, and none for what is no alert."""
    assert list(alerts()) == list(sections())


@EACH_ALERT
def test_section_says_what_it_means_and_what_to_do(name: str) -> None:
    """Three parts, each with words in it, and the severity of the rule."""
    section = sections()[name]
    found = re.findall(r"^\*\*(.+?):\*\* (.+)$", section, flags=re.MULTILINE)

    assert PARTS == tuple(part for part, _ in found)
    assert f"\n*{alerts()[name]['labels']['severity']}*\n" in section


@EACH_ALERT
def test_links_lead_to_sections(name: str) -> None:
    """A section refers to others that are there."""
    anchors = re.findall(r"\]\(#([^)]+)\)", sections()[name])

    assert set() == set(anchors) - {section.lower() for section in sections()}


@pytest.mark.parametrize("line", sorted({line for text in TEXTS for line in commands_of(text)}))
def test_commands_are_there(line: str) -> None:
    """Each command that the runbook names has the words, options and arguments that the command line takes."""
    words = shlex.split(line)[1:]
    command: click.Command = main
    if words == ["--version"]:
        return
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words[0]) if words else None
        assert found, f"{line}: there is no such command"
        command, words = found, words[1:]
    options = {option: param for param in command.params for option in param.opts if isinstance(param, click.Option)}
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            assert word in options, f"{line}: no option {word}"
            if not getattr(options[word], "is_flag", False):
                words.pop(0)
        else:
            arguments = [param for param in command.params if isinstance(param, click.Argument)]
            assert word.isupper(), f"{line}: no word {word}"
            assert arguments, f"{line}: {word} is one too many"
