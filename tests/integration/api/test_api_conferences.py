"""`/v1/conferences`: what is begun, what is refused with which field, and what late callers hear."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from dialer.api.campaigns import draft, store_draft
from dialer.api.conference_bodies import NewConference
from dialer.api.conferences import SCOPE
from dialer.clock import moment, now_ms
from dialer.conferences.gathering import BY_HAND
from dialer.dialing import Dialing, Follows, Pace
from dialer.idempotency import IdempotencyKey
from dialer.runtime import Runtime
from dialer.states import CallState
from dialer.tokens import make_token
from tests.integration.api.conftest import SECRET

Json = dict[str, Any]
ANN, BOB = "+31201234567", "+31201234568"
BODY: Json = {
    "name": "Crisis team",
    "people": [{"number": ANN, "id": "chair", "name": "Ann"}, {"number": "020 123 4568", "name": "Bob"}],
    "moderator": "chair",
    "text": "{{ name }}, the crisis team meets.",
    "language": "en-GB",
    "join_key": "1",
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
    """A conference; its id."""
    status, told = await post(api, "/v1/conferences", BODY | wishes)
    assert 201 == status, told
    return str(told["id"])


async def test_conference_is_begun_at_once(api: aiohttp.ClientSession) -> None:
    """Everyone is in line, urgently, until an hour from now, and may be called again; it is a campaign, too."""
    async with api.post("/v1/conferences", json=BODY) as response:
        told, location = await response.json(), response.headers["Location"]
    assert (201, f"/v1/conferences/{told['id']}") == (response.status, location)
    assert ("waiting", None, "1", False) == (told["state"], told["reason"], told["join_key"], told["record"])
    assert [(ANN, "chair", "Ann", True, "waiting"), (BOB, None, "Bob", False, "waiting")] == [
        tuple(member[name] for name in ("number", "id", "name", "moderator", "state")) for member in told["members"]
    ]
    assert told == await get(api, location)
    campaign = await get(api, f"/v1/campaigns/{told['id']}")
    assert ("conference", "running", "urgent", 2) == tuple(campaign[n] for n in ("kind", "state", "priority", "total"))
    assert ({"busy", "no_answer", "machine", "failed"}, 7200) == (
        set(campaign["redial"]),
        campaign["terms"]["length_timer_s"],
    )
    lasts = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["created_at"])
    assert timedelta(seconds=3590) < lasts <= timedelta(seconds=3600)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"people": []}, "people"),
        ({"people": [{"number": "12"}]}, "people.0.number"),
        ({"people": [{"number": ANN, "name": "Ann"}, {"number": ANN, "name": "Ann"}]}, "people.1"),
        ({"people": [{"number": ANN, "id": "a"}, {"number": BOB, "id": "a"}]}, "people.1"),
        ({"people": [{"number": ANN, "id": "chair"}]}, "people.0.variables.name"),
        ({"people": [{"number": ANN, "id": "chair", "nme": "Ann"}]}, "people.0.nme"),
        ({"people": [{"number": ANN, "id": "chair", "name": "A\x00nn"}]}, "people.0.name"),
        ({"caller_ids": ["+0000000"]}, "caller_ids.0"),
        ({"moderator": BOB[:-1] + "9"}, "moderator"),
        ({"moderator": "nobody"}, "moderator"),
        ({"moderator": ANN, "people": [{"number": ANN, "id": n, "name": n} for n in "ab"]}, "moderator"),
        ({"text": "{{ name"}, "text"),
        ({"join_key": "12"}, "join_key"),
        ({"style": 98}, "style"),
        ({"music_on_hold_url": "ftp://x"}, "music_on_hold_url"),
        ({"join_key": None, "machine_detection": "continue"}, "machine_detection"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at"),
        ({"join_key": None, "redial": {"answered": {"times": 1, "after_s": 1}}}, "redial.answered"),
        ({"ringing_timer_s": 0}, "ringing_timer_s"),
        ({"name": ""}, "name"),
    ],
)
async def test_wrong_field_is_named_and_nothing_is_begun(api: aiohttp.ClientSession, wishes: Json, field: str) -> None:
    """What is wrong is told by its field, and there is no conference afterwards."""
    status, told = await post(api, "/v1/conferences", BODY | wishes)
    assert (422, field) == (status, told["field"]), told
    assert {"conferences": [], "next_cursor": None} == await get(api, "/v1/conferences")


async def test_fifty_first_is_refused_with_the_reason(api: aiohttp.ClientSession) -> None:
    """The carrier's limit is told, whether all are sent at once or one is added; nobody of too many is called."""
    people = [{"number": f"+3161234{n:04d}", "name": str(n)} for n in range(51)]
    wishes = {"people": people, "moderator": None}
    status, told = await post(api, "/v1/conferences", BODY | wishes)
    assert (422, "people") == (status, told["field"])
    assert "at most 50 members, the carrier's limit; these are 51" in told["detail"]
    assert [] == (await get(api, "/v1/conferences"))["conferences"]

    conference_id = await begin(api, **(wishes | {"people": people[:50]}))
    status, told = await post(api, f"/v1/conferences/{conference_id}/members", people[50])
    assert (409, "illegal-step") == (status, told["type"].rpartition("/")[2])
    assert "at most 50 members, the carrier's limit" in told["detail"]
    assert 50 == len((await get(api, f"/v1/conferences/{conference_id}"))["members"])


