"""`/v1/escalations`: what is begun, what is refused with which field, who confirms by key and by hand, and its end."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from dialer.api.campaigns import draft, store_draft
from dialer.api.escalation_bodies import NewEscalation
from dialer.api.escalations import SCOPE
from dialer.clock import moment, now_ms
from dialer.dialing import Dialing, Follows, Pace
from dialer.idempotency import IdempotencyKey
from dialer.runtime import Runtime
from dialer.tokens import make_token
from jobs.context import ArqContext
from jobs.escalation import watch_escalations
from tests.integration.api.conftest import SECRET

Json = dict[str, Any]
ANN, BOB, LEAD = "+31201234567", "+31201234568", "+31201234569"
BODY: Json = {
    "name": "Pump three",
    "text": "{{ name }}, pump three has stopped.",
    "language": "en-GB",
    "steps": [
        {"people": [{"number": ANN, "id": "ann", "name": "Ann"}, {"number": "020 123 4568", "name": "Bob"}]},
        {"people": [{"number": LEAD, "name": "Lead"}], "wait_s": 120, "advance": "after_wait"},
    ],
}


async def post(api: aiohttp.ClientSession, path: str, body: Any = None, **headers: str) -> tuple[int, Json]:
    """POST; status and answer."""
    async with api.post(path, json=body, headers=headers) as response:
        return response.status, await response.json()


async def get(api: aiohttp.ClientSession, path: str) -> Json:
    """GET; the answer."""
    async with api.get(path) as response:
        told: Json = await response.json()
        return told


async def begin(api: aiohttp.ClientSession, **wishes: Any) -> str:
    """An escalation; its id."""
    status, told = await post(api, "/v1/escalations", BODY | wishes)
    assert 201 == status, told
    return str(told["id"])


async def watch(runtime: Runtime) -> None:
    """A worker looks."""

    class Worker:
        def __init__(self) -> None:
            self.runtime = runtime

    await watch_escalations(ArqContext(context=Worker()))  # type: ignore[typeddict-item] # as much as it asks for


async def ring(runtime: Runtime, count: int) -> list[str]:
    """So many calls are placed; their attempts."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(1000, 10), life=runtime.life)
    dials = await dialing.read((await dialing.claim(count)).claims)
    for dial in dials:
        await dialing.begin(dial, "nonce", lease_ms=60_000)
        until = now_ms(runtime.clock) + 60_000
        await dialing.record(dial, "nonce", Follows("live", "placed", f"u-{dial.attempt}", until))
    return [str(dial.attempt) for dial in dials]


async def press(stranger: aiohttp.ClientSession, attempt_id: str, digits: str = "1") -> Any:
    """Somebody presses a key; what is heard then."""
    path = f"/webhooks/{make_token(SECRET, attempt_id)}/reply/:0"
    body = {"dtmf": {"digits": digits, "timed_out": False}, "uuid": "u", "timestamp": "2026-11-27T09:00:00.000Z"}
    async with stranger.post(path, json=body) as response:
        assert 200 == response.status, await response.text()
        return await response.json()


async def until_over(api: aiohttp.ClientSession, escalation_id: str) -> Json:
    """What the API did beside its answer shows."""
    async with asyncio.timeout(10):
        while (seen := await get(api, f"/v1/escalations/{escalation_id}"))["state"] != "over":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    return seen


