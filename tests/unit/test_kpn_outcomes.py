"""What an answer to a request for a call means: every row of REFERENCE section 10, every error shape of 2.4."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.providers.base import Doubt, Placed, PlaceResult, Refusal, Refused, Unknown
from dialer.providers.kpn.answers import LONGEST_DETAIL, Answer
from dialer.providers.kpn.outcomes import is_unknown, outcome_of

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
ERROR_BODIES = json.loads((DATA / "derived/error-bodies.json").read_text())
BODIES = {
    **{shape["id"]: json.dumps(shape["body"]).encode() for shape in ERROR_BODIES["shapes"] if shape["body"]},
    "empty": b"",
    "html": b"<html><head><title>502 Bad Gateway</title></head><body><h1>nginx</h1></body></html>",
    "garbage": bytes(range(256)),
    "cut off": b'{"type": "BAD_REQUEST", "error_ti',
    "huge": b"[" * 65_536,
    "not UTF-8": b'{"title": "caf\xe9"}',
    "utf-16": json.dumps({"title": "x"}).encode("utf-16"),
    "bare number": b"17",
    "list": b'["no"]',
    "nan": b'{"title": NaN, "type": Infinity}',
    "nulls": b'{"title": null, "fault": null, "invalid_parameters": null}',
    "fault of texts": b'{"fault": "broken", "invalid_parameters": ["a", null, {"name": 1}]}',
    "nested": b'{"invalid_parameters": {"x": ' + b"[" * 900 + b"]" * 900 + b"}}",
}


def outcome(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> PlaceResult:
    """The outcome of an answer at noon."""
    return outcome_of(Answer(status, headers or {}, body), now=NOW)


def kind(result: PlaceResult) -> Refusal | Doubt | str:
    """What a result says, without its details."""
    return "placed" if isinstance(result, Placed) else result.reason


def fault(code: str) -> bytes:
    """An Apigee fault."""
    return json.dumps({"fault": {"faultstring": "Refused", "detail": {"errorcode": code}}}).encode()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, Refusal.MISCONFIGURED),
        (302, Refusal.MISCONFIGURED),
        (307, Refusal.MISCONFIGURED),
        (400, Refusal.BAD_REQUEST),
        (401, Refusal.TOKEN),
        (402, Refusal.BAD_REQUEST),
        (403, Refusal.MISCONFIGURED),
        (404, Refusal.MISCONFIGURED),
        (405, Refusal.BAD_REQUEST),
        (408, Doubt.TIMED_OUT),
        (412, Refusal.BAD_REQUEST),
        (415, Refusal.BAD_REQUEST),
        (418, Refusal.BAD_REQUEST),
        (429, Refusal.RATE),
        (500, Doubt.SERVER_ERROR),
        (502, Doubt.SERVER_ERROR),
        (503, Doubt.UNAVAILABLE),
        (504, Doubt.SERVER_ERROR),
        (599, Doubt.SERVER_ERROR),
    ],
)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_status_decides_whatever_the_body_looks_like(status: int, body: bytes, expected: Refusal | Doubt) -> None:
    """Each status has its outcome, with a body of any shape, readable or not."""
    result = outcome(status, body)

    assert expected == kind(result)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (429, "policies.ratelimit.QuotaViolation", Refusal.QUOTA),
        (500, "policies.ratelimit.QuotaViolation", Refusal.QUOTA),
        (429, "policies.ratelimit.SpikeArrestViolation", Refusal.RATE),
        (500, "policies.ratelimit.SpikeArrestViolation", Refusal.RATE),
        (503, "policies.ratelimit.SpikeArrestViolation", Refusal.RATE),
        (500, "policies.ratelimit.SomethingNew", Refusal.RATE),
        (401, "keymanagement.service.access_token_expired", Refusal.TOKEN),
        (401, "keymanagement.service.invalid_access_token", Refusal.TOKEN),
        (500, "keymanagement.service.invalid_access_token", Refusal.TOKEN),
        (500, "oauth.v2.InvalidAccessToken", Refusal.TOKEN),
        (401, "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound", Refusal.MISCONFIGURED),
        (500, "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound", Refusal.MISCONFIGURED),
        (401, "keymanagement.service.apiresource_doesnot_exist", Refusal.MISCONFIGURED),
        (500, "oauth.v2.InvalidClientIdentifier", Refusal.MISCONFIGURED),
        (401, "keymanagement.service.InvalidAPIKeyForGivenResource", Refusal.MISCONFIGURED),
        (401, "oauth.v2.invalid_client", Refusal.MISCONFIGURED),
        (401, "keymanagement.service.InsufficientScope", Refusal.MISCONFIGURED),
        (500, "oauth.v2.insufficient_scope", Refusal.MISCONFIGURED),
        (404, "messaging.adaptors.http.flow.ApplicationNotFound", Refusal.MISCONFIGURED),
        (504, "messaging.adaptors.http.flow.GatewayTimeout", Doubt.SERVER_ERROR),
        (504, "flow.APITimedOut", Doubt.SERVER_ERROR),
        (503, "messaging.adaptors.http.flow.ServiceUnavailable", Doubt.UNAVAILABLE),
        (503, "policies.ratelimit.QuotaViolation", Doubt.UNAVAILABLE),
        (500, "messaging.runtime.RouteFailed", Doubt.SERVER_ERROR),
        (502, "policies.ratelimit.QuotaViolation", Doubt.SERVER_ERROR),
        (504, "oauth.v2.InvalidAccessToken", Doubt.SERVER_ERROR),
    ],
)
def test_gateway_fault_tells_what_was_never_passed_on(status: int, code: str, expected: Refusal | Doubt) -> None:
    """Faults that Apigee raises before passing a request on are refusals; its time limits are not."""
    assert expected == kind(outcome(status, fault(code)))


@pytest.mark.parametrize(
    "body",
    [
        b"policies.ratelimit.QuotaViolation",
        b'{"message": "policies.ratelimit.QuotaViolation"}',
        b'{"fault": {"faultstring": "policies.ratelimit.QuotaViolation"}}',
        b'{"fault": {"detail": {"errorcode": ["policies.ratelimit.QuotaViolation"]}}}',
    ],
)
def test_a_code_somewhere_in_a_text_proves_nothing(body: bytes) -> None:
    """A 500 is a refusal only with a fault in the gateway's own shape; anything else may hide a placed call."""
    assert Doubt.SERVER_ERROR == kind(outcome(500, body))