async def test_same_key_begins_one_conference(api: aiohttp.ClientSession) -> None:
    """The same request under its key is one conference, and its first answer is given again."""
    answers = [await post(api, "/v1/conferences", BODY, **{"Idempotency-Key": "crisis-1"}) for _ in range(2)]
    assert answers[0] == answers[1]
    assert 1 == len((await get(api, "/v1/conferences"))["conferences"])


@pytest.mark.parametrize("added", [False, True])
async def test_request_sent_again_finishes_what_a_crash_left(
    api: aiohttp.ClientSession, runtime: Runtime, *, added: bool
) -> None:
    """A crash leaves a draft that dials nobody; the same request under its key adds the people once, and starts it."""
    body = NewConference.model_validate_json(json.dumps(BODY))
    derived = IdempotencyKey(scope=SCOPE, key="crisis-2", body=body.model_dump_json()).derived_id()
    campaign = await draft(
        body.campaign(moderator="chair", expires_at=moment(now_ms(runtime.clock) + 3_600_000)), runtime
    )
    conference_id = await store_draft(runtime, campaign, derived)
    if added:
        await runtime.store.add_calls(
            conference_id, [one.call(runtime.settings) for one in body.people], import_id="conference"
        )
    left = await get(api, f"/v1/conferences/{conference_id}")
    assert ("draft", 2 * added) == (left["state"], len(left["members"]))

    status, told = await post(api, "/v1/conferences", BODY, **{"Idempotency-Key": "crisis-2"})
    assert (201, conference_id, "waiting", 2) == (status, told["id"], told["state"], len(told["members"]))


async def test_member_is_added_once(api: aiohttp.ClientSession) -> None:
    """One more person is called into it; the same person again is told to be there."""
    path = f"/v1/conferences/{await begin(api)}/members"
    new = {"number": "+31201234569", "name": "Cis"}
    status, told = await post(api, path, new)
    assert (201, "Cis", "waiting", False) == (status, told["name"], told["state"], told["moderator"])
    again = await post(api, path, new)
    assert (200, told["call_id"]) == (again[0], again[1]["call_id"])


@pytest.mark.parametrize(
    ("body", "field"),
    [({"number": "1"}, "number"), ({"number": BOB}, "variables.name"), ({"name": "Cis"}, "number")],
)
async def test_wrong_member_names_its_field(api: aiohttp.ClientSession, body: Json, field: str) -> None:
    """What a member lacks is told by its field."""
    status, told = await post(api, f"/v1/conferences/{await begin(api)}/members", body)
    assert (422, field) == (status, told["field"])


