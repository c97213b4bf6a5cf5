"""What the published specifications say about a request: KPN's as a table of facts, Vonage's as it was published.

Vonage's has faults of its own, amended here; each amendment says why. Whatever the specifications forbid beyond these,
our requests must not do.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # likewise
from openapi_schema_validator import OAS30Validator

from tests.fakes.kpn_gateway import Arrival

DATA = Path(__file__).parents[1] / "data"
FACTS: dict[str, dict[str, Any]] = json.loads((DATA / "kpn-facts.json").read_text())["operations"]
_BASE = "/nexmo"
_BODIES = {
    "createCall": ("CreateCallRequestAnswerUrl",),
    "updateCall": tuple(
        f"UpdateCallRequest{each}"
        for each in ("Hangup", "Mute", "Unmute", "Earmuff", "Unearmuff", "TransferAnswerUrl", "TransferNcco")
    ),
    "startStream": ("StartStreamRequest",),
    "startTalk": ("StartTalkRequest",),
    "startDTMF": ("DTMFRequest",),
}
"""What Vonage's specification calls the bodies of KPN's operations; the others have none."""
_ENDPOINTS = {"phone": "EndpointPhoneTo", "sip": "EndpointSip", "websocket": "EndpointWebsocket"}


def _amended() -> dict[str, Any]:
    components: dict[str, Any] = yaml.safe_load((DATA / "vonage-openapi/voice.yml").read_text())["components"]
    schemas = copy.deepcopy(components["schemas"])
    # A phone is a SIP address as well to this schema, so its `oneOf` is never met: each is checked by its own below.
    schemas["CreateCallRequestBase"]["properties"]["to"]["items"] = {}
    # The word for unmuting is misspelt as that for muting.
    schemas["UpdateCallRequestUnmute"]["properties"]["action"]["enum"] = ["unmute"]
    return {"schemas": schemas}


_COMPONENTS = _amended()


def operation_of(arrival: Arrival) -> str:
    """The operation of KPN's specification that a request is; it must be exactly one."""
    path = arrival.path.partition("?")[0].removeprefix(_BASE)
    (name,) = [
        name
        for name, facts in FACTS.items()
        if facts["method"] == arrival.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", facts["path"]), path)
    ]
    return name


def problems_for_kpn(arrival: Arrival) -> list[str]:
    """What KPN's specification has against a request; empty when all is well."""
    facts = FACTS[operation_of(arrival)]
    found = [*_errors(facts["query"], arrival.query), *_errors(facts["body"], arrival.body)]
    if facts["of_application"] != ("ApplicationId" in arrival.headers):
        found.append("ApplicationId")
    return found


def problems_of_arrival(arrival: Arrival) -> list[str]:
    """What Vonage's specification has against a request; recordings' tokens are KPN's own. Empty when all is well."""
    operation = operation_of(arrival)
    if operation in {"createApplication", "updateApplication"}:
        return problems_with_form(arrival.method.lower(), arrival.body or arrival.query)
    unknown = [f"no parameter {name}" for name in arrival.query if name not in _PARAMETERS.get(operation, ())]
    if operation not in _BODIES:
        return unknown if arrival.body is None else [*unknown, "a body"]
    return unknown + min((problems_for_vonage(schema, arrival.body) for schema in _BODIES[operation]), key=len)


def problems_for_vonage(schema: str, body: Any) -> list[str]:
    """What Vonage's specification has against a body; empty when all is well."""
    validator = OAS30Validator({"allOf": [{"$ref": f"#/components/schemas/{schema}"}], "components": _COMPONENTS})
    found = [error.message for error in validator.iter_errors(body)]
    for endpoint in body.get("to", []):
        found += problems_for_vonage(_ENDPOINTS[endpoint["type"]], endpoint)
    return found


def problems_with_form(method: str, form: dict[str, str]) -> list[str]:
    """What Vonage's specification has against the form of an application; its credentials are the gateway's affair."""
    paths = yaml.safe_load((DATA / "vonage-openapi/application.yml").read_text())["paths"]
    path = {"post": "/", "put": "/{app_id}"}[method]
    schema = paths[path][method]["requestBody"]["content"]["application/json"]["schema"]
    schema["required"] = [name for name in schema["required"] if not name.startswith("api_")]
    own = {name: facts for name, facts in schema["properties"].items() if not name.startswith("api_")}
    return _errors(schema | {"properties": own, "additionalProperties": False}, form)


def _parameters() -> dict[str, set[str]]:
    listed = yaml.safe_load((DATA / "vonage-openapi/voice.yml").read_text())["paths"]["/"]["get"]["parameters"]
    pages = {"page_size", "page_index"}  # of applications: version 1 describes them in words only
    return {"getCalls": {each["name"] for each in listed}, "getApplications": pages}


_PARAMETERS = _parameters()


def _errors(schema: dict[str, Any], value: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(schema).iter_errors(value)]
