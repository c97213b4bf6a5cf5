"""The Compose file and what it mounts: closed on all sides, complete, and true to the settings."""

from __future__ import annotations

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from dialer.cli.simulate import stand_in_environment
from dialer.cli.stack import _API_GRACE_S, _WORKER_GRACE_S
from dialer.settings import Settings, environment_name, load_settings
from grafana.board import TEXTS
from tests.fakes.compose import COMPOSE, FOLDER, ROOT, compose, mounts, services, variables, variables_of
from tests.fakes.programs import program
from tests.fakes.redis_server import redis_server

PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
DASHBOARDS = sorted((ROOT / "grafana").glob("*.json"))
KNOWN = {environment_name(name) for name in Settings.model_fields}
OURS = ("api", "worker")
EXAMPLE, STAND_IN = FOLDER / ".env.example", FOLDER / "stand-in.env"


def seconds(text: str) -> int:
    """A duration as Compose writes it."""
    return int(text[:-1]) * {"s": 1, "m": 60}[text[-1]]


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """A folder of secrets, newly made."""
    subprocess.run(["sh", FOLDER / "new-secrets", tmp_path / "secrets"], check=True, capture_output=True)  # noqa: S603, S607
    return tmp_path / "secrets"


def test_file_is_as_the_specification_has_it() -> None:
    """The schema of the Compose specification, which refuses a misspelt field."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    said = subprocess.run(check, capture_output=True, text=True, check=False)  # noqa: S603 - our own file

    assert 0 == said.returncode, said.stdout


@pytest.mark.parametrize("env_file", [EXAMPLE, STAND_IN])
def test_compose_itself_takes_it(env_file: Path, tmp_path: Path, secrets: Path) -> None:
    """Where Compose is installed, it finds nothing missing."""
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not on PATH")  # Debian 12 has none that reads the file
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    shutil.copytree(secrets, tmp_path / "deploy" / "container" / "secrets")
    shutil.copy(EXAMPLE, tmp_path / "deploy" / "container" / ".env")
    file = tmp_path / "deploy" / "container" / COMPOSE.name
    command = ["docker-compose", "--file", str(file), "--env-file", str(env_file), "config", "--quiet"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own file

    assert (0, "") == (said.returncode, said.stderr)


@pytest.mark.parametrize("name", services())
def test_service_is_closed(name: str) -> None:
    """It writes to its volumes and /tmp alone, has no rights of root, comes back, is bounded, and keeps few logs."""
    service = services()[name]

    assert service["read_only"] is True
    assert ["ALL"] == service["cap_drop"]
    assert [] == service.get("cap_add", [])
    assert ["no-new-privileges:true"] == service["security_opt"]
    assert not service.get("privileged", False)
    assert "unless-stopped" == service["restart"]
    assert {"cpus", "memory", "pids"} == service["deploy"]["resources"]["limits"].keys()
    assert 10 <= seconds(service["stop_grace_period"])
    assert {"max-size", "max-file"} == service["logging"]["options"].keys()
    assert any(path.split(":")[0] == "/tmp" for path in service["tmpfs"])  # noqa: S108 - a mount of its own


@pytest.mark.parametrize("name", services())
def test_service_is_not_root(name: str) -> None:
    """Our own image has its user, every other is given one by number."""
    service = services()[name]
    user = service.get("user", "")

    assert ("build" in service) == (user == "")
    assert "build" in service or re.fullmatch(r"[1-9][0-9]*:[0-9]+", user)


@pytest.mark.parametrize("name", services())
def test_service_tells_its_health(name: str) -> None:
    """By a check of its own, or by that of our image."""
    own = services()[name].get("healthcheck", {})

    assert own.get("test") or name in OURS
    assert not own or {"interval", "timeout", "retries", "start_period"} <= own.keys()


@pytest.mark.parametrize("name", services())
def test_ports_are_this_machine_s_only(name: str) -> None:
    """Nothing is reached from outside unless somebody says so; Redis not even from this machine."""
    ports = services()[name].get("ports", [])

    assert [] == [port for port in ports if not str(port).startswith("127.0.0.1:")]
    assert bool(ports) == (name in {"api", "prometheus", "grafana", "tls"})


def test_only_who_dials_reaches_redis() -> None:
    """It stands in a network without a way out, with the API and the workers."""
    inside = {name for name, service in services().items() if "store" in service.get("networks", [])}

    assert {"redis", *OURS} == inside
    assert ["store"] == services()["redis"]["networks"]
    assert {"internal": True} == compose()["networks"]["store"]


def test_nobody_is_killed_while_it_ends() -> None:
    """A worker may take its longest time limit and what follows it, the API its own, Redis that of a slow disk."""
    (limit,) = (m.le for m in Settings.model_fields["carrier_timeout_s"].metadata if hasattr(m, "le"))

    assert limit + _WORKER_GRACE_S < seconds(services()["worker"]["stop_grace_period"])
    grace = float(variables_of(EXAMPLE)["DIALER_API_GRACE_S"])
    assert _API_GRACE_S + grace < seconds(services()["api"]["stop_grace_period"])
    assert 60 <= seconds(services()["redis"]["stop_grace_period"])


def test_two_workers_wait_for_redis() -> None:
    """Nobody starts before it has read its append-only file."""
    assert 2 == services()["worker"]["deploy"]["replicas"]
    assert ["service_healthy"] * 2 == [services()[name]["depends_on"]["redis"]["condition"] for name in OURS]


@pytest.mark.parametrize("name", services())
def test_mounted_files_are_there(name: str) -> None:
    """Docker makes a folder of each that is not; a volume is declared."""
    sources = mounts(name).values()
    given = {FOLDER / "certificates"}  # by who runs it
    missing = [path for path in sources if isinstance(path, Path) and path not in given and not path.exists()]

    assert [] == missing
    assert set() == {source for source in sources if isinstance(source, str)} - compose()["volumes"].keys()


@pytest.mark.parametrize("name", OURS)
def test_secrets_are_settings(name: str) -> None:
    """Each has the name of a variable, is declared, and stands in the folder of secrets."""
    mounted = services()[name]["secrets"]

    assert set() == {secret.upper() for secret in mounted} - KNOWN
    assert [] == [s for s in mounted if compose()["secrets"][s]["file"] != f"./secrets/{s}"]
    assert "dialer_webhook_secret" in mounted
    assert ("dialer_api_key" in mounted) == (name == "api")


def test_new_secrets_are_all_there(secrets: Path) -> None:
    """Every file that is mounted, in a folder that only its owner enters."""
    assert compose()["secrets"].keys() == {file.name for file in secrets.iterdir()}
    assert 0o700 == stat.S_IMODE(secrets.stat().st_mode)
    assert {0o644} == {stat.S_IMODE(file.stat().st_mode) for file in secrets.iterdir()}


def test_new_secrets_are_settings_that_can_be_used(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialer takes them as they are; what the carrier gives is still to be filled in."""
    monkeypatch.setenv("DIALER_SECRETS_DIR", str(secrets))
    settings = load_settings()
    settings.require("redis_url", "api_key", "webhook_secret", "erasure_secret", "callback_secret")

    assert settings.carrier_client_secret is None
    assert settings.signature_secret is None


