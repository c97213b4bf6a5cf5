"""What the chart's pods may do, that no secret stands in it, and that nobody is taken away too soon."""

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
    MATRIX,
    S3,
    SCALED,
    component,
    containers,
    merged,
    named,
    of_kind,
    pods,
    rendered,
    rendered_texts,
    secret_files,
)

EVERY = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
WITHOUT_THE_NODE = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}
"""Volumes that a namespace of the standard `restricted` takes."""
NOT_OURS = {"REDIS_PASSWORD", "REDISCLI_AUTH", "AWS_ENDPOINT_URL", "AWS_REGION", "OTEL_SERVICE_NAME"}
SECRETS = {
    environment_name(name) for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)
}


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
        for volume in spec["volumes"]:
            assert volume.keys() - {"name"} <= WITHOUT_THE_NODE, name


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
    """The chart renders no Secret; the dialer's are files, none is a variable, and Redis' password is a reference."""
    things = rendered(values)

    assert [] == of_kind(things, "Secret")
    for name, container in containers(things):
        assert not SECRETS & {variable["name"] for variable in container.get("env", ())}, name
        for variable in container.get("env", ()):
            if re.search("PASSWORD|ACCESS_KEY", variable["name"]):
                assert ["secretKeyRef"] == list(variable["valueFrom"]), name


def test_secrets_are_files_of_whoever_needs_them() -> None:
    """Each is a file by the name of its variable; the administrator's key is not given to workers."""
    things = rendered(ALL_ON)
    given = {component(pod): secret_files(pod) for _, pod in pods(things) if component(pod) != "redis"}
    key, signature = "DIALER_API_KEY", ("dialer", "s")

    assert {"api": ("other", "k"), "worker": None, "migration": None, "test": ("other", "k")} == {
        kind: files.get(key) for kind, files in given.items()
    }
    assert {signature} == {files["DIALER_SIGNATURE_SECRET"] for files in given.values()}
    assert {"DIALER_WEBHOOK_SECRET", "DIALER_ERASURE_SECRET", "DIALER_CARRIER_CLIENT_SECRET"} <= given["worker"].keys()


def test_credentials_of_a_bucket_are_variables() -> None:
    """What reads them is a library that knows no files."""
    things = rendered(merged(S3, {"secrets": {"variables": {"AWS_ACCESS_KEY_ID": "aws"}}}))
    (variable,) = [
        one
        for one in named(things, "Deployment", "worker")["spec"]["template"]["spec"]["containers"][0]["env"]
        if one["name"] == "AWS_ACCESS_KEY_ID"
    ]

    assert {"secretKeyRef": {"name": "dialer", "key": "aws"}} == variable["valueFrom"]
    assert "AWS_ACCESS_KEY_ID" not in secret_files(named(things, "Deployment", "worker")["spec"]["template"])


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
    """It serves on, no longer ready, until nobody asks it any more, and then ends what is under way."""
    spec = named(rendered({"api": {"graceSeconds": 7}}), "Deployment", "api")["spec"]["template"]["spec"]

    assert {"name": "DIALER_API_GRACE_S", "value": "7"} in spec["containers"][0]["env"]
    assert spec["terminationGracePeriodSeconds"] >= 7 + SHUTDOWN_S + DRAIN_TIMEOUT_S + 5


def test_scaled_workers_have_one_master() -> None:
    """With autoscaling on, the number of workers is nobody else's to say; off, as it comes, there is no autoscaler."""
    (scaler,) = of_kind(rendered(SCALED), "HorizontalPodAutoscaler")
    workers = named(rendered(SCALED), "Deployment", "worker")

    assert [] == of_kind(rendered({}), "HorizontalPodAutoscaler")
    assert workers["metadata"]["name"] == scaler["spec"]["scaleTargetRef"]["name"]
    assert "replicas" not in workers["spec"]


def test_migration_follows_an_upgrade() -> None:
    """Where it is wanted, it runs behind the new release, and again if it was ended; else there is none."""
    job = named(rendered({"migration": {"enabled": True}}), "Job", "migration")

    assert [] == of_kind(rendered({}), "Job")
    assert "post-upgrade" == job["metadata"]["annotations"]["helm.sh/hook"]
    assert ["migrate"] == job["spec"]["template"]["spec"]["containers"][0]["args"]


def test_existing_redis_is_reached_as_told() -> None:
    """Address, user and certificates of a Redis with sentinels over TLS reach the settings; passwords are files."""
    pod = named(rendered(EXISTING_REDIS), "Deployment", "worker")["spec"]["template"]
    env = {one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}

    assert EXISTING_REDIS["redis"]["existing"]["url"] == env["DIALER_REDIS_URL"]
    assert ["/etc/redis-tls/ca.crt", "/etc/redis-tls/tls.crt", "/etc/redis-tls/tls.key"] == [
        env[f"DIALER_REDIS_{which}_FILE"] for which in ("CA", "CERT", "KEY")
    ]
    assert {"DIALER_REDIS_PASSWORD", "DIALER_REDIS_SENTINEL_PASSWORD"} <= secret_files(pod).keys()
    assert {"name": "redis-tls", "secret": {"secretName": "redis-tls", "defaultMode": 0o440}} in pod["spec"]["volumes"]


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
