"""Who reaches whom: selectors, Services, the Ingress, monitors and network policies of the chart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.chart import (
    ALL_ON,
    EXISTING_REDIS,
    HOST,
    MATRIX,
    RELEASE,
    Thing,
    component,
    merged,
    named,
    of_kind,
    pods,
    rendered,
)

EVERY = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())


def labels(pod: Thing) -> dict[str, str]:
    """The labels that selectors look at."""
    found: dict[str, str] = pod["metadata"]["labels"]
    return found


def selects(selector: dict[str, str], pod: Thing) -> bool:
    """Whether these labels are all the pod's."""
    return selector.items() <= labels(pod).items()


def chosen(things: list[Thing], selector: dict[str, str]) -> list[str]:
    """The kinds of pods of the release that a selector finds."""
    return sorted(labels(pod)["app.kubernetes.io/component"] for _, pod in pods(things) if selects(selector, pod))


@EVERY
def test_selectors_find_their_pods(values: dict[str, Any]) -> None:
    """Deployments, Services, budgets and policies find the pods of their component and no others."""
    things = rendered(values)
    for kind in ("Deployment", "StatefulSet"):
        for thing in of_kind(things, kind):
            assert [component(thing)] == chosen(things, thing["spec"]["selector"]["matchLabels"])
    for service in of_kind(things, "Service"):
        target = "redis" if component(service) == "redis" else "api"
        assert [target] == chosen(things, service["spec"]["selector"])
    for kind in ("PodDisruptionBudget", "PodMonitor", "ServiceMonitor"):
        for thing in of_kind(things, kind):
            assert [component(thing)] == chosen(things, thing["spec"]["selector"]["matchLabels"])
    for policy in of_kind(things, "NetworkPolicy"):
        assert [component(policy)] == chosen(things, policy["spec"]["podSelector"]["matchLabels"])


def test_monitored_service_is_one() -> None:
    """Prometheus finds the API by one Service, not by that for webhooks as well: nobody is scraped twice."""
    things = rendered(ALL_ON)
    (monitor,) = of_kind(things, "ServiceMonitor")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()

    found = [thing for thing in of_kind(things, "Service") if wanted <= thing["metadata"]["labels"].items()]

    assert [f"{RELEASE}-dialer-api"] == [service["metadata"]["name"] for service in found]
    assert ["http"] == [port["name"] for port in found[0]["spec"]["ports"]]


@EVERY
def test_only_webhooks_are_exposed(values: dict[str, Any]) -> None:
    """From outside there is one path, over TLS; nothing else leaves the cluster by itself."""
    things = rendered(values)
    for ingress in of_kind(things, "Ingress"):
        (rule,) = ingress["spec"]["rules"]
        (path,) = rule["http"]["paths"]

        assert (HOST, "/webhooks/", "Prefix") == (rule["host"], path["path"], path["pathType"])
        assert [{"hosts": [HOST], "secretName": "dialer-tls"}] == ingress["spec"]["tls"]
        assert named(things, "Service", "webhooks")["metadata"]["name"] == path["backend"]["service"]["name"]
    assert {"ClusterIP"} >= {service["spec"].get("type", "ClusterIP") for service in of_kind(things, "Service")}


def peers(rules: list[Thing], side: str) -> list[tuple[list[Any], list[Any]]]:
    """Who, and at which ports, of the rules of a policy."""
    return [(rule[side], [port["port"] for port in rule["ports"]]) for rule in rules]


def test_workers_are_reached_by_prometheus_alone() -> None:
    """Into a worker goes nothing but the look at its metrics."""
    policy = named(rendered({}), "NetworkPolicy", "worker")["spec"]
    monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}

    assert [([{"namespaceSelector": monitoring, "podSelector": {}}], ["metrics"])] == peers(policy["ingress"], "from")


def test_redis_is_reached_by_the_dialer_alone() -> None:
    """Into the bundled Redis go API, workers, the migration and the test; out of it nothing."""
    things = rendered(ALL_ON)
    policy = named(things, "NetworkPolicy", "redis")["spec"]
    ((who, ports),) = peers(policy["ingress"], "from")

    assert ["api", "migration", "test", "worker"] == sorted(
        kind for peer in who for kind in chosen(things, peer["podSelector"]["matchLabels"])
    )
    assert (["redis"], ["Ingress", "Egress"], False) == (ports, policy["policyTypes"], "egress" in policy)


@pytest.mark.parametrize("name", ["api", "worker", "migration", "test"])
def test_dialer_reaches_what_it_needs(name: str) -> None:
    """Names, Redis and HTTPS: the carrier, callbacks, a bucket. The test also asks the API."""
    migrated = {"migration": {"enabled": True}}
    bundled, existing = (
        [ports for _, ports in peers(named(rendered(values), "NetworkPolicy", name)["spec"]["egress"], "to")]
        for values in (migrated, merged(EXISTING_REDIS, migrated))
    )
    api = [["http"]] if name == "test" else []

    assert [*api, [53, 53], [6379], [443]] == bundled
    assert [*api, [53, 53], [6379, 26379], [443]] == existing


def test_producers_can_be_narrowed() -> None:
    """Who may create campaigns is told by the values; the carrier's way in and Prometheus stay."""
    alone = [{"podSelector": {"matchLabels": {"app": "crm"}}}]
    policy = named(rendered({"networkPolicy": {"producers": alone}}), "NetworkPolicy", "api")["spec"]
    ((who, ports),) = peers(policy["ingress"], "from")

    assert alone == who[3:]
    assert (["http"], 4) == (ports, len(who))