def test_secrets_are_made_once(secrets: Path) -> None:
    """A second run changes none, and makes Redis' users again so that they fit."""
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    (secrets / "redis_users").write_text("of an earlier release")
    subprocess.run(["sh", FOLDER / "new-secrets", secrets], check=True, capture_output=True)  # noqa: S603, S607

    assert before == {file.name: file.read_text() for file in secrets.iterdir()}


def test_redis_knows_its_users(secrets: Path) -> None:
    """The dialer for what it does (deploy/redis/users.acl), the health check for a ping, and nobody else."""
    (address,) = (secrets / "dialer_redis_url").read_text().split()
    password = address.split(":")[2].split("@")[0]
    default, *users = (secrets / "redis_users").read_text().splitlines()

    assert "user default off" == default
    with redis_server("--appendonly", "no") as url:
        with Redis.from_url(url) as anybody:
            for user in users:
                anybody.execute_command("ACL", "SETUSER", *user.split()[1:])
        with Redis.from_url(url, username="dialer", password=password) as dialer:
            assert dialer.set("{dialer}:key", "value")
            with pytest.raises(NoPermissionError):
                dialer.flushall()
        with Redis.from_url(url, username="health", password="none") as health:
            assert health.ping()
            with pytest.raises(NoPermissionError):
                health.get("{dialer}:key")
        with Redis.from_url(url, username="dialer", password="another") as nobody, pytest.raises(AuthenticationError):
            nobody.ping()


def test_example_names_every_variable() -> None:
    """Those of the file, each with its default, but for images and what stand-in.env alone has; and real settings."""
    given = variables_of(EXAMPLE)
    ours = {name for name in given if name.startswith("DIALER_")}
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE.read_text("utf-8")))
    left_out = {name for name in variables() if name.endswith("_IMAGE")} | {"ENV_FILE"}

    assert set() == ours - KNOWN
    assert variables() - left_out == given.keys() - ours - {"COMPOSE_PROFILES"}
    assert [] == [name for name in variables() - left_out if given[name] != defaults[name] and name != "EXTRAS"]