@pytest.mark.parametrize(
    ("body", "field"), [({"number": ANN, "id": "other"}, "number"), ({"number": "+31201234569", "id": ANN}, "id")]
)
async def test_nobody_becomes_a_second_moderator(api: aiohttp.ClientSession, body: Json, field: str) -> None:
    """Whom the moderator's number names by another way is not added; he himself, asked for again, is there already."""
    people = [{"number": ANN, "name": "Ann"}, {"number": BOB, "name": "Bob"}]
    path = f"/v1/conferences/{await begin(api, moderator=ANN, people=people)}"
    status, told = await post(api, f"{path}/members", body | {"name": "x"})
    assert (422, field) == (status, told["field"])
    assert 200 == (await post(api, f"{path}/members", people[0]))[0]
    assert [True, False] == [member["moderator"] for member in (await get(api, path))["members"]]


async def test_end_is_for_good(api: aiohttp.ClientSession) -> None:
    """After its end, asked for twice, nobody is added and nobody called again, and both say why."""
    conference_id = await begin(api)
    path = f"/v1/conferences/{conference_id}"
    for _ in range(2):
        status, told = await post(api, f"{path}/end")
        assert (202, "over", BY_HAND) == (status, told["state"], told["reason"])
    status, told = await post(api, f"{path}/members", {"number": "+31201234569", "name": "Cis"})
    assert (409, f"conference {conference_id} is over; begin a new one") == (status, told["detail"])
    status, told = await post(api, f"{path}/members/{conference_id}-1/call-again")
    assert (409, True) == (status, "is over" in told["detail"])


@pytest.mark.parametrize(
    "path",
    [
        "conferences/{campaign}/end",
        "conferences/{campaign}/members/{campaign}-1/mute",
        "conferences/{conference}/members/{campaign}-1/drop",
        "conferences/{conference}/members/{conference}-9/call-again",
        "conferences/cnone/end",
    ],
)
async def test_what_is_no_conference_or_no_member_is_not_found(
    api: aiohttp.ClientSession, campaign_id: str, path: str
) -> None:
    """Campaigns of other kinds are no conferences, and others' calls no members."""
    told = await post(api, "/v1/" + path.format(campaign=campaign_id, conference=await begin(api)))
    assert 404 == told[0]


async def test_orders_need_a_carrier(api: aiohttp.ClientSession) -> None:
    """An API without the carrier's settings says so, whatever a member's state."""
    conference_id = await begin(api)
    status, told = await post(api, f"/v1/conferences/{conference_id}/members/{conference_id}-1/mute")
    assert (503, "no-carrier") == (status, told["type"].rpartition("/")[2])


async def test_conferences_are_listed_in_pages(api: aiohttp.ClientSession) -> None:
    """Newest first, each with its members."""
    ids = [await begin(api, name=str(n)) for n in range(3)]
    first = await get(api, "/v1/conferences?limit=2")
    last = await get(api, f"/v1/conferences?limit=2&cursor={first['next_cursor']}")
    assert (ids[::-1], None) == (
        [one["id"] for one in (*first["conferences"], *last["conferences"])],
        last["next_cursor"],
    )
    assert {2} == {len(one["members"]) for one in first["conferences"]}


