"""A campaign that names the escalation to begin: what is taken, what is refused with which field, and what is told."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from dialer.clock import now_ms
from dialer.dialing import Dialing, Follows, Pace
from dialer.escalations.escalating import escalation_id
from dialer.runtime import Runtime
from jobs.context import ArqContext
from jobs.escalating import escalate

Json = dict[str, Any]
PERSON, ANN, LEAD = "+31612345678", "+31201234567", "+31201234569"
ALARM: Json = {
    "name": "Not reached",
    "text": "{{ name }}, {{ call_name }} does not answer on {{ call_number }}.",
    "language": "en-GB",
    "steps": [{"people": [{"number": "020 123 4567", "id": "ann", "name": "Ann"}]},
              {"people": [{"number": LEAD, "name": "Lead"}], "wait_s": 120, "advance": "after_wait"}],
    "settled_text": "Somebody else sees to {{ call_name }}.",
    "redial": {"busy": {"times": 2, "after_s": 30}},
}  # fmt: skip
BODY: Json = {
    "name": "Appointments",
    "kind": "notification",
    "script": {"text": "Hello {{ name }}.", "language": "en-GB", "confirm_key": "1"},
    "redial": {"rejected": {"times": 0, "then": "escalate"}},
    "escalation": ALARM,
}


async def post(api: aiohttp.ClientSession, path: str, body: Any = None) -> tuple[int, Json]:
    """POST; status and answer."""
    async with api.post(path, json=body) as response:
        return response.status, await response.json()


async def get(api: aiohttp.ClientSession, path: str) -> Json:
    """GET; the answer."""
    async with api.get(path) as response:
        told: Json = await response.json()
        return told


async def made(api: aiohttp.ClientSession, **wishes: Any) -> Json:
    """A campaign."""
    status, told = await post(api, "/v1/campaigns", BODY | wishes)
    assert 201 == status, told
    return told


async def given_up(api: aiohttp.ClientSession, runtime: Runtime) -> str:
    """A campaign's one call is rejected, and a worker has looked; its id."""
    campaign_id = (await made(api))["id"]
    rows = f"number,id,name\n{PERSON},k-1,Fenna\n"
    headers = {"Content-Type": "text/csv"}
    async with api.post(f"/v1/campaigns/{campaign_id}/calls", data=rows, headers=headers) as response:
        assert 200 == response.status, await response.text()
    await post(api, f"/v1/campaigns/{campaign_id}/start")
    await asyncio.sleep(0.01)
    dialing = Dialing(runtime.batch, runtime.clock, Pace(1000, 10), life=runtime.life)
    (dial,) = await dialing.read((await dialing.claim(1)).claims)
    await dialing.begin(dial, "nonce", lease_ms=60_000)
    await dialing.record(dial, "nonce", Follows("rejected", "refused: blocked", "", now_ms(runtime.clock)))

    class Worker:
        def __init__(self) -> None:
            self.runtime = runtime

    await escalate(ArqContext(context=Worker()))  # type: ignore[typeddict-item] # as much as it asks for
    return f"{campaign_id}-1"


