"""What may be sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from pydantic import ValidationError

from dialer.api.queries import CallsQuery
from dialer.api.redial_bodies import Redialable, RedialBody
from dialer.api.schemas import NewCampaign, NewSingleCall
from dialer.dispositions import REDIALABLE, Disposition
from dialer.model import Priority, Redial
from dialer.states import CallState

CALL = {"number": "+31201234567", "script": {"text": "Hello."}}


def test_redial_seconds_become_milliseconds() -> None:
    """The policy reaches the project in its own units."""
    redial = {"busy": {"times": 2, "after_s": 0.25}, "machine": {"times": 1, "after_s": 60}}
    body = {"name": "n", "kind": "notification", "script": {"text": "t"}, "redial": redial}
    campaign = NewCampaign.model_validate_json(json.dumps(body))

    assert {Disposition.BUSY: Redial(2, 250), Disposition.MACHINE: Redial(1, 60_000)} == campaign.redials()


@pytest.mark.parametrize("then", ["finish", "suppress", "escalate"])
def test_what_follows_the_last_redial_is_one_of_three(then: str) -> None:
    """Anything else is refused."""
    body = {
        "name": "n",
        "kind": "notification",
        "script": {"text": "t"},
        "redial": {"busy": {"times": 0, "then": then}},
    }
    campaign = NewCampaign.model_validate_json(json.dumps(body))

    assert {Disposition.BUSY: then} == {one: redial.then for one, redial in campaign.redials().items()}
    with pytest.raises(ValidationError):
        NewCampaign.model_validate_json(json.dumps(body).replace(then, f"{then}s"))


@pytest.mark.parametrize(
    ("value", "text"), [("Ann", "Ann"), (7, "7"), (-1.5, "-1.5"), ("", ""), ("two\nlines", "two\nlines")]
)
def test_variable_is_text_or_number(value: str | float, text: str) -> None:
    """A number in a variable means its digits."""
    call = NewSingleCall.model_validate_json(json.dumps(CALL | {"variables": {"v": value}}))

    assert {"v": text} == call.variables


def test_single_call_has_defaults() -> None:
    """Number and script are all that is needed."""
    call = NewSingleCall.model_validate_json(json.dumps(CALL))

    assert ("notification", Priority.NORMAL, {}, None) == (call.kind, call.priority, call.variables, call.id)


def test_query_reads_text_as_what_it_means() -> None:
    """A query string has only text, so numbers and enums are read from it."""
    query = CallsQuery.model_validate({"limit": "7", "state": "live", "disposition": "busy"}, strict=False)

    assert (7, CallState.LIVE, Disposition.BUSY) == (query.limit, query.state, query.disposition)


@pytest.mark.parametrize("examples", [NewCampaign, NewSingleCall])
def test_documented_example_is_valid(examples: type[NewCampaign | NewSingleCall]) -> None:
    """The example of the document is taken by the API."""
    for example in examples.model_json_schema()["examples"]:
        assert examples.model_validate_json(json.dumps(example), strict=True)


def test_body_is_frozen() -> None:
    """Nobody changes a body after it was checked."""
    call = NewSingleCall.model_validate_json(json.dumps(CALL))
    with pytest.raises(ValidationError):
        call.number = "+31"  # type: ignore[misc]


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-00:01", "9999-12-31T10:00:00-14:00"])
def test_moment_that_utc_does_not_have_is_refused(moment: str) -> None:
    """Stored, it could never be read again, and nobody could list campaigns any more."""
    body = {"name": "n", "kind": "notification", "script": {"text": "t"}, "expires_at": moment}
    with pytest.raises(ValidationError, match="beyond the year 9999"):
        NewCampaign.model_validate_json(json.dumps(body))


def test_deadline_of_any_zone_is_utc() -> None:
    """A deadline means one moment, however it is written."""
    body = {"name": "n", "kind": "notification", "script": {"text": "t"}, "expires_at": "2027-01-01T00:00:00+01:00"}
    campaign = NewCampaign.model_validate_json(json.dumps(body))

    assert datetime(2026, 12, 31, 23, tzinfo=UTC) == campaign.expires_at


@pytest.mark.parametrize("then", ["finish", "suppress", "escalate"])
def test_what_follows_a_redial_is_one_of_three(then: str) -> None:
    """These words are the API's, and are stored."""
    assert then == RedialBody.model_validate({"times": 0, "then": then}).redial(Disposition.BUSY).then


def test_what_can_be_redialed_is_one_list() -> None:
    """The API takes a redial for exactly the dispositions that can be redialed."""
    assert list(REDIALABLE) == list(get_args(Redialable))
