"""Bad input gets a clear refusal that names the field, and changes nothing: every endpoint times every fault."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from dialer.runtime import Runtime

Everything = Callable[[], Awaitable[dict[str, bytes]]]

JSON = {"Content-Type": "application/json"}
CSV = {"Content-Type": "text/csv"}
NDJSON = {"Content-Type": "application/x-ndjson"}
CAMPAIGN: dict[str, Any] = {"name": "n", "kind": "notification", "script": {"text": "Hello."}}
CALL: dict[str, Any] = {"number": "+31201234567", "script": {"text": "Hello."}}
MAX_JSON_BYTES = 1_048_576
JSON_ENDPOINTS = {
    "/v1/campaigns": CAMPAIGN,
    "/v1/calls": CALL,
    **{f"/v1/campaigns/ID/{verb}": {} for verb in ("start", "pause", "resume", "cancel")},
}
IMPORT = "/v1/campaigns/ID/calls"
GETS = (
    "/v1/campaigns",
    "/v1/campaigns/ID",
    "/v1/campaigns/ID/calls",
    "/v1/campaigns/ID/results",
    "/v1/calls/ID-1",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One bad request. `ID` in a path stands for a draft's id."""

    method: str
    path: str
    status: int
    named: str | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body[:40]!r} {self.headers} -> {self.status} {self.named}"


def _json(path: str, body: object, named: str) -> Case:
    return Case("POST", path, 422, named, json.dumps(body).encode(), JSON)


def _faults_of_json(path: str, good: dict[str, Any]) -> list[Case]:
    body = json.dumps(good).encode()
    nested = b'{"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    return [
        Case("POST", path, 400, "body", b'{"name": ', JSON),
        Case("POST", path, 400, "body", b"name=x", JSON),
        Case("POST", path, 400, "body", b'{"name": "\xff"}', JSON),
        Case("POST", path, 400, "body", b'{"name": "\\ud800"}', JSON),
        Case("POST", path, 400, "body", b"\xef\xbb\xbf" + body, JSON),
        Case("POST", path, 400, "body", nested, JSON),
        Case("POST", path, 400, "body", b'{"name": ' + b"9" * 5000 + b"}", JSON),
        Case("POST", path, 413, "body", b" " * MAX_JSON_BYTES + body, JSON),
        Case("POST", path, 415, "Content-Type", body, {"Content-Type": "text/plain"}),
        Case("POST", path, 415, "Content-Type", body, {"Content-Type": "application/json; charset=utf-16"}),
        Case("POST", path, 415, "Content-Encoding", body, JSON | {"Content-Encoding": "gzip"}),
        Case("POST", path, 401, "Authorization", body, JSON | {"Authorization": "Bearer wrong"}),
        Case("POST", path, 401, "Authorization", body, JSON | {"Authorization": "Basic YTpi"}),
        Case("POST", f"{path}?dry=1", 422, "dry", body, JSON),
        _json(path, [good], "body"),
        _json(path, None, "body"),
        _json(path, good | {"colour": "red"}, "colour"),
    ]


