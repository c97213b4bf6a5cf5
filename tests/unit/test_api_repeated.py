"""What becomes of a request that is sent again since no answer came: whoever adds a POST decides it here, too."""

from __future__ import annotations

import pytest
from aiohttp import web

from dialer.api.app import ROUTES
from dialer.api.once import HEADER, REPLAYED
from dialer.api.openapi import openapi_document
from dialer.api.problems import KEY_IN_USE, KEY_REUSED
from dialer.api.routing import Routes

ONCE = {
    "/v1/campaigns",
    "/v1/campaigns/{campaign_id}/again",
    "/v1/conferences",
    "/v1/conferences/{conference_id}/members/{call_id}/call-again",
    "/v1/escalations",
    "/v1/calls",
    "/v1/calls/{call_id}/orders",
    "/v1/numbers/erase",
    "/v1/applications",
}
"""They take a key, and what they did under it is not done a second time."""
CHANGES_NOTHING = {
    "/v1/campaigns/{campaign_id}/forecast",
    "/v1/forecasts",
    "/v1/forecasts/list",
    "/v1/imports/preview",
    "/v1/numbers/find",
    "/v1/erasure-proofs/check",
    "/v1/suppressions/check",
}
THE_SAME_AGAIN = {
    "/v1/campaigns/{campaign_id}/start",
    "/v1/campaigns/{campaign_id}/pause",
    "/v1/campaigns/{campaign_id}/resume",
    "/v1/campaigns/{campaign_id}/cancel",
    "/v1/campaigns/{campaign_id}/hang-up",
    "/v1/campaigns/{campaign_id}/calls",
    "/v1/conferences/{conference_id}/members",
    "/v1/conferences/{conference_id}/end",
    "/v1/conferences/{conference_id}/members/{call_id}/mute",
    "/v1/conferences/{conference_id}/members/{call_id}/unmute",
    "/v1/conferences/{conference_id}/members/{call_id}/drop",
    "/v1/escalations/{escalation_id}/end",
    "/v1/escalations/{escalation_id}/confirm",
    "/v1/callbacks/{callback_id}/retry",
    "/v1/suppressions/add",
    "/v1/suppressions/remove",
    "/v1/suppressions/import",
}
"""What is asked for is so after the first time, and after the second."""
NEVER_TOLD_AGAIN = {"/v1/keys"}
"""Its answer must not be kept."""

POSTS = {path: methods["post"] for path, methods in openapi_document(ROUTES)["paths"].items() if "post" in methods}


def _takes_a_key(path: str) -> bool:
    return HEADER in {parameter["name"] for parameter in POSTS[path]["parameters"]}


def test_it_is_decided_for_each() -> None:
    """The whole table, as the document tells it."""
    told = {path for path in POSTS if path.startswith("/v1")}

    assert ONCE == {path for path in told if _takes_a_key(path)}
    assert told - ONCE == CHANGES_NOTHING | THE_SAME_AGAIN | NEVER_TOLD_AGAIN


@pytest.mark.parametrize("path", sorted(ONCE))
def test_whatever_takes_a_key_tells_how(path: str) -> None:
    """That an answer is given again, and what is refused."""
    responses = POSTS[path]["responses"]
    success = next(answer for status, answer in responses.items() if status < "300")
    refused = " ".join(responses[status]["description"] for status in ("409", "422"))

    assert REPLAYED in success["headers"]
    assert KEY_IN_USE.uri in refused
    assert KEY_REUSED.uri in refused


@pytest.mark.parametrize("path", sorted(CHANGES_NOTHING | THE_SAME_AGAIN | NEVER_TOLD_AGAIN))
def test_whatever_takes_none_tells_why(path: str) -> None:
    """In a sentence of its description."""
    _, found, why = POSTS[path]["description"].partition(f"It needs no `{HEADER}`: ")

    assert found
    assert len(why.split()) > 2
    assert (path in CHANGES_NOTHING) == why.startswith("it changes nothing")


def test_a_post_without_a_decision_cannot_be_declared() -> None:
    """It fails where it is written."""

    async def make(request: web.Request) -> web.StreamResponse:
        raise NotImplementedError(request)

    with pytest.raises(TypeError, match=r"POST /v1/things: say by repeatable=\.\.\. why"):
        Routes().post("/v1/things", role="read", audit=None, answers={})(make)
