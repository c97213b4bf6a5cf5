"""What the chart's schema says of settings is made from the code; run this file as a module to write it anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from dialer.settings import CARRIER_FIELDS, TRUNK_FIELDS, Settings, environment_name, load_settings
from tests.fakes.chart import CHART, MATRIX, component, pods, rendered
from tests.fakes.kubelet import Node

ANYTHING = "a secret of the chart's tests"
RUN = "run: python -m tests.unit.deploy.test_chart_settings"
SCHEMA = CHART / "values.schema.json"

_BY_THE_CHART = {
    "api_grace_s",
    "data_dir",
    "host",
    "port",
    "public_url",
    "recordings_url",
    "redis_ca_file",
    "redis_cert_file",
    "redis_key_file",
    "redis_url",
    "secrets_dir",
    "worker_metrics_port",
}
"""What it sets itself, so that ports, volumes and addresses fit each other."""
_AS_SECRETS_TOO = {"carrier_client_id", "carrier_application_id", "from_number"}
_SECRETS = {name for name, field in Settings.model_fields.items() if SecretStr.__name__ in str(field.annotation)}
_TOLD = ("type", "enum", "minimum", "maximum", "exclusiveMinimum", "minLength", "pattern")
_REFERENCE = {"$ref": "#/definitions/reference"}


def definitions() -> dict[str, Any]:
    """The two parts of the schema that name variables."""
    fields = Settings.model_json_schema()["properties"]
    open_ones = [name for name in fields if name not in _SECRETS | _BY_THE_CHART]
    of_trunks = {f"^DIALER_TRUNK_[A-Z][A-Z0-9]*_{name.upper()}$": name for name in TRUNK_FIELDS}
    settings = {
        "type": "object",
        "additionalProperties": False,
        "properties": {environment_name(name): _told(fields[name]) for name in open_ones},
        "patternProperties": {
            **{pattern: _told(fields[name]) for pattern, name in of_trunks.items() if name not in _SECRETS},
            "^OTEL_[A-Z_]+$": {"type": ["string", "number", "boolean"]},
        },
    }
    secrets = {
        "type": "object",
        "additionalProperties": False,
        "properties": {environment_name(name): _REFERENCE for name in fields if name in _SECRETS | _AS_SECRETS_TOO},
        "patternProperties": {
            **{pattern: _REFERENCE for pattern, name in of_trunks.items() if name in _SECRETS | _AS_SECRETS_TOO},
            "^(AWS|OTEL)_[A-Z_]+$": _REFERENCE,
        },
    }
    return {"settings": settings, "secretVariables": secrets}


def _told(field: dict[str, Any]) -> dict[str, Any]:
    """What may be written for a field; lists and mappings are written as text."""
    kind = next((one for one in field.get("anyOf", [field]) if one.get("type") != "null"), field)
    return {key: kind[key] for key in _TOLD if key in kind} if _is_plain(kind) else {"type": "string"}


def _is_plain(kind: dict[str, Any]) -> bool:
    return kind.get("type") not in {"array", "object"}


def test_schema_knows_every_setting() -> None:
    """A setting that a process reads can be given, within its bounds; what no process reads cannot."""
    schema = json.loads(SCHEMA.read_text("utf-8"))

    assert definitions() == {name: schema["definitions"].get(name) for name in definitions()}, RUN


@pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())
def test_settings_of_every_pod_are_usable(
    values: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What API, workers, migration and test are given is read without a fault, and nothing they need is missing."""
    things = rendered(values)
    certificates = dict.fromkeys((("redis-tls", key) for key in ("ca.crt", "tls.crt", "tls.key")), ANYTHING)
    node = Node(things, tmp_path, Anything(certificates))
    for kind in {component(pod) for _, pod in pods(things)} - {"redis"}:
        pod = node.pod(kind)
        with monkeypatch.context() as patched:
            for name in Settings.model_fields:
                patched.delenv(environment_name(name), raising=False)
            for name, value in pod.environment(pod.container).items():
                patched.setenv(name, value)
            settings = load_settings()

        assert settings.redis_address.password == ANYTHING
        settings.require("public_url", "webhook_secret", *CARRIER_FIELDS, *(["api_key"] if kind == "api" else []))


class Anything(dict[tuple[str, str], str]):
    """Secrets of every name and key."""

    def __missing__(self, key: tuple[str, str]) -> str:
        """The same for all."""
        return ANYTHING


if __name__ == "__main__":
    schema = json.loads(SCHEMA.read_text("utf-8"))
    schema["definitions"] |= definitions()
    SCHEMA.write_text(json.dumps(schema, indent=2) + "\n", "utf-8")
