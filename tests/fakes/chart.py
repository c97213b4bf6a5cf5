"""The chart as Helm's own engine renders it, object by object."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python
import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "dialer"

RELEASE, NAMESPACE = "night", "calls"
"""What the release of all tests is called, and where it is."""
HOST = "dialer.example.com"
LEAST: dict[str, Any] = {"settings": {"DIALER_FROM_NUMBER": "+31201234567"}, "ingress": {"host": HOST}}
"""What has to be given."""

Thing = dict[str, Any]
"""One object of Kubernetes."""


def merged(*values: Mapping[str, Any]) -> dict[str, Any]:
    """Values over values, as Helm lays one file over another."""
    result: dict[str, Any] = {}
    for given in values:
        for key, value in given.items():
            both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = merged(result[key], value) if both else value
    return result


@functools.cache
def _rendered(values: str) -> dict[str, str]:
    given = json.loads(values)
    with helm_python.Chart.load(CHART) as chart:
        chart.validate_schema(given)  # an installation does; rendering alone does not look at it
        texts = chart.render(given, name=RELEASE, namespace=NAMESPACE, is_install=True)
    return {name: text for name, text in texts.items() if name.endswith(".yaml")}


def rendered_texts(values: Mapping[str, Any], least: Mapping[str, Any] = LEAST) -> dict[str, str]:
    """The manifests by file of the chart, with these values over the least ones. Raises HelmError for wrong values."""
    return _rendered(json.dumps(merged(least, values)))


def rendered(values: Mapping[str, Any], least: Mapping[str, Any] = LEAST) -> list[Thing]:
    """All objects of a release."""
    texts = rendered_texts(values, least).values()
    return [thing for text in texts for thing in yaml.safe_load_all(text) if thing]


def of_kind(things: list[Thing], kind: str) -> list[Thing]:
    """Those of one kind."""
    return [thing for thing in things if thing["kind"] == kind]


def named(things: list[Thing], kind: str, name: str) -> Thing:
    """The one of this kind whose name ends so."""
    (found,) = [thing for thing in of_kind(things, kind) if thing["metadata"]["name"] == f"{RELEASE}-dialer-{name}"]
    return found


def component(thing: Thing) -> str:
    """What an object, or a pod, is for."""
    return str(thing["metadata"]["labels"]["app.kubernetes.io/component"])


def pods(things: list[Thing]) -> Iterator[tuple[str, Thing]]:
    """Name of the object and the pod that it makes (its metadata and spec)."""
    for thing in things:
        if thing["kind"] == "Pod":
            yield thing["metadata"]["name"], thing
        elif thing["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield thing["metadata"]["name"], thing["spec"]["template"]


def secret_files(pod: Thing) -> dict[str, tuple[str, str]]:
    """Of a pod: the Secret and key behind each file of secrets that it is given."""
    (volume,) = [one for one in pod["spec"]["volumes"] if one["name"] == "secrets"]
    sources = [source["secret"] for source in volume["projected"]["sources"]]
    return {item["path"]: (source["name"], item["key"]) for source in sources for item in source["items"]}


def containers(things: list[Thing]) -> Iterator[tuple[str, Thing]]:
    """Name of the object and each container of its pod, those that run before the others too."""
    for name, pod in pods(things):
        for container in [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]:
            yield name, container


EXISTING_REDIS: dict[str, Any] = {
    "redis": {
        "bundled": {"enabled": False},
        "existing": {
            "url": "rediss+sentinel://dialer@sentinel-1,sentinel-2,sentinel-3/dialer",
            "tls": {"existingSecret": "redis-tls", "certKey": "tls.crt", "keyKey": "tls.key"},
        },
    },
    "settings": {"DIALER_REDIS_REPLICAS_ACKNOWLEDGED": 1, "DIALER_REDIS_SENTINEL_USERNAME": "dialer"},
    "secrets": {"variables": {"DIALER_REDIS_SENTINEL_PASSWORD": "sentinel-password"}},
    "networkPolicy": {"redis": {"ports": [6379, 26379]}},
}
S3 = {
    "recordings": {"kind": "s3", "s3": {"url": "s3://bucket/calls", "endpoint": "https://s3.internal", "region": "nl"}}
}
SCALED = {"worker": {"autoscaling": {"enabled": True}}}
ALL_ON = merged(
    SCALED,
    {
        "settings": {
            "DIALER_TRUNKS": "south",
            "DIALER_TRUNK_SOUTH_CARRIER_APPLICATION_ID": "south",
            "DIALER_TRUNK_SOUTH_FROM_NUMBER": "+31101234567",
            "OTEL_SERVICE_NAME": "calls",
            "DIALER_TRUNK_SOUTH_CALLS_PER_SECOND": 2.5,
            "DIALER_MAX_IMPORT_BYTES": 1 << 29,
        },
        "secrets": {
            "variables": {
                **{
                    f"DIALER_TRUNK_SOUTH_{name}": {"name": "south", "key": name.lower()}
                    for name in ("CARRIER_CLIENT_ID", "CARRIER_CLIENT_SECRET", "SIGNATURE_SECRET")
                },
                "DIALER_SIGNATURE_SECRET": "s",
                "DIALER_API_KEY": {"name": "other", "key": "k"},
            }
        },
        "image": {"digest": "sha256:" + "0" * 64, "pullSecrets": [{"name": "registry"}]},
        "metrics": {
            "monitors": {"enabled": True, "labels": {"release": "prometheus"}},
            "rules": {"enabled": True, "labels": {"release": "prometheus"}},
            "dashboards": {"enabled": True},
        },
        "api": {"podLabels": {"team": "night"}, "podAnnotations": {"note": "x"}, "priorityClassName": "high"},
        "worker": {"nodeSelector": {"pool": "calls"}, "tolerations": [{"operator": "Exists"}]},
        "ingress": {"className": "nginx"},
        "serviceAccount": {"annotations": {"role": "dialer"}},
        "migration": {"enabled": True},
        "networkPolicy": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    },
)
ALL_OFF = {
    "publicUrl": "https://elsewhere.example.com",
    **{
        name: {"enabled": False}
        for name in ("ingress", "networkPolicy", "podDisruptionBudget", "topologySpread", "tests")
    },
    "serviceAccount": {"create": False},
}
MATRIX = {
    "default": {},
    "existing redis": EXISTING_REDIS,
    "s3": S3,
    "scaled": SCALED,
    "all on": ALL_ON,
    "all off": ALL_OFF,
}
