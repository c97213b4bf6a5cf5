"""What the published specifications say about an answer: KPN's as a table of facts, Vonage's as it was published.

Vonage's names no field as required and forbids none; here an answer has no field that it does not name. What is known
to be missing or wrong in it is amended, and each amendment says why.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # likewise
from openapi_schema_validator import OAS30Validator

from tests.fakes.kpn_schemas import DATA, FACTS

Schema = dict[str, Any]
_SHAPES: Schema = json.loads((DATA / "kpn-facts.json").read_text())["shapes"]
_OPERATIONS = {
    "createCall": ("voice", "post", "/"),
    "getCalls": ("voice", "get", "/"),
    "getCall": ("voice", "get", "/{uuid}"),
    "updateCall": ("voice", "put", "/{uuid}"),
    "startStream": ("voice", "put", "/{uuid}/stream"),
    "stopStream": ("voice", "delete", "/{uuid}/stream"),
    "startTalk": ("voice", "put", "/{uuid}/talk"),
    "stopTalk": ("voice", "delete", "/{uuid}/talk"),
    "startDTMF": ("voice", "put", "/{uuid}/dtmf"),
    "createApplication": ("application", "post", "/"),
    "getApplications": ("application", "get", "/"),
    "getApplication": ("application", "get", "/{app_id}"),
    "updateApplication": ("application", "put", "/{app_id}"),
    "deleteApplication": ("application", "delete", "/{app_id}"),
}
"""KPN's operations at Vonage; tokens for recordings are KPN's own."""


def problems_for_kpn(operation: str, status: int, body: Any) -> list[str]:
    """What KPN's specification has against an answer to a success; empty when all is well."""
    answer = FACTS[operation]["answer"]
    validator = Draft202012Validator({"allOf": [answer["body"]], "shapes": _SHAPES})
    found = [error.message for error in validator.iter_errors(body)]
    return found if status == answer["status"] else [*found, f"status {status}"]


def problems_for_vonage(operation: str, status: int, body: Any) -> list[str]:
    """What Vonage's specification has against it."""
    document, method, path = _OPERATIONS[operation]
    answers = _DOCUMENTS[document]["paths"][path][method]["responses"]
    if str(status) not in answers:
        return [f"status {status}"]
    content = answers[str(status)].get("content")
    if content is None:
        return [] if body is None else ["a body"]
    schema = {"allOf": [content["application/json"]["schema"]], "components": _DOCUMENTS[document]["components"]}
    return [error.message for error in OAS30Validator(schema).iter_errors(body)]


def _closed(schema: Any) -> Any:
    """The same schema with no other fields than those it names."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    return closed | ({"additionalProperties": False} if isinstance(schema.get("properties"), dict) else {})


def _voice() -> Schema:
    document: Schema = yaml.safe_load((DATA / "vonage-openapi/voice.yml").read_text())
    schemas = document["components"]["schemas"]
    links = schemas["GetCallsResponse"]["properties"]["_links"]["properties"]
    # A page also names the next one (the SDKs follow it).
    links["next"] = copy.deepcopy(links["self"])
    # KPN's specification, and the supplier's SDK for PHP, have arrays.
    for name in ("to", "from"):
        one = _closed(schemas[name])
        schemas[name] = {"oneOf": [one, {"type": "array", "items": one}]}
    return _with_closed_components(document)


def _application() -> Schema:
    document: Schema = yaml.safe_load((DATA / "vonage-openapi/application.yml").read_text())
    schemas = document["components"]["schemas"]
    # KPN sells voice alone.
    schemas["application"]["required"].remove("messages")
    # "A series of links" is written as one; the examples of both specifications have `self`, and pages `next`.
    link = {"properties": schemas["links"]["properties"]}
    schemas["links"]["properties"] = {"self": link, "next": link}
    # The answer to a creation is all of an application, which an answer without other fields cannot say by `allOf`.
    schemas["applicationCreated"] = schemas["application"]
    return _with_closed_components(document)


def _with_closed_components(document: Schema) -> Schema:
    schemas = {name: _closed(schema) for name, schema in document["components"]["schemas"].items()}
    return document | {"components": {"schemas": schemas}}


_DOCUMENTS: dict[str, Schema] = {"voice": _voice(), "application": _application()}
