"""The chart renders what Kubernetes takes, whatever is switched on, and refuses values that nobody reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import helm_python
import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import kubernetes_validate  # type: ignore[import-untyped]  # it has none
import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
from helm_python.errors import HelmValuesError

from tests.fakes.chart import ALL_ON, CHART, LEAST, MATRIX, Thing, merged, rendered, rendered_texts

ROOT = CHART.parents[2]
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text("utf-8"))
WARNING = 2
OLDEST, NEWEST = "1.27.0", "1.37.0"
RELEASE_BYTES = 1_048_576 * 3 // 4
"""What a release's Secret holds at the most: 1 MiB, in base64; the rendered objects are in it besides the chart."""

EVERY = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
OF_THE_OPERATOR = {
    kind: {"required": keys, "additionalProperties": False, "properties": {key: {} for key in keys}}
    for kind, keys in (
        ("PrometheusRule", ["groups"]),
        ("ServiceMonitor", ["selector", "endpoints"]),
        ("PodMonitor", ["selector", "podMetricsEndpoints"]),
    )
}
"""What stands in the specs of objects that only the Prometheus operator knows."""


@EVERY
def test_lint_is_clean(values: dict[str, Any]) -> None:
    """Helm's own linter has nothing to say against it."""
    report = helm_python.lint(CHART, merged(LEAST, values), strict=True)

    assert [] == report["errors"]
    assert [] == [found for found in report["messages"] if found["severity"] >= WARNING]


def test_lint_is_clean_as_it_comes() -> None:
    """Also before the values that must be given are."""
    assert [] == helm_python.lint(CHART, {}, strict=True)["errors"]


@EVERY
def test_kubernetes_takes_every_object(values: dict[str, Any]) -> None:
    """Each object has the fields of its kind and no others, in the oldest version it is for and the newest."""
    for thing in rendered(values):
        if thing["kind"] in OF_THE_OPERATOR:
            jsonschema.validate(thing["spec"], OF_THE_OPERATOR[thing["kind"]])
            continue
        for version in (OLDEST, NEWEST):
            kubernetes_validate.validate(thing, version, strict=True)


@EVERY
def test_no_object_is_there_twice(values: dict[str, Any]) -> None:
    """Kind and name are one object's, and names are not too long for a label."""
    names = [(thing["kind"], thing["metadata"]["name"]) for thing in rendered(values)]

    assert len(names) == len(set(names))
    assert all(len(name) <= 63 for _, name in names)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"setings": {}}, "setings"),
        ({"worker": {"replica": 3}}, "replica"),
        ({"worker": {"replicas": "three"}}, "replicas"),
        ({"settings": {"DIALER_CALLS_PER_SECONDS": 3}}, "DIALER_CALLS_PER_SECONDS"),
        ({"settings": {"DIALER_CALLS_PER_SECOND": 0}}, "DIALER_CALLS_PER_SECOND"),
        ({"settings": {"DIALER_FROM_NUMBER": 31201234567}}, "DIALER_FROM_NUMBER"),
        ({"settings": {"DIALER_BREAKER": False}}, "DIALER_BREAKER"),
        ({"settings": {"DIALER_API_KEY": "in the clear"}}, "DIALER_API_KEY"),
        ({"settings": {"DIALER_PORT": 80}}, "DIALER_PORT"),
        ({"settings": {"DIALER_TRUNK_SOUTH_CALLS": 3}}, "DIALER_TRUNK_SOUTH_CALLS"),
        ({"secrets": {"variables": {"DIALER_API_KEYS": "k"}}}, "DIALER_API_KEYS"),
        ({"secrets": {"variables": {"DIALER_API_KEY": {"value": "in the clear"}}}}, "DIALER_API_KEY"),
        ({"redis": {"existing": {"url": "redis://:password@host"}}}, "url"),
        ({"ingress": {"host": "https://dialer.example.com/"}}, "host"),
        ({"podDisruptionBudget": {"maxUnavailable": 0}}, "maxUnavailable"),
        ({"networkPolicy": {"producers": [{}]}}, "producers"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], told: str) -> None:
    """What nobody reads, or cannot be, is refused by its name before anything is changed."""
    with pytest.raises(HelmValuesError, match=told):
        rendered(values)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"ingress": {"host": ""}}, "ingress.host must be set"),
        ({"ingress": {"enabled": False}}, "publicUrl must be set"),
        ({"secrets": {"existingSecret": ""}}, "secrets.existingSecret must be set"),
        ({"secrets": {"variables": {"DIALER_FROM_NUMBER": "k"}}}, "stands in settings and in secrets.variables"),
        ({"redis": {"bundled": {"enabled": False}}}, "redis.existing.url must be set"),
        ({"recordings": {"kind": "s3"}}, "recordings.s3.url must be set"),
        ({"secrets": {"variables": {"DIALER_REDIS_PASSWORD": None}}}, "DIALER_REDIS_PASSWORD must be set"),
    ],
)
def test_missing_values_are_told(values: dict[str, Any], told: str) -> None:
    """What must be given is asked for by its name."""
    with pytest.raises(helm_python.HelmError, match=told):
        rendered(values)