async def test_latecomer_hears_that_it_is_over(
    api: aiohttp.ClientSession, stranger: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """Who picks up after the end, or presses the key after it, is told so and is not put in."""
    conference_id = await begin(api)
    webhooks = f"/webhooks/{make_token(SECRET, await _placed(runtime))}"
    asked: Any = await get(stranger, f"{webhooks}/answer")
    await post(api, f"/v1/conferences/{conference_id}/end")
    late: Any = await get(stranger, f"{webhooks}/answer")
    pressed: Any = (await post(stranger, f"{webhooks}/reply/0", {"dtmf": {"digits": "1"}}))[1]

    assert ["talk", "talk", "input"] == [action["action"] for action in asked]
    expected = "The conference is over already. Goodbye."
    assert [[expected], [expected]] == [[action["text"] for action in said] for said in (late, pressed)]
    (chair, _) = (await get(api, f"/v1/conferences/{conference_id}"))["members"]
    assert (0, "ringing") == (chair["stays"], chair["state"])


async def _placed(runtime: Runtime) -> str:
    """An attempt under way at whoever is first in line."""
    dialing = Dialing(runtime.batch, runtime.clock, Pace(3, 1), life=runtime.life)
    (dial,) = await dialing.read((await dialing.claim(1)).claims)
    await dialing.begin(dial, "nonce", lease_ms=60_000)
    return str(dial.attempt)


async def test_campaign_of_the_kind_conference(api: aiohttp.ClientSession) -> None:
    """A conference may be made step by step, as any campaign: created, filled from a list of at most fifty, started."""
    script = {"text": "Hello {{ name }}.", "language": "en-GB", "moderator": "i7"}
    status, told = await post(api, "/v1/campaigns", {"name": "Board", "kind": "conference", "script": script})
    assert (201, "hangup") == (status, told["terms"]["machine_detection"])
    path, headers = f"/v1/campaigns/{told['id']}", {"Content-Type": "text/csv"}
    rows = "number,id,name\n" + "".join(f"+3161234{n:04d},i{n},N{n}\n" for n in range(51))
    async with api.post(f"{path}/calls", data=rows, headers=headers) as response:
        refused = await response.json()
    assert (409, 0) == (response.status, refused["accepted"])
    async with api.post(f"{path}/calls", data=rows[: rows.index("+31612340050")], headers=headers) as response:
        assert 50 == (await response.json())["accepted"]
    await post(api, f"{path}/start")
    assert ("waiting", 50) == (
        (seen := await get(api, f"/v1/conferences/{told['id']}"))["state"],
        len(seen["members"]),
    )


async def test_conference_without_its_moderator_is_not_started(api: aiohttp.ClientSession) -> None:
    """A list in which nobody is the moderator would leave everybody waiting: the start says so, and he can be added."""
    script = {"text": "Hello.", "language": "en-GB", "moderator": ANN}
    _, told = await post(api, "/v1/campaigns", {"name": "Board", "kind": "conference", "script": script})
    path = f"/v1/campaigns/{told['id']}"
    for person, expected in (({"number": BOB}, 409), ({"number": ANN}, 200)):
        async with api.post(f"{path}/calls", json=[person]) as response:
            assert 1 == (await response.json())["accepted"]
        status, told = await post(api, f"{path}/start")
        assert expected == status, told
    assert 200 == (await post(api, f"{path}/start"))[0]


async def test_member_is_called_again_once_under_a_key(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Asked again under the same key, since no answer came, nobody who was called by then is called once more."""
    conference_id = await begin(api)
    call_id = f"{conference_id}-1"
    path = f"/v1/conferences/{conference_id}/members/{call_id}/call-again"
    statuses = [(await post(api, path, **{"Idempotency-Key": "k"}))[0]]
    dialing = Dialing(runtime.batch, runtime.clock, Pace(300, 100), life=runtime.life)
    dials = await dialing.read((await dialing.claim(10)).claims)
    dial = next(dial for dial in dials if str(dial.attempt.call) == call_id)
    await dialing.begin(dial, "n", lease_ms=60_000)
    await dialing.record(dial, "n", Follows("invalid_number", "refused: invalid_number", "", 0))
    ended = (await runtime.store.call(call_id)).state
    statuses.append((await post(api, path, **{"Idempotency-Key": "k"}))[0])
    replayed = (await runtime.store.call(call_id)).state
    statuses.append((await post(api, path, **{"Idempotency-Key": "l"}))[0])

    assert [200, 200, 200] == statuses
    assert (CallState.DONE, CallState.DONE, CallState.WAITING) == (
        ended,
        replayed,
        (await runtime.store.call(call_id)).state,
    )