@pytest.mark.parametrize("path", ["dotnet/rest/CreateCall-response", "python/voice/create_call"])
@pytest.mark.parametrize("status", [200, 201, 202])
def test_success_with_a_uuid_is_a_call(path: str, status: int) -> None:
    """The carrier's recorded answers to a placed call give the ids of leg and conversation."""
    body = (DATA / f"payloads/{path}.json").read_bytes()
    told = json.loads(body)

    assert Placed(told["uuid"], told["conversation_uuid"]) == outcome(status, body)


def test_success_needs_no_conversation() -> None:
    """A uuid of any form and nothing else is a placed call."""
    assert Placed("0A0000000123ABCD1") == outcome(201, b'\xef\xbb\xbf{"uuid": "0A0000000123ABCD1"}')


@pytest.mark.parametrize(
    "body", [*BODIES.values(), *(b'{"uuid": %s}' % uuid for uuid in (b'""', b"7", b"null", b'"a\\u0000b"', b'"a'))]
)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_that_makes_no_sense_may_be_a_call(status: int, body: bytes) -> None:
    """A 2xx whose body was cut off, lost or replaced leaves it open whether the phone rings."""
    assert Doubt.UNREADABLE == kind(outcome(status, body))


QUOTA = {"quota-limit": "1000", "quota-used": "1000", "quota-interval": "1", "quota-time-unit": "hour"}
IN_30_S = NOW + timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "headers", "expected_ms"),
    [
        (429, {}, None),
        (429, {"Retry-After": "2"}, 2_000),
        (429, {"retry-after": " 1.5 "}, 1_500),
        (429, {"Retry-After": "0"}, 0),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "999999999"}, None),
        (429, {"Retry-After": "86400"}, 86_400_000),
        (429, {"Retry-After": "86400.001"}, None),
        (429, {"Retry-After": "Sat, 31 Jan 2026 12:00:30 -0000"}, 30_000),
        (429, {"Retry-After": "Sat, 31 Jan 2026 13:00:30 +0100"}, 30_000),
        (429, {"Retry-After": format_datetime(IN_30_S, usegmt=True)}, 30_000),
        (429, {"Retry-After": format_datetime(NOW - timedelta(hours=1), usegmt=True)}, 0),
        (429, {"quota-reset-UTC": str(int(IN_30_S.timestamp()))}, 30_000),
        (429, {"quota-reset-UTC": str(int(IN_30_S.timestamp() * 1000))}, 30_000),
        (429, {"quota-reset-UTC": "2026-01-31T12:00:30Z"}, 30_000),
        (429, {"Quota-Reset-Utc": "2026-01-31 12:00:30"}, 30_000),
        (429, {"quota-reset-UTC": "2026-01-31T11:00:00Z"}, None),
        (429, {"quota-reset-UTC": "2026-02-02T12:00:00Z"}, None),
        (429, {"quota-reset-UTC": "later"}, None),
        (429, {"Retry-After": "2", "quota-reset-UTC": "2026-01-31T12:00:30Z"}, 2_000),
        (503, {"Retry-After": "7"}, 7_000),
        (503, {"Retry-After": format_datetime(IN_30_S, usegmt=True)}, 30_000),
        (503, {"quota-reset-UTC": "2026-01-31T12:00:30Z"}, None),
        (504, {"Retry-After": "7"}, None),
        (400, {"Retry-After": "7"}, None),
    ],
)
def test_wait_is_read_from_the_headers(status: int, headers: dict[str, str], expected_ms: int | None) -> None:
    """Retry-After counts first, then the quota's reset; both in every notation, neither beyond a day."""
    result = outcome(status, b"", headers)

    assert not isinstance(result, Placed)
    assert expected_ms == result.retry_after_ms