WRONG_CAMPAIGNS: list[tuple[dict[str, Any], str]] = [
    ({"name": 1}, "name"),
    ({"name": ""}, "name"),
    ({"name": "x" * 201}, "name"),
    ({"name": "two\nlines"}, "name"),
    ({"kind": "lottery"}, "kind"),
    ({"script": "Hello."}, "script"),
    ({"script": {}}, "script.text"),
    ({"script": {"text": 7}}, "script.text"),
    ({"script": {"text": "   "}}, "script.text"),
    ({"script": {"text": "Hello {{ name"}}, "script.text"),
    ({"script": {"text": "Hello.", "colour": 1}}, "script.colour"),
    ({"script": {"text": "Hello.", "language": "Dutch"}}, "script.language"),
    ({"script": {"text": "Hello.", "style": "1"}}, "script.style"),
    ({"script": {"text": "Hello.", "style": True}}, "script.style"),
    ({"script": {"text": "Hello.", "style": -1}}, "script.style"),
    ({"priority": "soon"}, "priority"),
    ({"unknown": True}, "unknown"),
    ({"redial": []}, "redial"),
    ({"redial": {"answered": {"times": 1, "after_s": 1}}}, "redial.answered"),
    ({"redial": {"busy": {"times": 1}}}, "redial.busy.after_s"),
    ({"redial": {"busy": {"times": "1", "after_s": 1}}}, "redial.busy.times"),
    ({"redial": {"busy": {"times": 1.5, "after_s": 1}}}, "redial.busy.times"),
    ({"redial": {"busy": {"times": -1, "after_s": 1}}}, "redial.busy.times"),
    ({"redial": {"busy": {"times": 1, "after_s": True}}}, "redial.busy.after_s"),
    ({"redial": {"busy": {"times": 1, "after_s": 1e9}}}, "redial.busy.after_s"),
    ({"redial": {"busy": {"times": 1, "after_s": float("nan")}}}, "redial.busy.after_s"),
    ({"redial": {"busy": {"times": 1, "after_s": float("inf")}}}, "redial.busy.after_s"),
    ({"redial": {"opted_out": {"times": 1, "after_s": 1}}}, "redial.opted_out"),
    ({"redial": {"busy": {"times": 1, "after_s": 1, "growth": 0.5}}}, "redial.busy.growth"),
    ({"redial": {"busy": {"times": 1, "after_s": 1, "growth": 11}}}, "redial.busy.growth"),
    ({"redial": {"busy": {"times": 1, "after_s": 60, "most_after_s": 59}}}, "redial.busy.most_after_s"),
    ({"redial": {"busy": {"times": 1, "after_s": 1, "then": "escalate"}}}, "redial.busy.then"),
    ({"redial": {"busy": {"times": 1, "after_s": 1, "next_number": "yes"}}}, "redial.busy.next_number"),
    ({"redial": {"invalid_number": {"times": 1, "after_s": 1}}}, "redial.invalid_number.times"),
    ({"redial": {"machine": {"times": 1, "after_s": 1}}, "success": ["machine"]}, "redial.machine"),
    (
        {"redial": {"answered": {"times": 1, "after_s": 1, "then": "suppress"}}, "success": ["confirmed"]},
        "redial.answered.then",
    ),
    ({"max_tries": 0}, "max_tries"),
    ({"max_tries": 1001}, "max_tries"),
    ({"retention_days": 0}, "retention_days"),
    ({"retention_days": 3651}, "retention_days"),
]
WRONG_CALLS: list[tuple[dict[str, Any], str]] = [
    ({"number": 31201234567}, "number"),
    ({"number": "12"}, "number"),
    ({"number": "3.1E+10"}, "number"),
    ({"number": ""}, "number"),
    ({"numbers": ["+31201234567"]}, "number"),
    ({"number": None}, "number"),
    ({"number": None, "numbers": []}, "numbers"),
    ({"number": None, "numbers": ["+31201234567", "12"]}, "numbers.1"),
    ({"number": None, "numbers": ["+31201234567"] * 6}, "numbers"),
    ({"kind": "conference"}, "kind"),
    ({"priority": 1}, "priority"),
    ({"script": {"text": "Hello {{ name }}."}}, "variables.name"),
    ({"script": {"text": "Hello {{ name }}."}, "variables": {"name": " "}}, "variables.name"),
    ({"variables": ["Ann"]}, "variables"),
    ({"variables": {"name": None}}, "variables.name"),
    ({"variables": {"name": ["Ann"]}}, "variables.name"),
    ({"variables": {"name": True}}, "variables.name"),
    ({"variables": {"name": "x" * 2001}}, "variables.name"),
    ({"variables": {"name": "\x00"}}, "variables.name"),
    ({"variables": {f"v{number}": "x" for number in range(65)}}, "variables"),
    ({"id": ""}, "id"),
    ({"id": 5}, "id"),
    ({"id": "x" * 129}, "id"),
]
WRONG_LISTS = [
    Case("POST", IMPORT, 401, "Authorization", b"number\n", CSV | {"Authorization": "Bearer wrong"}),
    Case("POST", IMPORT, 413, "body", b"number,name\n" + b"+31201234567,Ann\n" * 70_000, CSV),
    Case("POST", IMPORT, 415, "Content-Type", b"number\n", {"Content-Type": "application/pdf"}),
    Case("POST", IMPORT, 415, "Content-Encoding", b"number\n", CSV | {"Content-Encoding": "gzip"}),
    Case("POST", f"{IMPORT}?header=no", 422, "header", b"number\n", CSV),
    Case("POST", IMPORT, 422, "number", b"phone,name\n+31201234567,Ann\n", CSV),
    Case("POST", IMPORT, 422, "header", b"", CSV),
    Case("POST", IMPORT, 422, "header", b"number,name,name\n", CSV),
    Case("POST", IMPORT, 422, "charset", b"number,name\n+31201234567,Zo\xeb\n", CSV),
    Case("POST", IMPORT, 422, "charset", b"number\n", {"Content-Type": "text/csv; charset=klingon"}),
    Case("POST", IMPORT, 422, "rows", b'[{"number": "+31201234567", "name"', JSON),
    Case("POST", IMPORT, 422, "rows", b'{"number": "+31201234567"}', JSON),
]
WRONG_QUERIES = [
    *(Case("GET", f"{path}?colour=red", 422, "colour") for path in GETS),
    *(Case("GET", path, 401, "Authorization", headers={"Authorization": "Bearer wrong"}) for path in GETS),
    Case("GET", "/v1/campaigns?limit=0", 422, "limit"),
    Case("GET", "/v1/campaigns?limit=many", 422, "limit"),
    Case("GET", "/v1/campaigns?limit=1&limit=2", 422, "limit"),
    Case("GET", "/v1/campaigns?cursor=-1", 422, "cursor"),
    Case("GET", "/v1/campaigns/ID/calls?limit=1001", 422, "limit"),
    Case("GET", "/v1/campaigns/ID/calls?state=asleep", 422, "state"),
    Case("GET", "/v1/campaigns/ID/calls?disposition=won", 422, "disposition"),
    Case("GET", "/v1/campaigns/ID/calls?cursor=%F0%9F%98%80", 422, "cursor"),
    Case("GET", "/v1/campaigns/ID/results?format=xlsx", 422, "format"),
]
WRONG_KEYS = [
    Case("POST", path, 422, "Idempotency-Key", json.dumps(good).encode(), JSON | {"Idempotency-Key": key})
    for path, good in (("/v1/campaigns", CAMPAIGN), ("/v1/calls", CALL))
    for key in ("", "x" * 256, "caf\u00e9")
]
NOWHERE = [
    Case(method, path.replace("ID", wrong), 404, None, b"", CSV)
    for method, path in [*(("GET", path) for path in GETS[1:]), *(("POST", path) for path in [*JSON_ENDPOINTS][2:])]
    for wrong in ("cnothere", "..%2F..", "%00", "%ED%A0%80", "{dialer}", "x" * 65, "A")
]
CASES = [
    *(case for path, good in JSON_ENDPOINTS.items() for case in _faults_of_json(path, good)),
    *(_json("/v1/campaigns", CAMPAIGN | wrong, named) for wrong, named in WRONG_CAMPAIGNS),
    *(_json("/v1/calls", CALL | wrong, named) for wrong, named in WRONG_CALLS),
    *WRONG_LISTS,
    *WRONG_QUERIES,
    *WRONG_KEYS,
    *NOWHERE,
    Case("GET", "/v1/nothing", 404, None),
    Case("GET", "/nothing", 404, None),
    Case("PUT", "/v1/campaigns", 405, None),
    Case("DELETE", "/v1/campaigns/ID", 405, None),
    Case("GET", "/v1/campaigns/ID/start", 405, None),
]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_bad_request_is_refused_and_changes_nothing(
    case: Case, api: aiohttp.ClientSession, campaign_id: str, everything: Everything
) -> None:
    """A bad request is answered by problem details that name the field, and Redis stays as it was."""
    before = await everything()
    path = case.path.replace("ID", campaign_id)
    async with api.request(
        case.method, path, data=BytesIO(case.body) if case.body else None, headers=case.headers
    ) as response:
        problem = await response.json()

    assert (case.status, case.named) == (response.status, problem.get("field"))
    assert case.status == problem["status"]
    assert "application/problem+json" == response.content_type
    assert before == await everything()


