"""Which role may do what: one table, written down here and not taken from the code.

`tests/integration/api/test_api_roles.py` tries it, each role on each route.
"""

from __future__ import annotations

import pytest
from aiohttp import web

from dialer.api.app import ROUTES
from dialer.api.openapi import openapi_document
from dialer.api.routing import Routes

READ = {"read", "operate", "launch", "admin"}
OPERATE = {"operate", "admin"}
LAUNCH = {"launch", "admin"}
STOP = {"operate", "launch", "admin"}
ADMIN = {"admin"}
ANYBODY: set[str] = set()

ALLOWED = {
    # Campaigns
    "GET /v1/campaigns": READ,
    "POST /v1/campaigns": LAUNCH,
    "GET /v1/campaigns/{campaign_id}": READ,
    "PATCH /v1/campaigns/{campaign_id}": LAUNCH,
    "PUT /v1/campaigns/{campaign_id}/windows": LAUNCH,
    "GET /v1/campaigns/{campaign_id}/calls": READ,
    "POST /v1/campaigns/{campaign_id}/calls": LAUNCH,
    "GET /v1/campaigns/{campaign_id}/results": READ,
    "GET /v1/campaigns/{campaign_id}/explain": READ,
    "GET /v1/campaigns/{campaign_id}/forecast": READ,
    "POST /v1/campaigns/{campaign_id}/forecast": READ,
    "POST /v1/forecasts": READ,
    "POST /v1/forecasts/list": READ,
    "GET /v1/campaigns/{campaign_id}/again": READ,
    "POST /v1/campaigns/{campaign_id}/again": LAUNCH,
    "POST /v1/campaigns/{campaign_id}/start": LAUNCH,
    "POST /v1/campaigns/{campaign_id}/pause": STOP,
    "POST /v1/campaigns/{campaign_id}/resume": STOP,
    "POST /v1/campaigns/{campaign_id}/cancel": STOP,
    "GET /v1/campaigns/{campaign_id}/hang-up": READ,
    "POST /v1/campaigns/{campaign_id}/hang-up": STOP,
    # Single calls
    "POST /v1/calls": LAUNCH,
    "GET /v1/calls/{call_id}": READ,
    "GET /v1/calls/{call_id}/explain": READ,
    "POST /v1/calls/{call_id}/orders": OPERATE,
    # Conferences and escalations
    "GET /v1/conferences": READ,
    "POST /v1/conferences": LAUNCH,
    "GET /v1/conferences/{conference_id}": READ,
    "POST /v1/conferences/{conference_id}/end": STOP,
    "POST /v1/conferences/{conference_id}/members": LAUNCH,
    "POST /v1/conferences/{conference_id}/members/{call_id}/mute": OPERATE,
    "POST /v1/conferences/{conference_id}/members/{call_id}/unmute": OPERATE,
    "POST /v1/conferences/{conference_id}/members/{call_id}/drop": OPERATE,
    "POST /v1/conferences/{conference_id}/members/{call_id}/call-again": OPERATE,
    "GET /v1/escalations": READ,
    "POST /v1/escalations": LAUNCH,
    "GET /v1/escalations/{escalation_id}": READ,
    "POST /v1/escalations/{escalation_id}/end": STOP,
    "POST /v1/escalations/{escalation_id}/confirm": STOP,
    # Recordings and callbacks
    "GET /v1/recordings": READ,
    "GET /v1/recordings/{recording_id}": READ,
    "GET /v1/recordings/{recording_id}/audio": READ,
    "DELETE /v1/recordings/{recording_id}": ADMIN,
    "GET /v1/callbacks": READ,
    "POST /v1/callbacks/{callback_id}/retry": OPERATE,
    "DELETE /v1/callbacks/{callback_id}": OPERATE,
    # Numbers
    "GET /v1/suppressions": READ,
    "POST /v1/suppressions/add": OPERATE,
    "POST /v1/suppressions/remove": OPERATE,
    "POST /v1/suppressions/check": READ,
    "GET /v1/suppressions/export": READ,
    "POST /v1/suppressions/import": OPERATE,
    "GET /v1/suppression-lists": READ,
    "DELETE /v1/suppression-lists/{name}": OPERATE,
    "POST /v1/numbers/find": READ,
    "POST /v1/numbers/erase": ADMIN,
    "GET /v1/erasures/{erasure_id}": ADMIN,
    "POST /v1/erasure-proofs/check": READ,
    "POST /v1/imports/preview": READ,
    "GET /v1/campaigns/{campaign_id}/imports/{import_id}": READ,
    "GET /v1/campaigns/{campaign_id}/imports/{import_id}/rejected": READ,
    # The dialer itself
    "GET /v1/audit": ADMIN,
    "GET /v1/audit/export": ADMIN,
    "GET /v1/audit/verify": ADMIN,
    "GET /v1/trunks": READ,
    "GET /v1/events": READ,
    "GET /v1/voices": READ,
    "GET /v1/applications": ADMIN,
    "POST /v1/applications": ADMIN,
    "GET /v1/applications/{application_id}": ADMIN,
    "PUT /v1/applications/{application_id}": ADMIN,
    "DELETE /v1/applications/{application_id}": ADMIN,
    "GET /v1/keys": ADMIN,
    "POST /v1/keys": ADMIN,
    "GET /v1/me": READ,
    "GET /v1/keys/{key_id}": ADMIN,
    "DELETE /v1/keys/{key_id}": ADMIN,
    # Without a key
    "GET /webhooks/{token}/answer": ANYBODY,
    "POST /webhooks/{token}/answer": ANYBODY,
    "GET /webhooks/{token}/reply/{position}": ANYBODY,
    "POST /webhooks/{token}/reply/{position}": ANYBODY,
    "GET /webhooks/{token}/event": ANYBODY,
    "POST /webhooks/{token}/event": ANYBODY,
    "GET /webhooks/{token}/leg": ANYBODY,
    "POST /webhooks/{token}/leg": ANYBODY,
    "GET /webhooks/probe/{nonce}": ANYBODY,
    "POST /webhooks/probe/{nonce}": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /metrics/targets": ANYBODY,
    "GET /openapi.json": ANYBODY,
    "GET /": ANYBODY,
    "GET /page/{file}": ANYBODY,
    "GET /docs": ANYBODY,
    "GET /docs/{file}": ANYBODY,
}
"""Whoever adds a route decides here, too, whose it is."""