def test_a_date_to_wait_for_is_compared_with_the_senders_own_clock() -> None:
    """A Retry-After date is counted from the answer's Date, however wrong both clocks are."""
    sent = NOW - timedelta(hours=3)
    headers = {"Date": format_datetime(sent, usegmt=True)}
    headers["Retry-After"] = format_datetime(sent + timedelta(seconds=4), usegmt=True)

    assert Refused(Refusal.RATE, "HTTP 429", 4_000) == outcome(429, b"", headers)


def test_used_up_quota_is_told_from_the_rate() -> None:
    """A 429 whose headers show a spent allowance is a matter of quota and waits for its reset."""
    headers = {**QUOTA, "quota-reset-UTC": "2026-01-31T12:40:00Z"}

    assert Refused(Refusal.QUOTA, "HTTP 429", 40 * 60_000) == outcome(429, b"", headers)


@pytest.mark.parametrize(
    ("headers", "body"),
    [({**QUOTA, "quota-used": "12"}, b""), ({}, fault("policies.ratelimit.SpikeArrestViolation"))],
)
def test_rate_does_not_wait_for_the_quota(headers: dict[str, str], body: bytes) -> None:
    """Where the rate alone was exceeded, a reset of the quota in hours is no reason to stop the fleet for hours."""
    result = outcome(429, body, {**headers, "quota-reset-UTC": "2026-01-31T22:00:00Z"})

    assert isinstance(result, Refused)
    assert (Refusal.RATE, None) == (result.reason, result.retry_after_ms)


@pytest.mark.parametrize("status", [201, 400, 500])
def test_no_outcome_repeats_a_secret(status: int) -> None:
    """Whatever the carrier says of a call, the secrets that were given are not in it."""
    answer = Answer(status, {}, b'{"title": "No", "detail": "token tok-1 is odd"}')
    result = outcome_of(answer, now=NOW, hide=("tok-1",))

    assert not isinstance(result, Placed)
    assert f"HTTP {status}: No; token *** is odd" == result.detail


def test_only_a_plain_404_means_that_there_is_no_such_call() -> None:
    """The gateway's own 404 says that the path is wrong."""
    assert is_unknown(Answer(404, {}, b'{"title": "Not Found"}'))
    assert not is_unknown(Answer(404, {}, fault("messaging.adaptors.http.flow.ApplicationNotFound")))
    assert not is_unknown(Answer(400))


@given(
    status=st.integers(100, 999),
    headers=st.dictionaries(
        st.sampled_from(["Retry-After", "quota-reset-UTC", "quota-limit", "quota-used", "Date"]), st.text()
    ),
    body=st.binary(max_size=400),
)
def test_every_answer_has_an_outcome(status: int, headers: dict[str, str], body: bytes) -> None:
    """No status, header or body makes reading an answer fail, and what is told stays short, plain and in range."""
    result = outcome(status, body, headers)

    assert isinstance(result, get_args(PlaceResult))
    if isinstance(result, Refused | Unknown):
        assert len(result.detail) <= LONGEST_DETAIL
        assert result.detail.isprintable()
        assert result.retry_after_ms is None or 0 <= result.retry_after_ms <= 86_400_000


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
FIELDS = [
    "fault",
    "faultstring",
    "detail",
    "errorcode",
    "type",
    "title",
    "error_title",
    "message",
    "invalid_parameters",
]


@given(status=st.sampled_from([201, 400, 401, 429, 500, 503]), body=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_known_fields_may_hold_anything(status: int, body: dict[str, Any]) -> None:
    """The fields of an error may hold any JSON value without reading it failing."""
    detail = getattr(outcome(status, json.dumps(body).encode()), "detail", "")

    assert detail.startswith(f"HTTP {status}")