@pytest.mark.parametrize(
    ("steps", "refused"),
    [
        ((), "pause"),
        ((), "resume"),
        (("cancel",), "start"),
        (("cancel",), "pause"),
        (("cancel",), "resume"),
        (("start", "pause"), "start"),
    ],
)
async def test_wrong_state_is_refused_and_changes_nothing(
    steps: tuple[str, ...], refused: str, api: aiohttp.ClientSession, campaign_id: str, everything: Everything
) -> None:
    """A step that the state does not allow is a 409, and Redis stays as it was."""
    for step in steps:
        async with api.post(f"/v1/campaigns/{campaign_id}/{step}") as response:
            assert 200 == response.status
    before = await everything()
    async with api.post(f"/v1/campaigns/{campaign_id}/{refused}") as response:
        problem = await response.json()

    assert (409, "/problems/illegal-step") == (response.status, problem["type"])
    assert campaign_id in problem["detail"]
    assert before == await everything()


async def test_list_for_cancelled_campaign_is_refused_unread(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, everything: Everything
) -> None:
    """A cancelled campaign takes no list, whatever it holds."""
    await runtime.store.step(campaign_id, "cancel")
    before = await everything()
    async with api.post(f"/v1/campaigns/{campaign_id}/calls", data=b"\xff", headers=CSV) as response:
        assert 409 == response.status

    assert before == await everything()


async def test_problem_lists_every_wrong_field(api: aiohttp.ClientSession) -> None:
    """All fields to mend are told at once."""
    async with api.post("/v1/campaigns", json={"name": 1, "kind": "x", "script": {"text": "Hi."}, "z": 1}) as response:
        problem = await response.json()

    assert ["name", "kind", "z"] == [error["field"] for error in problem["errors"]]


async def test_broken_json_is_told_with_line_and_column(api: aiohttp.ClientSession) -> None:
    """Broken JSON is refused with the place where it breaks."""
    async with api.post("/v1/calls", data=b'{"number": "x",\n  oops}', headers=JSON) as response:
        problem = await response.json()

    assert "line 2 column 3" in problem["detail"]