def test_example_and_secrets_are_all_that_is_needed(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filled in, they make a fleet that dials."""
    monkeypatch.setenv("DIALER_SECRETS_DIR", str(secrets))
    (secrets / "dialer_carrier_client_secret").write_text("given by the carrier\n")
    for name, value in variables_of(EXAMPLE).items():
        monkeypatch.setenv(name, value or ("+31201234567" if name == "DIALER_FROM_NUMBER" else ""))
    for name in ("DIALER_CARRIER_CLIENT_ID", "DIALER_CARRIER_APPLICATION_ID"):
        assert "" == variables_of(EXAMPLE)[name]
        monkeypatch.setenv(name, "given")

    load_settings().require(
        "redis_url", "api_key", "webhook_secret", "public_url", "carrier_client_id", "carrier_client_secret",
        "carrier_application_id", "from_number",
    )  # fmt: skip


def test_stand_in_is_dialed_and_nothing_else() -> None:
    """Its file points every carrier setting at the stand-in, in a project with calls and secrets of its own."""
    given = variables_of(STAND_IN)
    origin = "http://stand-in:8090"
    command = services()["stand-in"]["command"]

    assert set() == {name for name in given if name.startswith("DIALER_")} - KNOWN
    assert stand_in_environment(origin).items() <= given.items()
    assert "http://api:8080" == given["DIALER_PUBLIC_URL"]
    assert ("stand-in", STAND_IN.name) == (given["COMPOSE_PROFILES"], given["ENV_FILE"])
    assert compose()["name"] != given["COMPOSE_PROJECT_NAME"]
    assert "./secrets" != given["SECRETS"]
    assert f"recording_origin={origin}" in command


def test_proxy_finds_where_the_api_stands_in_its_configuration() -> None:
    """The one place that its start-up script fills in is there, once, and what it takes away is the list of APIs."""
    script = (FOLDER / "proxy").read_text("utf-8")
    (api,) = re.findall(r"^api=(.+)$", script, re.MULTILINE)

    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8")

    assert 1 == text.count(f"proxy_pass {api};") == text.count(f"\nupstream {api.removeprefix('http://')} {{\n")
    assert f"{api.removeprefix('http://')} {{/,/^}}/d" in script
    assert "proxy_pass http://$api:8080;" in script


def test_prometheus_asks_every_process() -> None:
    """By the names of their services and the ports of the image."""
    asked = yaml.safe_load((FOLDER / "prometheus.yml").read_text("utf-8"))["scrape_configs"]
    image = (FOLDER / "Containerfile").read_text("utf-8")
    ports = dict(re.findall(r"(DIALER_(?:PORT|WORKER_METRICS_PORT))=(\d+)", image))
    found = {job["job_name"]: (job["dns_sd_configs"][0]["names"], job["dns_sd_configs"][0]["port"]) for job in asked}

    assert {
        "dialer-api": (["api"], int(ports["DIALER_PORT"])),
        "dialer-worker": (["worker"], int(ports["DIALER_WORKER_METRICS_PORT"])),
    } == found


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    """With the files that it mounts beside each other, rules and all, by its own checker."""
    for inside, source in mounts("prometheus").items():
        if isinstance(source, Path):
            shutil.copy(source, tmp_path / Path(inside).name)
    check = [program("promtool"), "check", "config", str(tmp_path / "prometheus.yml")]
    said = subprocess.run(check, capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH, our own file

    assert 0 == said.returncode, said.stderr
    assert re.search(r"SUCCESS: [1-9][0-9]* rules found", said.stdout)


def provisioned(kind: str) -> dict[str, Any]:
    """Grafana's provisioning of one kind, from the one file that there is."""
    (file,) = (PROVISIONING / kind).glob("*.yaml")
    loaded: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return loaded


def test_grafana_finds_its_dashboards() -> None:
    """The folder of the dashboards is mounted where it looks for them, and the texts where their links lead."""
    (provider,) = provisioned("dashboards")["providers"]
    mounted = mounts("grafana")

    assert DASHBOARDS
    assert ROOT / "grafana" == mounted[provider["options"]["path"]]
    texts = {mounted[f"/usr/share/grafana{address}"] for address, _ in TEXTS.values()}
    assert {ROOT / "deploy/README.md", ROOT / "deploy/alerts.md"} == texts
    assert PROVISIONING == mounted["/etc/grafana/provisioning"]


def test_grafana_asks_prometheus() -> None:
    """The source of data is the service of that name, and the one that is asked by default."""
    (source,) = provisioned("datasources")["datasources"]
    (variable,) = re.findall(r"\$\{(\w+)\}", source["url"])

    assert "http://prometheus:9090" == services()["grafana"]["environment"][variable]
    assert ("prometheus", True) == (source["type"], source["isDefault"])


@pytest.mark.parametrize("file", DASHBOARDS, ids=[file.stem for file in DASHBOARDS])
def test_dashboard_asks_a_source_that_is_there(file: Path) -> None:
    """Each panel asks the one that is provisioned, or the one chosen on the page among those of its type."""
    (source,) = provisioned("datasources")["datasources"]
    text = file.read_text("utf-8")
    choices = [v for v in json.loads(text)["templating"]["list"] if v["type"] == "datasource"]
    there = {source["uid"], "-- Grafana --", *(f"${{{v['name']}}}" for v in choices if v["query"] == source["type"])}
    asked = re.findall(r'"datasource": \{[^{}]*"uid": "([^"]+)"', text)

    assert asked
    assert set() == set(asked) - there