async def test_escalation_is_begun(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """It runs at once, urgently and at any hour, and its first step has begun; it is a campaign, too."""
    async with api.post("/v1/escalations", json=BODY) as response:
        told, location = await response.json(), response.headers["Location"]
    assert (201, f"/v1/escalations/{told['id']}") == (response.status, location)
    assert ("running", None, 1, [], 1, 2, 1) == tuple(
        told[name] for name in ("state", "reason", "needed", "confirmations", "step", "steps", "rounds")
    )
    assert [("ann", "Ann", ANN, [1]), (None, "Bob", BOB, [1]), (None, "Lead", LEAD, [2])] == [
        (p["id"], p["name"], p["number"], p["steps"]) for p in told["people"]
    ]
    campaign = await get(api, f"/v1/campaigns/{told['id']}")
    assert ("escalation", "urgent", "running", 60.0) == (
        campaign["kind"], campaign["priority"], campaign["state"], campaign["redial"]["busy"]["after_s"],
    )  # fmt: skip
    assert "people" not in str(campaign["script"]), "who is called stands beside what is said"

    await watch(runtime)
    seen = await get(api, f"/v1/escalations/{told['id']}")
    assert (1, 1, ["waiting"] * 3) == (seen["step"], seen["round"], [p["state"] for p in seen["people"]])
    begun, following = (datetime.fromisoformat(seen[name]) for name in ("step_since", "next_at"))
    assert timedelta(seconds=300) == following - begun
    assert [told["id"]] == [one["id"] for one in (await get(api, "/v1/escalations"))["escalations"]]
    assert 2 == len((await get(api, f"/v1/campaigns/{told['id']}/calls"))["calls"])


async def test_key_ends_it(api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, runtime: Runtime) -> None:
    """The key that was enough ends it without any worker; who presses it later hears so and is recorded, too."""
    escalation_id = await begin(api)
    await watch(runtime)
    ann, bob = await ring(runtime, 2)
    said = await press(stranger, ann)
    seen = await until_over(api, escalation_id)
    assert ("Thank you. Your confirmation has been received.", "confirmed") == (said[0]["text"], seen["reason"])
    assert [("ann", "Ann", ANN, "1", ann, False, False)] == [
        tuple(one[name] for name in ("id", "name", "number", "key", "attempt_id", "by_hand", "late"))
        for one in seen["confirmations"]
    ]

    assert "Thank you. It has been settled already." == (await press(stranger, bob))[0]["text"]
    await press(stranger, bob)  # the carrier repeats it
    seen = await get(api, f"/v1/escalations/{escalation_id}")
    assert [("Ann", False), ("Bob", True)] == [(one["name"], one["late"]) for one in seen["confirmations"]]


async def test_another_key_ends_nothing(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """A key that means nothing is asked again, and the next one counts."""
    escalation_id = await begin(api)
    await watch(runtime)
    ann, _ = await ring(runtime, 2)
    await press(stranger, ann, "5")
    assert [] == (await get(api, f"/v1/escalations/{escalation_id}"))["confirmations"]
    await press(stranger, ann)
    assert ["1"] == [one["key"] for one in (await until_over(api, escalation_id))["confirmations"]]


@pytest.mark.parametrize("named", ["ann", ANN, "020 123 4567"])
async def test_confirmed_at_the_desk(api: aiohttp.ClientSession, named: str) -> None:
    """By id or number, as people write it; asked again it is refused, since it is over."""
    escalation_id = await begin(api)
    path = f"/v1/escalations/{escalation_id}/confirm"
    status, told = await post(api, path, {"person": named, "by": "desk two"})
    assert (200, "over", "confirmed") == (status, told["state"], told["reason"])
    assert [("ann", None, None, True, "desk two")] == [
        tuple(one[name] for name in ("id", "key", "attempt_id", "by_hand", "by")) for one in told["confirmations"]
    ]
    assert 200 == (await post(api, path, {"person": named}))[0], "the first word stays"
    assert 409 == (await post(api, path, {"person": BOB}))[0]


async def test_ended_by_hand(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Nobody is called any more, asked twice as well; a list cannot be added to it, nor a step begun."""
    escalation_id = await begin(api)
    await watch(runtime)
    for _ in range(2):
        status, told = await post(api, f"/v1/escalations/{escalation_id}/end")
        assert (202, "over", "ended by hand") == (status, told["state"], told["reason"])
    assert ["not_called"] * 3 == [person["state"] for person in told["people"]]
    assert [] == await ring(runtime, 9)
    campaign = await get(api, f"/v1/campaigns/{escalation_id}")
    assert ("cancelled", 2) == next((d, n) for d, n in campaign["dispositions"].items() if n)


async def test_same_request_again_begins_nothing_more(api: aiohttp.ClientSession) -> None:
    """Under one key there is one escalation, however often it is asked for."""
    first = await post(api, "/v1/escalations", BODY, **{"Idempotency-Key": "alarm-1"})
    again = await post(api, "/v1/escalations", BODY, **{"Idempotency-Key": "alarm-1"})
    assert first == again
    assert 1 == len((await get(api, "/v1/escalations"))["escalations"])


@pytest.mark.parametrize("crashed", ["behind the draft", "behind the plan"])
async def test_crash_in_between_is_finished_by_the_same_request(
    api: aiohttp.ClientSession, runtime: Runtime, crashed: str
) -> None:
    """What a crash left is a draft that nobody is called by; the same request under its key goes on with it."""
    body = NewEscalation.model_validate_json(json.dumps(BODY))
    key = IdempotencyKey(scope=SCOPE, key="alarm-1", body=body.model_dump_json())
    until = moment(now_ms(runtime.clock)) + timedelta(hours=1)
    escalation_id = await store_draft(runtime, await draft(body.campaign(until), runtime), key.derived_id())
    if crashed == "behind the plan":
        await runtime.store.store_plan(escalation_id, body.plan(runtime.settings), until=until)
    await watch(runtime)
    assert "draft" == (await get(api, f"/v1/escalations/{escalation_id}"))["state"]

    status, told = await post(api, "/v1/escalations", BODY, **{"Idempotency-Key": "alarm-1"})
    assert (201, escalation_id, "running", 3) == (status, told["id"], told["state"], len(told["people"]))
    await watch(runtime)
    assert 1 == (await get(api, f"/v1/escalations/{escalation_id}"))["step"]


def with_person(**fields: Any) -> Json:
    """A body of one step with one person who has these fields."""
    return {"steps": [{"people": [{"number": ANN, "name": "Ann"} | fields]}]}


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"people": []}]}, "steps.0.people"),
        (with_person(number="12"), "steps.0.people.0.number"),
        (with_person(others=["12"]), "steps.0.people.0.others.0"),
        (with_person(number="+4930123456"), "steps.0.people.0.number"),
        (with_person(timezone="Amsterdam"), "steps.0.people.0.timezone"),
        (with_person(name=None), "steps.0.people.0.variables.name"),
        (with_person(variables={"Step": "9"}), "steps.0.people.0.variables.Step"),
        ({"steps": [{"people": [{"number": ANN, "name": "A"}] * 2}]}, "steps.0.people.1"),
        (
            {"steps": [{"people": [{"number": ANN, "name": "A"}, {"number": ANN, "id": "x", "name": "A"}]}]},
            "steps.0.people.1.id",
        ),
        ({"needed": 4}, "needed"),
        ({"needed": 0}, "needed"),
        ({"repeat": 0}, "repeat"),
        ({"steps": [BODY["steps"][0] | {"wait_s": 0}]}, "steps.0.wait_s"),
        ({"steps": [BODY["steps"][0] | {"advance": "soon"}]}, "steps.0.advance"),
        ({"confirm_key": "x"}, "confirm_key"),
        ({"confirm_key": None}, "confirm_key"),
        ({"settled_text": "{{ who }}"}, "settled_text"),
        ({"text": ""}, "text"),
        ({"language": "German!"}, "language"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"redial": {"busy": {"times": 1}}}, "redial.busy.after_s"),
        ({"callback_url": "http://10.0.0.1/"}, "callback_url"),
        ({"people": []}, "people"),
    ],
)
async def test_refused_with_the_field(api: aiohttp.ClientSession, wishes: Json, field: str) -> None:
    """Bad input names its place and calls nobody."""
    status, told = await post(api, "/v1/escalations", BODY | wishes)
    assert (422, field) == (status, told["errors"][0]["field"]), told
    assert [] == (await get(api, "/v1/escalations"))["escalations"]


async def test_too_many_calls_are_refused(api: aiohttp.ClientSession) -> None:
    """All steps of all rounds count."""
    people = [{"number": f"+3120123{n:04}", "name": "X"} for n in range(300)]
    status, told = await post(api, "/v1/escalations", BODY | {"steps": [{"people": people}], "repeat": 2})
    assert (422, "steps") == (status, told["errors"][0]["field"])


async def test_nobody_else_is_confirmed(api: aiohttp.ClientSession) -> None:
    """Who is none of the people cannot be."""
    path = f"/v1/escalations/{await begin(api)}/confirm"
    for named in ("nobody", "+31209999999"):
        status, told = await post(api, path, {"person": named})
        assert (422, "person") == (status, told["errors"][0]["field"])


@pytest.mark.parametrize("what", ["", "/end", "/confirm"])
async def test_other_campaigns_are_no_escalations(api: aiohttp.ClientSession, campaign_id: str, what: str) -> None:
    """A campaign of another kind is not found here."""
    path = f"/v1/escalations/{campaign_id}{what}"
    body = {"person": "x"} if what == "/confirm" else None
    async with api.get(path) if not what else api.post(path, json=body) as response:
        assert 404 == response.status


async def test_not_made_or_filled_as_a_campaign(api: aiohttp.ClientSession) -> None:
    """Without a plan there is none; and whoever stands in no step is not called."""
    status, told = await post(api, "/v1/campaigns", {"name": "X", "kind": "escalation", "script": {"text": "Hello."}})
    assert (422, "kind") == (status, told["errors"][0]["field"])
    path, headers = f"/v1/campaigns/{await begin(api)}/calls", {"Content-Type": "text/csv"}
    async with api.post(path, data="number,name\n+31201111111,X\n", headers=headers) as response:
        assert (409, True) == (response.status, "people of its steps alone" in (await response.json())["detail"])


async def test_another_round_of_it_is_a_notification(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Those who were not reached hear the same, with the key, in an ordinary campaign."""
    escalation_id = await begin(api, settled_text="It is done.")
    await watch(runtime)
    await post(api, f"/v1/escalations/{escalation_id}/end")
    status, told = await post(api, f"/v1/campaigns/{escalation_id}/again", {"name": "second round"})
    assert (202, "notification", BODY["text"], "1") == (
        status, told["kind"], told["script"]["text"], told["script"]["confirm_key"],
    )  # fmt: skip
