"""`PATCH /v1/campaigns/{id}`: what may become otherwise, also while it runs, and what may not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from dialer.model import Priority
from dialer.runtime import Runtime
from tests.integration.api.conftest import CAMPAIGN

Everything = Callable[[], Awaitable[dict[str, bytes]]]
Json = dict[str, Any]

ALL_CAPS = {"tries_day": 2, "tries_week": 5, "spacing_s": 60.0}
NO_CAPS = {"tries_day": None, "tries_week": None, "spacing_s": 0.0}
BUSY = {"busy": {"times": 2, "after_s": 300}}
CSV = {"Content-Type": "text/csv"}
FORECAST = {"finishes_at": None}
"""It moves with time."""
CONFERENCE: Json = {"kind": "conference", "script": {"text": "Hello.", "moderator": None}}


async def _change(api: aiohttp.ClientSession, campaign_id: str, body: Any) -> tuple[int, Json]:
    async with api.patch(f"/v1/campaigns/{campaign_id}", json=body) as response:
        return response.status, await response.json()


async def _create(api: aiohttp.ClientSession, **fields: Any) -> Json:
    async with api.post("/v1/campaigns", json=CAMPAIGN | fields) as response:
        told: Json = await response.json()
        assert 201 == response.status, told
        return told


async def _seen(api: aiohttp.ClientSession, campaign_id: str) -> Json:
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        told: Json = await response.json()
        return told | FORECAST


async def _make_list(api: aiohttp.ClientSession, name: str) -> None:
    await (await api.post("/v1/suppressions/add", json={"number": "+31612345678", "list": name})).read()


async def _step(api: aiohttp.ClientSession, campaign_id: str, verb: str) -> None:
    await (await api.post(f"/v1/campaigns/{campaign_id}/{verb}")).read()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight", 7),
        ("slots", 3),
        ("calls_per_second", 0.5),
        ("caps", ALL_CAPS),
        ("suppression_lists", ["staff", "vip"]),
        ("max_tries", 4),
    ],
)
@pytest.mark.parametrize("runs", [False, True])
async def test_each_field_is_changed_and_nothing_else(
    *, field: str, value: Any, runs: bool, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """A draft and a running campaign alike, but for its version; the answer is the campaign as it is then."""
    for name in ("staff", "vip"):
        await _make_list(api, name)
    if runs:
        await api.post(f"/v1/campaigns/{campaign_id}/calls", data="number,name\n0612345678,Ann\n", headers=CSV)
        await _step(api, campaign_id, "start")
    before = await _seen(api, campaign_id)
    status, after = await _change(api, campaign_id, {field: value})

    assert 200 == status
    changed = {field: value, "version": before["version"] + 1}
    assert before | changed == after | FORECAST == await _seen(api, campaign_id)


async def test_redials_are_replaced_as_a_whole(api: aiohttp.ClientSession) -> None:
    """What is not named any more is not dialed again."""
    made = await _create(api, redial=BUSY | {"rejected": {"times": 1, "after_s": 60}}, max_tries=5)
    _, after = await _change(api, made["id"], {"redial": {"busy": {"times": 3, "after_s": 60, "growth": 2}}})

    assert (["busy"], 3, 2.0, 5) == (
        list(after["redial"]),
        after["redial"]["busy"]["times"],
        after["redial"]["busy"]["growth"],
        after["max_tries"],
    )


@pytest.mark.parametrize("field", ["slots", "calls_per_second", "max_tries", "caps"])
async def test_null_takes_a_limit_away(field: str, api: aiohttp.ClientSession) -> None:
    """Others stay."""
    limits = {"slots": 3, "calls_per_second": 2.0, "max_tries": 4, "caps": ALL_CAPS}
    made = await _create(api, **limits)
    status, after = await _change(api, made["id"], {field: None})

    assert 200 == status
    assert limits | {field: NO_CAPS if field == "caps" else None} == {name: after[name] for name in limits}


async def test_a_cap_that_is_left_out_stays(api: aiohttp.ClientSession) -> None:
    """Each of them is a limit of its own."""
    made = await _create(api, caps=ALL_CAPS)
    await _change(api, made["id"], {"caps": {"tries_week": None}})
    _, after = await _change(api, made["id"], {"caps": {"tries_day": 3}})

    assert {"tries_day": 3, "tries_week": None, "spacing_s": 60.0} == after["caps"]


async def test_the_text_is_changed_and_counted(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Its versions are numbered; the same text again is no other one."""
    script = {"text": "Goodbye {{ name }}.", "language": "en-GB"}
    for _ in range(2):
        status, after = await _change(api, campaign_id, {"script": script})

        assert (200, 2, "Goodbye {{ name }}.") == (status, after["script_version"], after["script"]["text"])