async def test_call_and_escalation_tell_of_each_other(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """The call names the escalation, and that the call; its people are called."""
    call_id = await given_up(api, runtime)
    call = await get(api, f"/v1/calls/{call_id}")
    seen = await get(api, f"/v1/escalations/{call['escalation_id']}")
    calls = (await get(api, f"/v1/campaigns/{seen['id']}/calls"))["calls"]

    assert (escalation_id(call_id), call_id, "running", 1) == (seen["id"], seen["call_id"], seen["state"], seen["step"])
    assert [(ANN, "Ann", "Fenna", "+31 6 12345678")] == [
        (one["number"], *(one["variables"][name] for name in ("name", "call_name", "call_number"))) for one in calls
    ]
    assert ["ann", None] == [one["id"] for one in seen["people"]]
    assert ["urgent"] == [(await get(api, f"/v1/campaigns/{seen['id']}"))["priority"]]


async def test_dialer_is_audited_as_who_began_it(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Nobody asked for it: the dialer did, and the log tells for which call."""
    call_id = await given_up(api, runtime)
    (entry,) = (await get(api, "/v1/audit?action=escalation.begun"))["entries"]
    assert ("dialer", {"call_id": call_id}) == (entry["actor"], entry["details"])


async def test_it_is_told_as_it_is_taken(api: aiohttp.ClientSession) -> None:
    """What a campaign tells of its escalation makes the same one."""
    told = (await made(api))["escalation"]
    again = (await made(api, escalation=told))["escalation"]

    assert told == again
    assert ["+31201234567", LEAD] == [step["people"][0]["number"] for step in told["steps"]]
    assert ALARM["text"] == told["text"]
    assert ("urgent", 1, 1) == (told["priority"], told["needed"], told["repeat"])
    assert (await made(api, escalation=None, redial={}))["escalation"] is None


async def test_another_round_takes_it_along(api: aiohttp.ClientSession) -> None:
    """A campaign made from another has its escalation, unless it is given another one."""
    first = await made(api)
    status, second = await post(api, f"/v1/campaigns/{first['id']}/again", {"name": "Second"})
    other = ALARM | {"needed": 2}
    _, third = await post(api, f"/v1/campaigns/{first['id']}/again", {"name": "Third", "escalation": other})

    assert (202, first["escalation"], first["redial"]) == (status, second["escalation"], second["redial"])
    assert 2 == third["escalation"]["needed"]


async def test_policy_is_changed_while_it_runs(api: aiohttp.ClientSession) -> None:
    """A campaign that has an escalation may begin to begin it; one that has none may not."""
    with_one = (await made(api, redial={}))["id"]
    without = (await made(api, redial={}, escalation=None))["id"]
    change = {"redial": {"busy": {"times": 1, "after_s": 60, "then": "escalate"}}}
    async with api.patch(f"/v1/campaigns/{with_one}", json=change) as response:
        changed = await response.json()
    async with api.patch(f"/v1/campaigns/{without}", json=change) as response:
        refused = await response.json()

    assert "escalate" == changed["redial"]["busy"]["then"]
    assert ("redial.busy.then", 422) == (refused["field"], refused["status"])


@pytest.mark.parametrize(
    ("field", "wishes"),
    [
        ("redial.rejected.then", {"escalation": None}),
        ("escalation", {"escalation": "ann"}),
        ("escalation.steps", {"escalation": {"name": "x", "text": "x"}}),
        ("escalation.steps.0.people.0.number", {"escalation": ALARM | {"steps": [{"people": [{"number": "12"}]}]}}),
        ("escalation.steps.0.people", {"escalation": ALARM | {"steps": [{"people": []}]}}),
        ("escalation.needed", {"escalation": ALARM | {"needed": 3}}),
        ("escalation.text", {"escalation": ALARM | {"text": "{{ name }"}}),
        ("escalation.whatever", {"escalation": ALARM | {"whatever": 1}}),
        ("escalation.expires_at", {"escalation": ALARM | {"expires_at": "2099-01-01T00:00:00Z"}}),
        ("escalation.redial.busy.then", {"escalation": ALARM | {"redial": {"busy": {"times": 0, "then": "escalate"}}}}),
        (
            "escalation.steps.0.people.0.variables.call_street",
            {"escalation": ALARM | {"text": "{{ call_street }}", "settled_text": None}},
        ),
        (
            "escalation.steps.0.people.0.variables.call_name",
            {"escalation": ALARM | {"steps": [{"people": [{"number": ANN, "variables": {"call_name": "x"}}]}]}},
        ),
        ("escalation.override_windows", {"escalation": ALARM | {"override_windows": True}}),
    ],
)
async def test_wrong_escalation_is_refused(api: aiohttp.ClientSession, field: str, wishes: Json) -> None:
    """The field is named as it stands in the campaign, and nothing is created."""
    status, told = await post(api, "/v1/campaigns", BODY | wishes)
    assert (422, field) == (status, told["field"]), told
    assert [] == (await get(api, "/v1/campaigns"))["campaigns"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/escalations", ALARM | {"text": "Hello.", "settled_text": None}),
        ("/v1/conferences", {"name": "x", "text": "Hello.", "people": [{"number": ANN}]}),
    ],
)
async def test_what_has_no_escalation_does_not_begin_one(api: aiohttp.ClientSession, path: str, body: Json) -> None:
    """Neither an escalation nor a conference has one to begin."""
    status, told = await post(api, path, body | {"redial": {"busy": {"times": 0, "then": "escalate"}}})
    assert (422, "redial.busy.then") == (status, told["field"]), told


async def test_script_that_tells_less_is_refused(api: aiohttp.ClientSession) -> None:
    """A change of the text must leave what the escalation says of a call: later lists could lack it."""
    campaign_id = (await made(api))["id"]
    async with api.patch(
        f"/v1/campaigns/{campaign_id}", json={"script": BODY["script"] | {"text": "Hello."}}
    ) as response:
        told = await response.json()
    assert (422, "script", True) == (told["status"], told["field"], "call_name" in told["detail"])
