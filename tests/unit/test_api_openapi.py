"""The OpenAPI document is complete and says what the routes declare."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

from dialer.api.app import ROUTES
from dialer.api.links import GIVES
from dialer.api.openapi import openapi_document
from dialer.api.routing import Route

DOCUMENT = openapi_document(ROUTES)
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
PROMISED = {
    "POST /v1/campaigns",
    "GET /v1/campaigns",
    "GET /v1/campaigns/{campaign_id}",
    "POST /v1/campaigns/{campaign_id}/calls",
    "GET /v1/campaigns/{campaign_id}/calls",
    "POST /v1/campaigns/{campaign_id}/start",
    "POST /v1/campaigns/{campaign_id}/pause",
    "POST /v1/campaigns/{campaign_id}/resume",
    "POST /v1/campaigns/{campaign_id}/cancel",
    "GET /v1/campaigns/{campaign_id}/results",
    "POST /v1/escalations",
    "GET /v1/escalations",
    "GET /v1/escalations/{escalation_id}",
    "POST /v1/escalations/{escalation_id}/end",
    "POST /v1/escalations/{escalation_id}/confirm",
    "POST /v1/campaigns/{campaign_id}/forecast",
    "POST /v1/forecasts",
    "POST /v1/forecasts/list",
    "GET /v1/campaigns/{campaign_id}/forecast",
    "POST /v1/conferences",
    "GET /v1/conferences",
    "GET /v1/conferences/{conference_id}",
    "POST /v1/conferences/{conference_id}/end",
    "POST /v1/conferences/{conference_id}/members",
    "POST /v1/conferences/{conference_id}/members/{call_id}/mute",
    "POST /v1/conferences/{conference_id}/members/{call_id}/unmute",
    "POST /v1/conferences/{conference_id}/members/{call_id}/drop",
    "POST /v1/conferences/{conference_id}/members/{call_id}/call-again",
    "POST /v1/calls",
    "GET /v1/calls/{call_id}",
    "GET /v1/recordings",
    "GET /v1/recordings/{recording_id}",
    "GET /v1/recordings/{recording_id}/audio",
    "DELETE /v1/recordings/{recording_id}",
    "GET /v1/suppressions",
    "POST /v1/suppressions/add",
    "POST /v1/suppressions/remove",
    "POST /v1/suppressions/check",
    "GET /v1/suppressions/export",
    "POST /v1/suppressions/import",
    "GET /v1/suppression-lists",
    "DELETE /v1/suppression-lists/{name}",
    "POST /v1/numbers/find",
    "POST /v1/numbers/erase",
    "GET /v1/erasures/{erasure_id}",
    "POST /v1/erasure-proofs/check",
    "POST /v1/imports/preview",
    "GET /v1/campaigns/{campaign_id}/imports/{import_id}",
    "GET /v1/campaigns/{campaign_id}/imports/{import_id}/rejected",
    "GET /v1/voices",
    "GET /v1/events",
    "GET /v1/applications",
    "POST /v1/applications",
    "GET /v1/applications/{application_id}",
    "PUT /v1/applications/{application_id}",
    "DELETE /v1/applications/{application_id}",
    "GET /webhooks/{token}/answer",
    "POST /webhooks/{token}/answer",
    "GET /webhooks/{token}/event",
    "POST /webhooks/{token}/event",
    "GET /webhooks/probe/{nonce}",
    "POST /webhooks/probe/{nonce}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /metrics/targets",
    "GET /openapi.json",
}


def _refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        return {node["$ref"]} if "$ref" in node else {ref for value in node.values() for ref in _refs(value)}
    return {ref for value in node for ref in _refs(value)} if isinstance(node, list) else set()


def test_document_is_valid() -> None:
    """It is OpenAPI 3.1."""
    validate(DOCUMENT)


def test_every_promised_endpoint_is_there() -> None:
    """Exactly the promised endpoints are documented."""
    assert set(OPERATIONS) >= PROMISED


def test_every_reference_leads_somewhere() -> None:
    """No schema is missing and none is left over."""
    names = {f"#/components/{kind}/{name}" for kind in ("schemas", "headers") for name in DOCUMENT["components"][kind]}
    used = _refs(DOCUMENT)

    assert names == used


def test_operation_ids_are_unique() -> None:
    """Generated clients get one function for each operation."""
    assert len(OPERATIONS) == len({operation["operationId"] for operation in OPERATIONS.values()})


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_operation_is_described(name: str) -> None:
    """Each operation has a summary, a success, its errors, and says whether it needs the key."""
    operation = OPERATIONS[name]
    secured = operation.get("security", DOCUMENT["security"])

    assert operation["summary"]
    assert any(status < "300" for status in operation["responses"])
    assert "500" in operation["responses"]
    assert ("/v1" in name) is bool(secured)


@pytest.mark.parametrize("name", sorted(name for name in OPERATIONS if name.startswith("POST /v1")))
def test_body_errors_are_documented(name: str) -> None:
    """Whoever sends a body learns what can be wrong with it."""
    assert {"400", "401", "408", "413", "415", "422"} <= set(OPERATIONS[name]["responses"])


PAGED = {name: one for name, one in OPERATIONS.items() if "cursor" in {p["name"] for p in one["parameters"]}}


@pytest.mark.parametrize("name", sorted(PAGED))
def test_every_list_is_read_alike(name: str) -> None:
    """`limit` with its bounds and default, `cursor`, and `next_cursor` beside the page."""
    parameters = {parameter["name"]: parameter for parameter in PAGED[name]["parameters"]}
    limit = parameters["limit"]["schema"]
    page = PAGED[name]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    fields = DOCUMENT["components"]["schemas"][page]["properties"]

    assert (1, True) == (limit["minimum"], limit["default"] <= limit["maximum"])
    assert "`next_cursor` of the page before." == parameters["cursor"]["description"]
    assert 2 == len(fields)
    assert [{"type": "string"}, {"type": "null"}] == fields["next_cursor"]["anyOf"]


def test_whatever_has_pages_is_a_list_of_these() -> None:
    """No other list grows without bound."""
    lists = ("campaigns", "campaigns/{campaign_id}/calls", "conferences", "escalations", "recordings", "callbacks")
    assert {f"GET /v1/{name}" for name in (*lists, "suppressions", "audit")} == set(PAGED)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_answer_has_its_request_id(name: str) -> None:
    """Successes and refusals alike."""
    assert all("X-Request-Id" in response["headers"] for response in OPERATIONS[name]["responses"].values())


@pytest.mark.parametrize("route", [r for r in ROUTES if r.body or r.streamed], ids=lambda r: f"{r.method} {r.path}")
def test_body_has_an_example_that_is_taken(route: Route) -> None:
    """Whoever reads sees what may be sent, and it passes the model that the API reads it by."""
    if route.body is None:
        assert any({"example", "examples"} & set(told) for told in route.streamed.values())
        return
    examples = DOCUMENT["components"]["schemas"][route.body.__name__]["examples"]
    for example in examples:
        route.body.model_validate_json(json.dumps(example), strict=True)
    assert examples


@pytest.mark.parametrize("model", sorted(GIVES))
def test_links_lead_from_what_was_made(model: str) -> None:
    """Each answer that gives an id links to operations that take it."""
    name, _ = GIVES[model]
    taken = [
        link["parameters"]
        for operation in OPERATIONS.values()
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert model in DOCUMENT["components"]["schemas"]
    assert any(name in parameters for parameters in taken)