async def test_what_a_text_asks_of_the_carrier_goes_with_it(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Machine detection stands in the script, and the other terms stay."""
    made = await _create(api, ringing_timer_s=20, script={"text": "Hello."})
    script = {"text": "Hello.", "voicemail_text": "Later.", "machine_detection": "continue"}
    _, after = await _change(api, made["id"], {"script": script})

    assert ("continue", 20) == (after["terms"]["machine_detection"], after["terms"]["ringing_timer_s"])
    assert campaign_id != after["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"weight": None}, "weight"),
        ({"weight": 0}, "weight"),
        ({"weight": 1001}, "weight"),
        ({"weight": 1.5}, "weight"),
        ({"weight": "3"}, "weight"),
        ({"slots": 0}, "slots"),
        ({"slots": 1_000_001}, "slots"),
        ({"slots": True}, "slots"),
        ({"calls_per_second": 0}, "calls_per_second"),
        ({"calls_per_second": 10_001}, "calls_per_second"),
        ({"caps": {"tries_day": 0}}, "caps.tries_day"),
        ({"caps": {"tries_week": 1001}}, "caps.tries_week"),
        ({"caps": {"spacing_s": -1}}, "caps.spacing_s"),
        ({"caps": {"spacing_s": 604_801}}, "caps.spacing_s"),
        ({"caps": {"tries": 1}}, "caps.tries"),
        ({"suppression_lists": None}, "suppression_lists"),
        ({"suppression_lists": ["vip", "none"]}, "suppression_lists.1"),
        ({"suppression_lists": ["*"]}, "suppression_lists.0"),
        ({"suppression_lists": ["No Name"]}, "suppression_lists.0"),
        ({"suppression_lists": [f"l{number}" for number in range(11)]}, "suppression_lists"),
        ({"redial": None}, "redial"),
        ({"redial": {"answered": {"times": 1, "after_s": 1}}}, "redial.answered"),
        ({"redial": {"busy": {"times": 1}}}, "redial.busy.after_s"),
        ({"redial": {"confirmed": {"times": 1, "after_s": 1}}}, "redial.confirmed"),
        ({"max_tries": 0}, "max_tries"),
        ({"script": None}, "script"),
        ({"script": {"text": ""}}, "script.text"),
        ({"script": {"text": "Hello {{ name }} of {{ street }}."}}, "script"),
        ({"script": {"text": "Hello.", "confirm_key": "x"}}, "script.confirm_key"),
        ({"priority": "urgent"}, "priority"),
        ({"name": "Other"}, "name"),
        ({"weight": 2, "slots": 0}, "slots"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_changed(
    body: Json, field: str, api: aiohttp.ClientSession, campaign_id: str, everything: Everything
) -> None:
    """All of a change is made, or nothing of it."""
    await _make_list(api, "vip")
    before = await everything()
    status, problem = await _change(api, campaign_id, body)

    assert (422, field) == (status, problem["field"])
    assert before == await everything()


async def test_a_text_with_another_variable_is_refused_by_its_name(
    api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """The calls that were added may lack it; one variable less is fine."""
    _, problem = await _change(api, campaign_id, {"script": {"text": "Hello {{ street }}."}})
    status, _ = await _change(api, campaign_id, {"script": {"text": "Hello."}})

    assert ("needs street" in problem["detail"], 200) == (True, status)


async def test_a_script_connects_to_no_more_than_before(api: aiohttp.ClientSession, everything: Everything) -> None:
    """Each connect takes a token, and those of the calls waiting are counted already."""
    desk = {"do": "connect", "endpoint": {"type": "phone", "number": "31201234567"}}
    made = await _create(api, kind="script", script={"language": "en-GB", "steps": [desk]})
    before = await everything()
    status, problem = await _change(api, made["id"], {"script": {"language": "en-GB", "steps": [desk, desk]}})

    assert (422, "script") == (status, problem["field"])
    assert before == await everything()
    assert 200 == (await _change(api, made["id"], {"script": {"steps": [{"do": "say", "text": "Closed."}]}}))[0]


async def test_a_conference_keeps_its_script(api: aiohttp.ClientSession, everything: Everything) -> None:
    """Who is in has heard it; the rest of it is changed as that of others."""
    made = await _create(api, **CONFERENCE)
    before = await everything()
    status, problem = await _change(api, made["id"], {"script": {"text": "Goodbye."}})

    assert (422, "script") == (status, problem["field"])
    assert before == await everything()
    assert 200 == (await _change(api, made["id"], {"weight": 2}))[0]


async def test_single_calls_share_like_a_campaign(
    api: aiohttp.ClientSession, runtime: Runtime, everything: Everything
) -> None:
    """Their campaign takes share, caps and lists; scripts and redials are each call's own."""
    await _make_list(api, "vip")
    campaign_id = await runtime.store.built_in(Priority.NORMAL)
    share = {"weight": 5, "slots": 2, "calls_per_second": 1.0, "caps": ALL_CAPS, "suppression_lists": ["vip"]}
    status, after = await _change(api, campaign_id, share)
    before = await everything()

    assert (200, share) == (status, {name: after[name] for name in share})
    others: list[Json] = [{"script": {"text": "Hello."}}, {"redial": BUSY}, {"weight": 1, "max_tries": 2}]
    for further in others:
        assert 409 == (await _change(api, campaign_id, further))[0]
    assert before == await everything()


async def test_what_is_over_stays_as_it_was(
    api: aiohttp.ClientSession, campaign_id: str, everything: Everything
) -> None:
    """A cancelled campaign is refused, and one that is not there is not found."""
    await _step(api, campaign_id, "cancel")
    before = await everything()
    status, problem = await _change(api, campaign_id, {"weight": 2})

    assert (409, "/problems/illegal-step") == (status, problem["type"])
    assert before == await everything()
    assert 404 == (await _change(api, "none", {"weight": 2}))[0]


async def test_a_change_stands_in_the_audit_log(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """What was asked for, null too, a digest of the text, which version it became; and what was refused."""
    await _change(api, campaign_id, {"weight": 2, "slots": None, "script": {"text": "Bye {{ name }}."}})
    await _change(api, campaign_id, {"suppression_lists": ["none"]})
    async with api.get("/v1/audit", params={"action": "campaign.changed"}) as response:
        entries = (await response.json())["entries"][::-1]
    digest = entries[0]["details"].pop("script")

    assert digest.startswith("sha256:")
    assert {campaign_id} == {entry["campaign_id"] for entry in entries}
    assert [
        ("asked", {"weight": 2, "slots": None}),
        ("done", {"script_version": 2}),
        ("asked", {"suppression_lists": ["none"]}),
        ("refused", {"problem": "invalid-input"}),
    ] == [(entry["outcome"], entry["details"]) for entry in entries]


@pytest.mark.parametrize(
    ("told", "caps"),
    [
        ({}, {"tries_day": 3, "tries_week": 9, "spacing_s": 30.0}),
        ({"caps": None}, {"tries_day": 3, "tries_week": 9, "spacing_s": 30.0}),
        ({"caps": {"tries_day": 1}}, {"tries_day": 1, "tries_week": 9, "spacing_s": 30.0}),
        ({"caps": {"tries_week": None, "spacing_s": 0}}, {"tries_day": 3, "tries_week": None, "spacing_s": 0.0}),
    ],
)
async def test_what_a_new_campaign_does_not_say_is_as_for_all(
    told: Json, caps: Json, api: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Each cap by itself; null is any number."""
    for name, value in {"number_tries_day": 3, "number_tries_week": 9, "number_spacing_s": 30}.items():
        monkeypatch.setitem(settings.__dict__, name, value)

    assert caps == (await _create(api, **told))["caps"]


async def test_share_caps_and_lists_come_along_again(api: aiohttp.ClientSession) -> None:
    """A campaign made from another's calls shares, and spares, as that one does; unless it says otherwise."""
    await _make_list(api, "vip")
    share = {"weight": 5, "slots": 2, "calls_per_second": 1.0, "caps": ALL_CAPS, "suppression_lists": ["vip"]}
    made = await _create(api, script={"text": "Hello."}, **share)
    again = []
    wishes: list[Json] = [{}, {"suppression_lists": [], "slots": None}]
    for further in wishes:
        async with api.post(f"/v1/campaigns/{made['id']}/again", json={"name": "Second"} | further) as response:
            told = await response.json()
            again.append({name: told[name] for name in share})

    assert [share, share | {"suppression_lists": [], "slots": None}] == again
