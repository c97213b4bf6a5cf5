"""What the chart's schema says of settings is made from the code; run this file as a module to write it anew."""

from __future__ import annotations

import json
from typing import Any

from pydantic import SecretStr

from dialer.settings import TRUNK_FIELDS, Settings, environment_name
from tests.fakes.chart import CHART

RUN = "run: python -m tests.unit.deploy.test_chart_settings"
SCHEMA = CHART / "values.schema.json"

_BY_THE_CHART = {"data_dir", "host", "port", "public_url", "recordings_url", "redis_url", "worker_metrics_port"}
"""What it sets itself, so that ports, volumes and addresses fit each other."""
_AS_SECRETS_TOO = {"carrier_client_id", "carrier_application_id", "from_number", "redis_url"}
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
            pattern: _told(fields[name]) for pattern, name in of_trunks.items() if name not in _SECRETS
        },
    }
    secrets = {
        "type": "object",
        "additionalProperties": False,
        "properties": {environment_name(name): _REFERENCE for name in fields if name in _SECRETS | _AS_SECRETS_TOO},
        "patternProperties": {
            **{pattern: _REFERENCE for pattern, name in of_trunks.items() if name in _SECRETS | _AS_SECRETS_TOO},
            "^AWS_[A-Z_]+$": _REFERENCE,
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


if __name__ == "__main__":
    schema = json.loads(SCHEMA.read_text("utf-8"))
    schema["definitions"] |= definitions()
    SCHEMA.write_text(json.dumps(schema, indent=2) + "\n", "utf-8")