def test_every_operation_has_been_decided_on() -> None:
    """The OpenAPI document and this table have the same operations, and the document names the roles."""
    told = {
        f"{method.upper()} {path}": {role for each in operation["security"] for role in each["apiKey"]}
        for path, operations in openapi_document(ROUTES)["paths"].items()
        for method, operation in operations.items()
    }
    named = {"read": READ, "operate": OPERATE, "launch": LAUNCH, "admin": ADMIN}

    assert ALLOWED == {operation: set().union(*(named[role] for role in roles)) for operation, roles in told.items()}


def test_every_operation_tells_of_its_role() -> None:
    """In words as well, with the refusals that a key can meet."""
    for operations in openapi_document(ROUTES)["paths"].values():
        for operation in operations.values():
            has_role = bool(operation["security"])
            assert has_role is ("Needs the role `" in operation.get("description", ""))
            assert has_role is ("403" in operation["responses"])
            assert not has_role or {"401", "429"} <= set(operation["responses"])


def test_a_route_without_a_role_cannot_be_declared() -> None:
    """It fails where it is written, be it only a look."""

    async def look(request: web.Request) -> web.StreamResponse:
        raise NotImplementedError(request)

    with pytest.raises(TypeError, match="GET /v1/things: say by role="):
        Routes().get("/v1/things", answers={})(look)
