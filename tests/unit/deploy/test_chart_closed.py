"""What the chart's pods may do, whom they reach, who reaches them, and that no secret stands in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dialer.api.app import SHUTDOWN_S
from dialer.api.background import DRAIN_TIMEOUT_S
from dialer.settings import Settings, environment_name
from jobs.worker import _RECORD_S
from tests.fakes.chart import (
    ALL_OFF,
    ALL_ON,
    EXISTING_REDIS,
    HOST,
    MATRIX,
    RELEASE,
    SCALED,
    Thing,
    component,
    containers,
    merged,
    named,
    of_kind,
    pods,
    rendered,
    rendered_texts,
)

EVERY = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
NOT_OURS = {"REDIS_PASSWORD", "REDISCLI_AUTH", "AWS_ENDPOINT_URL", "AWS_REGION"}
SECRETS = {
    environment_name(name) for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
}


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
def test_pods_may_do_nothing_but_their_work(values: dict[str, Any]) -> None:
    """No pod is root, has a token of the cluster, or a system call that it does not need."""
    for name, pod in pods(rendered(values)):
        spec = pod["spec"]

        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] == 10001, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}, name


@EVERY
def test_containers_may_write_nothing_but_their_volumes(values: dict[str, Any]) -> None:
    """No container gains rights or writes to its image; each tells what it needs."""
    for name, container in containers(rendered(values)):
        security = container["securityContext"]

        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert {"cpu", "memory"} == container["resources"]["requests"].keys(), name
        assert "memory" in container["resources"]["limits"], name
        assert not container["image"].endswith((":latest", ":")), name


@EVERY
def test_lasting_containers_are_probed(values: dict[str, Any]) -> None:
    """Whatever is to run for good is asked if it started, lives and can work; ours on a port that it has."""
    things = rendered(values)
    for thing in [*of_kind(things, "Deployment"), *of_kind(things, "StatefulSet")]:
        for container in thing["spec"]["template"]["spec"]["containers"]:
            probes = [container[f"{which}Probe"] for which in ("startup", "liveness", "readiness")]
            asked = [probe["httpGet"] for probe in probes if "httpGet" in probe]
            ports = {port["name"] for port in container["ports"]}

            assert {get["port"] for get in asked} <= ports
            assert [get["path"] for get in asked] == (["/healthz", "/healthz", "/readyz"] if asked else [])
            assert bool(asked) == (component(thing) != "redis")


@EVERY
def test_variables_are_settings(values: dict[str, Any]) -> None:
    """Every variable is one that a process reads, stands there once, and is made of what stands above it."""
    known = {environment_name(name) for name in Settings.model_fields} | NOT_OURS
    for name, container in containers(rendered(values)):
        names = [variable["name"] for variable in container.get("env", ())]
        unknown = [one for one in names if one not in known and not re.match(r"DIALER_TRUNK_SOUTH_", one)]

        assert [] == unknown, name
        assert len(names) == len(set(names)), name
        for place, variable in enumerate(container.get("env", ())):
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= set(names[:place]), name


@EVERY
def test_secrets_are_references(values: dict[str, Any]) -> None:
    """The chart renders no Secret, and every secret variable is read from one that is there."""
    things = rendered(values)

    assert [] == of_kind(things, "Secret")
    for name, container in containers(things):
        for variable in container.get("env", ()):
            if variable["name"] in SECRETS | {"REDIS_PASSWORD"}:
                assert ["secretKeyRef"] == list(variable["valueFrom"]), name


def test_workers_have_no_key_of_the_api() -> None:
    """The administrator's key is the API's alone."""
    given = {
        name
        for name, container in containers(rendered({}))
        for one in container.get("env", ())
        if one["name"] == "DIALER_API_KEY"
    }

    assert {f"{RELEASE}-dialer-api", f"{RELEASE}-dialer-test"} == given


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
    """Into the bundled Redis go API, workers and the test; out of it nothing."""
    things = rendered({})
    policy = named(things, "NetworkPolicy", "redis")["spec"]
    ((who, ports),) = peers(policy["ingress"], "from")

    assert ["api", "test", "worker"] == sorted(
        kind for peer in who for kind in chosen(things, peer["podSelector"]["matchLabels"])
    )
    assert (["redis"], ["Ingress", "Egress"], False) == (ports, policy["policyTypes"], "egress" in policy)


@pytest.mark.parametrize("name", ["api", "worker", "test"])
def test_dialer_reaches_what_it_needs(name: str) -> None:
    """Names, Redis and HTTPS: the carrier, callbacks, a bucket. The test also asks the API."""
    bundled, existing = (
        [ports for _, ports in peers(named(rendered(values), "NetworkPolicy", name)["spec"]["egress"], "to")]
        for values in ({}, merged(EXISTING_REDIS, {"networkPolicy": {"redis": {"ports": [6380, 26379]}}}))
    )
    api = [["http"]] if name == "test" else []

    assert [*api, [53, 53], [6379], [443]] == bundled
    assert [*api, [53, 53], [6380, 26379], [443]] == existing


def test_producers_can_be_narrowed() -> None:
    """Who may create campaigns is told by the values; the carrier's way in and Prometheus stay."""
    alone = [{"podSelector": {"matchLabels": {"app": "crm"}}}]
    policy = named(rendered({"networkPolicy": {"producers": alone}}), "NetworkPolicy", "api")["spec"]
    ((who, ports),) = peers(policy["ingress"], "from")

    assert alone == who[3:]
    assert (["http"], 4) == (ports, len(who))