def test_caller_id_must_be_given() -> None:
    """Without a number to call from nothing is installed."""
    with pytest.raises(helm_python.HelmError, match=r"settings\.DIALER_FROM_NUMBER must be set"):
        rendered({"ingress": LEAST["ingress"]}, least={})


def test_values_and_schema_have_the_same_keys() -> None:
    """Every key that is taken stands in values.yaml with its default, and the other way round."""
    assert keys_of_schema(SCHEMA) - {"global"} == keys_of_values(VALUES, SCHEMA)


def keys_of_schema(schema: Thing, above: str = "") -> set[str]:
    """Paths of all keys that the schema names."""
    found = set()
    for name, under in schema.get("properties", {}).items():
        found |= {above + name} | keys_of_schema(under, f"{above}{name}.")
    return found


def keys_of_values(values: Any, schema: Thing, above: str = "") -> set[str]:
    """Paths of all keys with a default, down to where the schema tells of keys by a definition."""
    found = set()
    for name, value in values.items() if "properties" in schema else ():
        under = schema["properties"].get(name, {})
        found |= {above + name} | (
            keys_of_values(value, under, f"{above}{name}.") if isinstance(value, dict) else set()
        )
    return found


def test_package_is_whole_and_small(tmp_path: Path) -> None:
    """Packed, what is linked into the chart is in it, it renders the same, and a release's Secret can hold it."""
    values = merged(LEAST, ALL_ON)
    archive = Path(helm_python.package(CHART, destination=tmp_path))
    with helm_python.Chart.load(archive) as chart:
        files = {file["name"] for file in chart.files}
        texts = chart.render(values, name="night", namespace="calls", is_install=True)

    assert {f"files/dashboards/{path.name}" for path in (ROOT / "grafana").glob("*.json")} <= files
    assert [] == [name for name in files if name.endswith(".py")]
    assert rendered_texts(ALL_ON) == {name: text for name, text in texts.items() if name.endswith(".yaml")}
    assert archive.stat().st_size < RELEASE_BYTES / 2


def test_readme_makes_the_keys_that_are_asked_for() -> None:
    """The command that makes the Secret gives each key that the values name, and no others."""
    made = re.findall(r"--from-literal=([a-z-]+)=", (CHART / "README.md").read_text("utf-8"))
    asked = {*VALUES["secrets"]["variables"].values()}

    assert (len(made), asked) == (len(set(made)), set(made))


def test_versions_are_those_of_the_project() -> None:
    """The image asked for by default is that of this dialer."""
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text("utf-8"))

    assert f'version = "{chart["appVersion"]}"' in (ROOT / "pyproject.toml").read_text("utf-8")
