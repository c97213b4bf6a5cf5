"""Problem details: what is told about each kind of failure."""

from __future__ import annotations

import json

import pytest
from aiohttp import web
from pydantic import BaseModel, ValidationError

from dialer.api.bodies import decode_json
from dialer.api.problems import INVALID_INPUT, FieldError, Problem, invalid_input, problem_from
from dialer.api.schemas import NewCampaign
from dialer.errors import IllegalStep, InvalidInput, NotFound, StoreUnavailable


@pytest.mark.parametrize(
    ("error", "status", "uri", "field"),
    [
        (InvalidInput("no", field="script.text"), 422, "/problems/invalid-input", "script.text"),
        (InvalidInput("no"), 422, "/problems/invalid-input", None),
        (NotFound("no"), 404, "/problems/not-found", None),
        (IllegalStep("no"), 409, "/problems/illegal-step", None),
        (StoreUnavailable("no"), 503, "/problems/unavailable", None),
        (web.HTTPNotFound(), 404, "/problems/not-found", None),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "/problems/method-not-allowed", None),
        (web.HTTPRequestEntityTooLarge(1, 2), 413, "/problems/bad-request", None),
    ],
)
def test_each_expected_failure_has_its_problem(error: Exception, status: int, uri: str, field: str | None) -> None:
    """The project's exceptions and aiohttp's end in the right status, type and field."""
    problem = problem_from(error)

    assert problem is not None
    assert (status, uri, field) == (problem.kind.status, problem.kind.uri, problem.field)


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x")])
def test_unexpected_failure_has_none(error: Exception) -> None:
    """A bug has no problem type of its own, so that nothing of it is told."""
    assert problem_from(error) is None


def test_unavailable_store_says_nothing_of_redis_inside() -> None:
    """What Redis said stays inside; the client is told when to try again."""
    problem = problem_from(StoreUnavailable("redis://:password@host is down"))

    assert problem is not None
    assert "password" not in str(problem.members())
    assert {"Retry-After": "1"} == problem.headers


def test_response_is_the_rfcs_object() -> None:
    """The members are those of RFC 9457, with ours beside them."""
    errors = [FieldError("name", "required, but missing")]
    response = Problem(INVALID_INPUT, "No.", field="name", errors=errors, extra={"accepted": 3}).response()
    expected = {
        "type": "/problems/invalid-input",
        "title": "The input is not valid",
        "status": 422,
        "detail": "No.",
        "field": "name",
        "errors": [{"field": "name", "message": "required, but missing"}],
        "accepted": 3,
    }

    assert (422, "application/problem+json") == (response.status, response.content_type)
    assert isinstance(response.body, bytes)
    assert expected == json.loads(response.body)


class _Inner(BaseModel):
    count: int


class _Outer(BaseModel):
    inner: dict[str, _Inner]
    names: list[int]


def _refused(given: object) -> Problem:
    with pytest.raises(ValidationError) as caught:
        _Outer.model_validate(given)
    return invalid_input(caught.value, whole="body")


def test_nested_fields_are_named_with_dots() -> None:
    """A field within fields and elements is named by its whole path."""
    problem = _refused({"inner": {"a": {"count": "x"}}, "names": [1, "y"]})

    assert ["inner.a.count", "names.1"] == [error.field for error in problem.errors]
    assert problem.detail.endswith("(and 1 more).")


def test_wrong_whole_is_named() -> None:
    """Where nothing fits, the field is the whole."""
    assert "body" == _refused([]).field


def test_number_of_errors_told_is_bounded() -> None:
    """A hostile body does not buy a huge answer."""
    assert 100 == len(_refused({"inner": {}, "names": ["x"] * 900}).errors)


def test_a_body_that_is_wrong_throughout_is_told_at_once() -> None:
    """Gathering what is wrong with each of a hundred thousand fields would hold up whoever is on the phone."""
    throughout = _refused({"inner": {}, "names": ["x"] * 5_000})
    fields = b",".join(b'"k%d":1' % place for place in range(50_000))
    with pytest.raises(Problem) as endless:
        decode_json(b"{%b}" % fields, NewCampaign)

    assert ("body", (), True) == (throughout.field, throughout.errors, "5,000 things" in throughout.detail)
    assert "The body has more than 40,000 fields: is it another file?" == endless.value.detail
