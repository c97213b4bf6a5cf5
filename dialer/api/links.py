"""Links of the OpenAPI document: which ids an answer gives, and the operations that take them in their paths."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dialer.api.routing import Answer, Route

GIVES = {
    "CampaignOut": ("campaign_id", "/id"),
    "CallOut": ("call_id", "/id"),
    "CallsOut": ("call_id", "/calls/0/id"),
    "MemberOut": ("call_id", "/call_id"),
    "ConferenceOut": ("conference_id", "/id"),
    "EscalationOut": ("escalation_id", "/id"),
    "MadeKeyOut": ("key_id", "/id"),
    "ApplicationOut": ("application_id", "/id"),
    "ErasureOut": ("erasure_id", "/id"),
    "RecordingsOut": ("recording_id", "/recordings/0/id"),
    "CallbacksOut": ("callback_id", "/callbacks/0/id"),
    "SuppressionListsOut": ("name", "/lists/0/name"),
}
"""By the name of an answer's model: how the path of an operation calls the id, and where it stands in the body."""


def links(route: Route, answer: Answer, routes: Iterable[Route]) -> dict[str, Any]:
    """Links from an answer of one route to whatever can be done with what it gives; none to what it was asked by."""
    if answer.model is None or answer.model.__name__ not in GIVES:
        return {}
    name, pointer = GIVES[answer.model.__name__]
    if name in route.path_names:
        return {}
    known = {path_name: f"$request.path.{path_name}" for path_name in route.path_names}
    known[name] = f"$response.body#{pointer}"
    return {
        other.name: {"operationId": other.name, "parameters": {taken: known[taken] for taken in other.path_names}}
        for other in routes
        if name in other.path_names and known.keys() >= set(other.path_names)
    }
