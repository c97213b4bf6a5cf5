"""Which routes are audited, and as what: whoever adds one decides it here, too."""

from __future__ import annotations

import pytest
from aiohttp import web

from dialer.access import Role
from dialer.api.app import ROUTES
from dialer.api.audited import ACTOR_HEADER
from dialer.api.openapi import openapi_document
from dialer.api.routing import Routes
from dialer.audit import Action, Entry, Outcome

AUDITED = {
    "POST /v1/campaigns": "campaign.created",
    "POST /v1/campaigns/{campaign_id}/start": "campaign.started",
    "POST /v1/campaigns/{campaign_id}/pause": "campaign.paused",
    "POST /v1/campaigns/{campaign_id}/resume": "campaign.resumed",
    "POST /v1/campaigns/{campaign_id}/cancel": "campaign.cancelled",
    "POST /v1/campaigns/{campaign_id}/again": "campaign.made_again",
    "POST /v1/campaigns/{campaign_id}/hang-up": "campaign.hung_up",
    "PATCH /v1/campaigns/{campaign_id}": "campaign.changed",
    "PUT /v1/campaigns/{campaign_id}/windows": "campaign.windows_changed",
    "POST /v1/campaigns/{campaign_id}/calls": "calls.added",
    "GET /v1/campaigns/{campaign_id}/imports/{import_id}/rejected": "calls.rejected_exported",
    "GET /v1/campaigns/{campaign_id}/results": "results.exported",
    "POST /v1/calls": "call.added",
    "POST /v1/calls/{call_id}/orders": "call.ordered",
    "POST /v1/conferences": "conference.begun",
    "POST /v1/conferences/{conference_id}/members": "conference.member_added",
    "POST /v1/conferences/{conference_id}/members/{call_id}/mute": "conference.member_muted",
    "POST /v1/conferences/{conference_id}/members/{call_id}/unmute": "conference.member_unmuted",
    "POST /v1/conferences/{conference_id}/members/{call_id}/drop": "conference.member_dropped",
    "POST /v1/conferences/{conference_id}/members/{call_id}/call-again": "conference.member_called_again",
    "POST /v1/conferences/{conference_id}/end": "conference.ended",
    "POST /v1/escalations": "escalation.begun",
    "POST /v1/escalations/{escalation_id}/confirm": "escalation.confirmed_by_hand",
    "POST /v1/escalations/{escalation_id}/end": "escalation.ended",
    "GET /v1/recordings/{recording_id}/audio": "recording.downloaded",
    "DELETE /v1/recordings/{recording_id}": "recording.deleted",
    "POST /v1/callbacks/{callback_id}/retry": "callback.retried",
    "DELETE /v1/callbacks/{callback_id}": "callback.dropped",
    "GET /v1/suppressions": "suppression.listed",
    "POST /v1/suppressions/add": "suppression.added",
    "POST /v1/suppressions/remove": "suppression.removed",
    "GET /v1/suppressions/export": "suppression.exported",
    "POST /v1/suppressions/import": "suppression.imported",
    "DELETE /v1/suppression-lists/{name}": "suppression.list_dropped",
    "POST /v1/numbers/find": "number.found",
    "POST /v1/numbers/erase": "number.erased",
    "POST /v1/applications": "application.created",
    "PUT /v1/applications/{application_id}": "application.changed",
    "DELETE /v1/applications/{application_id}": "application.deleted",
    "GET /v1/audit/export": "audit.exported",
    "POST /v1/keys": "key.created",
    "DELETE /v1/keys/{key_id}": "key.revoked",
}
NOT_AUDITED = {
    "POST /v1/campaigns/{campaign_id}/forecast",
    "POST /v1/forecasts",
    "POST /v1/forecasts/list",
    "POST /v1/erasure-proofs/check",
    "POST /v1/imports/preview",
    "POST /v1/suppressions/check",
}
"""They change nothing although they are no GET."""


def test_each_route_is_audited_as_what_it_is() -> None:
    """The whole table; a new route that changes something, or hands out much, belongs into it."""
    found = {f"{route.method} {route.path}": route.audit.action for route in ROUTES if route.audit}

    assert AUDITED == found


def test_whatever_changes_something_is_audited() -> None:
    """All but GET under `/v1`; the carrier's webhooks are not, what they tell stands in attempts."""
    changing = {f"{route.method} {route.path}" for route in ROUTES if route.method != "GET" and not route.public}

    assert changing - NOT_AUDITED <= set(AUDITED)


def test_a_changing_route_without_a_decision_cannot_be_declared() -> None:
    """It fails where it is written, not in somebody's hands."""

    async def change(request: web.Request) -> web.StreamResponse:
        raise NotImplementedError(request)

    with pytest.raises(TypeError, match="POST /v1/things: say by audit="):
        Routes().post("/v1/things", role=Role.LAUNCH, answers={})(change)


def test_every_action_has_its_place() -> None:
    """Each is that of a route, of a command without one, or one of those that follow from what the dialer decides."""
    by_itself = {"campaign.completed", "campaign.expired", "conference.over", "escalation.over"}
    by_itself |= {"campaign.windows_overridden", "campaign.deleted"}
    by_itself |= {"data.restored"}  # `dialer restored`, which asks no API

    assert set(Action) == by_itself | set(AUDITED.values())


def test_an_entry_is_what_was_told_in_any_language() -> None:
    """As somebody reads it, without what nobody told; a number is masked wherever it stands."""
    entry = Entry(
        action=Action.CALL_ADDED,
        actor="key:k1",
        outcome=Outcome.DONE,
        on_behalf_of="Zoë",
        details={"number": "+31612345678"},
    )

    assert (
        '{"action": "call.added", "outcome": "done", "actor": "key:k1", "on_behalf_of": "Zoë", '
        '"details": {"number": "+31*******78"}}' == entry.text()
    )


def test_audited_routes_take_the_name_of_the_one_behind() -> None:
    """The document tells the header, on exactly those routes."""
    document = openapi_document(ROUTES)
    named = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if ACTOR_HEADER in {parameter["name"] for parameter in operation["parameters"]}
    }

    assert set(AUDITED) == named