@pytest.mark.parametrize("replicas", [1, 2])
def test_drained_nodes_are_not_blocked(replicas: int) -> None:
    """One pod of a kind may always go, also the only one: a drain of its node comes to an end."""
    things = rendered({"api": {"replicas": replicas}, "worker": {"replicas": replicas}})

    assert ["api", "worker"] == sorted(component(budget) for budget in of_kind(things, "PodDisruptionBudget"))
    for budget in of_kind(things, "PodDisruptionBudget"):
        assert 1 == budget["spec"]["maxUnavailable"]
        assert "minAvailable" not in budget["spec"]


@EVERY
def test_upgrades_take_nobody_away_first(values: dict[str, Any]) -> None:
    """A pod of the next version is ready before one is told to end."""
    for deployment in of_kind(rendered(values), "Deployment"):
        strategy = deployment["spec"]["strategy"]

        assert {"maxSurge": 1, "maxUnavailable": 0} == strategy["rollingUpdate"]


@pytest.mark.parametrize("limit", [None, 0.5, 33.3, 60])
def test_workers_have_time_to_end(limit: float | None) -> None:
    """A worker is not killed before its last request has its answer and that is recorded."""
    settings = {} if limit is None else {"DIALER_CARRIER_TIMEOUT_S": limit}
    spec = named(rendered({"settings": settings}), "Deployment", "worker")["spec"]["template"]["spec"]
    longest = (limit or Settings.model_fields["carrier_timeout_s"].default) + _RECORD_S

    assert longest + 10 <= spec["terminationGracePeriodSeconds"] <= longest + 20


def test_api_has_time_to_end() -> None:
    """It goes on serving until nobody asks it any more, and then ends what is under way."""
    spec = named(rendered({"api": {"preStopSeconds": 7}}), "Deployment", "api")["spec"]["template"]["spec"]

    assert {"sleep": {"seconds": 7}} == spec["containers"][0]["lifecycle"]["preStop"]
    assert spec["terminationGracePeriodSeconds"] >= 7 + SHUTDOWN_S + DRAIN_TIMEOUT_S + 5


def test_scaled_workers_have_one_master() -> None:
    """With autoscaling on, the number of workers is nobody else's to say; off, as it comes, there is no autoscaler."""
    (scaler,) = of_kind(rendered(SCALED), "HorizontalPodAutoscaler")
    workers = named(rendered(SCALED), "Deployment", "worker")

    assert [] == of_kind(rendered({}), "HorizontalPodAutoscaler")
    assert workers["metadata"]["name"] == scaler["spec"]["scaleTargetRef"]["name"]
    assert "replicas" not in workers["spec"]


def test_upgrade_of_the_chart_leaves_redis_alone() -> None:
    """Nothing in Redis' pod names the chart's or the dialer's version: it is not restarted with them."""
    text = str(named(rendered({}), "StatefulSet", "redis")["spec"])

    assert "helm.sh/chart" not in text
    assert "app.kubernetes.io/version" not in text


def test_everything_can_be_left_out() -> None:
    """With all switches off API, workers and what they stand on are left."""
    kinds = [(thing["kind"], component(thing)) for thing in rendered(ALL_OFF)]

    assert sorted(kinds) == [
        ("ConfigMap", "redis"),
        ("Deployment", "api"),
        ("Deployment", "worker"),
        ("PersistentVolumeClaim", "recordings"),
        ("Service", "api"),
        ("Service", "redis"),
        ("StatefulSet", "redis"),
    ]


def test_numbers_are_written_out() -> None:
    """A large number reaches the process as digits."""
    text = rendered_texts(ALL_ON)["dialer/templates/api.yaml"]

    assert '"536870912"' in text
    assert '"2.5"' in text
