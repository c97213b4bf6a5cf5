"""Forecasts over HTTP: before the start, while it runs, and the refusal of a plan that cannot be done."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest
from click.testing import CliRunner, Result

from dialer import keys
from dialer.api.kept_forecasts import KEPT_MS
from dialer.cli import main
from dialer.clock import moment, now_ms
from dialer.model import NewCall
from dialer.runtime import Runtime
from tests.fakes.engine import new_calls
from tests.integration.api.conftest import CAMPAIGN, KEY

Json = dict[str, Any]
ANSWERS = {"assume": {"shares": {"answered": 1.0}, "ring_s": 10, "talk_s": 20, "price_per_minute": 0.6}}


async def create(api: aiohttp.ClientSession, **fields: Any) -> str:
    """A draft without calls."""
    async with api.post("/v1/campaigns", json=CAMPAIGN | {"script": {"text": "Hello."}} | fields) as response:
        assert response.status == 201, await response.text()
        return str((await response.json())["id"])


async def ask(api: aiohttp.ClientSession, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
    """What the API answers about a campaign."""
    async with api.request(method, f"/v1/campaigns/{path}", json=body) as response:
        return response.status, await response.json()


async def fill(runtime: Runtime, campaign_id: str, calls: list[NewCall]) -> None:
    """Add calls to a campaign."""
    for first in range(0, len(calls), 1000):
        await runtime.store.add_calls(campaign_id, calls[first : first + 1000], import_id="i1")
    await runtime.store.end_import(campaign_id, "i1")


def within(runtime: Runtime, **span: float) -> str:
    """A moment so much later than now."""
    return (moment(now_ms(runtime.clock)) + timedelta(**span)).isoformat()


def seconds(told: Json, name: str = "expected") -> float:
    """From the forecast to its end."""
    return (datetime.fromisoformat(told["finishes"][name]) - datetime.fromisoformat(told["at"])).total_seconds()


async def test_forecast_of_a_draft(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Three hundred people who answer: a hundred seconds of dialing, thirty of talking, twenty cents each."""
    campaign_id = await create(api)
    await fill(runtime, campaign_id, new_calls(300))
    status, told = await ask(api, "POST", f"{campaign_id}/forecast", ANSWERS)

    assert (200, True, [], [], 300, True) == (
        status, told["possible"], told["problems"], told["skipped"], told["calls"], told["counted"],
    )  # fmt: skip
    assert 100 * 1.015 + 30 == pytest.approx(seconds(told), abs=1)
    assert {"low": 300, "expected": 300, "high": 300} == told["attempts"] == told["dialed"]
    assert 300 == sum(hour["dialed"] for hour in told["calls_per_hour"])
    assert {"low": 60.0, "expected": 60.0, "high": 60.0, "currency": "EUR"} == told["cost"]
    assert {"answered": 300} == told["ends"]
    assert "given with the request" == told["assumed"]["sources"]["shares"]


async def test_who_is_skipped_is_counted_with_the_reason(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Suppressed numbers, ends of their own that come too early, and zones in which it does not open in time."""
    at = moment(now_ms(runtime.clock))
    hours = [{"from": f"{at + timedelta(hours=2):%H:00}", "to": f"{at + timedelta(hours=2):%H:59}"}]
    windows = {"hours": hours, "not_before": "2026-01-01T00:00:00Z"}
    campaign_id = await create(api, windows=windows, expires_at=within(runtime, hours=4))
    utc, late = "Etc/UTC", "Etc/GMT+6"
    people = [NewCall(number=f"+3161000{n:04d}", timezone=utc) for n in range(100)]
    people += [NewCall(number=f"+3162000{n:04d}", timezone=utc, expires_at=at + timedelta(minutes=9)) for n in range(7)]
    people += [NewCall(number=f"+3163000{n:04d}", timezone=late) for n in range(5)]
    await fill(runtime, campaign_id, people)
    for person in people[:3]:
        await runtime.store.suppress(person.number)
    _, told = await ask(api, "POST", f"{campaign_id}/forecast", {})

    assert {"suppressed": 3, "own_end": 7, "no_window": 5} == {s["reason"]: s["calls"] for s in told["skipped"]}
    assert (97, 112) == (told["dialed"]["expected"], told["calls"])
    assert ["no_window"] == [problem["code"] for problem in told["problems"]]


async def test_impossible_plan_is_refused_with_what_mends_it(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """A thousand people in a minute: refused, mended by the end that it names, or started by force."""
    campaign_id = await create(api, expires_at=within(runtime, minutes=1))
    await fill(runtime, campaign_id, new_calls(1000))
    status, told = await ask(api, "POST", f"{campaign_id}/start")
    changes = {change["field"]: change["value"] for change in told["problems"][0]["changes"]}

    assert (409, "/problems/impossible-plan", "draft") == (
        status, told["type"], (await ask(api, "GET", campaign_id))[1]["state"],
    )  # fmt: skip
    assert {"expires_at", "calls_per_second"} == {*changes}
    assert "expires_at must be" in told["detail"]
    assert 16.8 == pytest.approx(changes["calls_per_second"], abs=0.5)

    mended = await create(api, expires_at=changes["expires_at"])
    await fill(runtime, mended, new_calls(1000))
    assert 200 == (await ask(api, "POST", f"{mended}/start"))[0]
    assert (200, "running") == (
        (forced := await ask(api, "POST", f"{campaign_id}/start", {"force": True}))[0],
        forced[1]["state"],
    )


@pytest.mark.parametrize("fields", [{"priority": "urgent"}, {"expires_at": None}])
async def test_urgent_and_endless_plans_are_not_refused(
    api: aiohttp.ClientSession, runtime: Runtime, fields: Json
) -> None:
    """An emergency starts at once, whatever the forecast says; and without an end everybody has a turn."""
    campaign_id = await create(api, **{"expires_at": within(runtime, minutes=1)} | fields)
    await fill(runtime, campaign_id, new_calls(1000))

    assert 200 == (await ask(api, "POST", f"{campaign_id}/start"))[0]


async def test_forecast_while_it_runs_is_kept_for_some_seconds(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Who polls is answered the same; it expires by itself, and the next one is new."""
    campaign_id = await create(api)
    await fill(runtime, campaign_id, new_calls(30))
    await ask(api, "POST", f"{campaign_id}/start")
    _, first = await ask(api, "GET", f"{campaign_id}/forecast")
    await fill(runtime, campaign_id, new_calls(30, first=100))
    _, kept = await ask(api, "GET", f"{campaign_id}/forecast")
    expires_ms = await runtime.redis.pttl(keys.forecast(campaign_id))
    await runtime.redis.delete(keys.forecast(campaign_id))
    _, again = await ask(api, "GET", f"{campaign_id}/forecast")

    assert first == kept
    assert 0 < expires_ms <= KEPT_MS
    assert (30, 60) == (first["calls"], again["calls"])


async def test_running_campaign_tells_when_it_is_expected_to_be_done(
    api: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """A poll has the forecast made beside it, and a later one tells it; a paused campaign has no end."""
    campaign_id = await create(api)
    await fill(runtime, campaign_id, new_calls(300))
    _, draft = await ask(api, "GET", campaign_id)
    await ask(api, "POST", f"{campaign_id}/start")
    told = draft
    for _ in range(100):
        if told["finishes_at"]:
            break
        _, told = await ask(api, "GET", campaign_id)
        await asyncio.sleep(0.05)
    _, forecast = await ask(api, "GET", f"{campaign_id}/forecast")
    _, paused = await ask(api, "POST", f"{campaign_id}/pause")

    assert draft["finishes_at"] is None
    assert forecast["finishes"]["expected"] == told["finishes_at"]
    assert paused["finishes_at"] is None


async def test_sample_stands_for_a_long_list(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Of five thousand calls a thousand are read, and a tenth that is suppressed is seen to be about one."""
    campaign_id = await create(api)
    people = new_calls(5000)
    await fill(runtime, campaign_id, people)
    for person in people[::10]:
        await runtime.store.suppress(person.number)
    _, sampled = await ask(api, "GET", f"{campaign_id}/forecast")
    _, counted = await ask(api, "POST", f"{campaign_id}/forecast", {})

    assert (False, True) == (sampled["counted"], counted["counted"])
    assert 500 == counted["skipped"][0]["calls"] == pytest.approx(sampled["skipped"][0]["calls"], abs=60)
    assert 5000 == sampled["calls"] == counted["calls"]
    assert sampled["left_s"] == pytest.approx(counted["left_s"], rel=0.05)


async def test_whoever_is_refused_was_counted(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """A sample is enough for a plan that can be done; it alone refuses none."""
    counted: dict[str, list[bool]] = {}
    people_left = type(runtime.store).people_left
    for name, span in (("hopeless", {"minutes": 1}), ("easy", {"days": 2})):
        campaign_id = await create(api, expires_at=within(runtime, **span))
        await fill(runtime, campaign_id, new_calls(1500))
        campaign = await runtime.store.campaign(campaign_id)
        with patch.object(type(runtime.store), "people_left", autospec=True, side_effect=people_left) as looked:
            problems = await runtime.planning.problems(campaign)
        counted[name] = [call.kwargs["whole"] for call in looked.call_args_list if "whole" in call.kwargs]
        assert bool(problems) is (name == "hopeless")

    assert {"hopeless": [False, True], "easy": [False]} == counted


async def test_cancelled_campaign_has_no_forecast(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """There is nothing to look ahead to."""
    await ask(api, "POST", f"{campaign_id}/cancel")
    for method in ("GET", "POST"):
        status, told = await ask(api, method, f"{campaign_id}/forecast", {} if method == "POST" else None)
        assert (409, "/problems/illegal-step") == (status, told["type"])


@pytest.mark.parametrize(
    ("assume", "name"),
    [
        ({"shares": {"answered": 0.7, "busy": 0.4}}, "assume"),
        ({"shares": {"answered": -0.1}}, "assume.shares.answered"),
        ({"shares": {"asleep": 0.1}}, "assume.shares.asleep"),
        ({"talk_s": -1}, "assume.talk_s"),
        ({"calls_per_second": 0}, "assume.calls_per_second"),
        ({"rate": 1}, "assume.rate"),
    ],
)
async def test_wrong_assumption_is_named(api: aiohttp.ClientSession, campaign_id: str, assume: Json, name: str) -> None:
    """What cannot be is refused, with the field."""
    status, told = await ask(api, "POST", f"{campaign_id}/forecast", {"assume": assume})
    assert (422, name) == (status, told["field"].removesuffix(".[key]"))


async def dialer(url: str, *words: str) -> Result:
    """Run `dialer campaign ...` against this API."""
    told = ["campaign", words[0], "--url", url, "--api-key", KEY, *words[1:]]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def test_check_tells_a_person(url: str, api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """The command line tells the end, the calls, who is skipped and the cost, and the same as JSON."""
    campaign_id = await create(api)
    await fill(runtime, campaign_id, new_calls(300))
    await runtime.store.suppress(new_calls(1)[0].number)
    options = ("--assume", "answered=1", "--talk-s", "20", "--ring-s", "10", "--price-per-minute", "0.6")
    told = await dialer(url, "check", campaign_id, *options)
    as_json = await dialer(url, "check", campaign_id, *options, "--json")

    assert (0, 0) == (told.exit_code, as_json.exit_code)
    for expected in ("300", "in 2:11", "299, redials included", "about 59.80 euro", "skipped   1: suppressed"):
        assert expected in told.stdout
    assert '"left_s": 131' in as_json.stdout


async def test_check_and_start_tell_what_would_mend_it(url: str, api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """An impossible plan ends with 1 and the remedy; by force it starts."""
    campaign_id = await create(api, expires_at=within(runtime, minutes=1))
    await fill(runtime, campaign_id, new_calls(1000))
    check = await dialer(url, "check", campaign_id)
    refused = await dialer(url, "start", campaign_id)
    forced = await dialer(url, "start", campaign_id, "--force")

    assert (1, 1, 0) == (check.exit_code, refused.exit_code, forced.exit_code)
    assert "What would mend it: expires_at must be" in check.stdout
    assert "expires_at must be" in refused.stderr
    assert f"Campaign {campaign_id} is running." in forced.stdout


@pytest.mark.parametrize("text", ["answered", "answered=2", "asleep=0.1"])
async def test_wrong_share_is_a_usage_error(url: str, text: str) -> None:
    """What cannot be is refused before anything is asked."""
    assert 2 == (await dialer(url, "check", "c1", "--assume", text)).exit_code


PLANNED = CAMPAIGN | {"script": {"text": "Hello {{name}}."}}


async def look(api: aiohttp.ClientSession, plan: Json, rows: str, media_type: str = "text/csv") -> tuple[int, Json]:
    """What the API answers about a list for a campaign that is not created."""
    form = aiohttp.FormData()
    form.add_field("plan", json.dumps(plan), content_type="application/json")
    form.add_field("list", rows.encode(), content_type=media_type, filename="people.csv")
    async with api.post("/v1/forecasts/list", data=form) as response:
        return response.status, await response.json()


async def test_forecast_without_a_campaign_creates_nothing(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """Three hundred people of whom nothing else is known; not a key is left behind."""
    before = {*await runtime.redis.keys()}
    plan = {"campaign": PLANNED, "calls": 300, **ANSWERS}
    async with api.post("/v1/forecasts", json=plan) as response:
        told = await response.json()

    assert (200, None, 300, True) == (response.status, told["campaign_id"], told["calls"], told["possible"])
    assert 100 * 1.015 + 30 == pytest.approx(seconds(told), abs=1)
    assert before == {*await runtime.redis.keys()}


async def test_list_is_checked_as_by_an_import_and_nothing_is_stored(
    api: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """Wrong rows are told, who is suppressed is skipped, an own end counts; the forecast is of those who are left."""
    await runtime.store.suppress("+31612345601")
    before = {*await runtime.redis.keys()}
    soon = within(runtime, seconds=1)
    rows = "number,name,expires_at\n" + "".join(f"+316123456{n:02d},Ann,\n" for n in range(1, 31))
    rows += f"+31612345699,Bob,{soon}\n12,Eve,\n+31612345698,,\n"
    status, told = await look(api, {"campaign": PLANNED, **ANSWERS}, rows)
    forecast = told["forecast"]

    assert (200, 31, 2) == (status, told["accepted"], told["rejected"])
    assert [32, 33] == [rejection["row"] for rejection in told["rejections"]]
    assert {"suppressed": 1, "own_end": 1} == {skip["reason"]: skip["calls"] for skip in forecast["skipped"]}
    assert (31, 29) == (forecast["calls"], forecast["dialed"]["expected"])
    assert before == {*await runtime.redis.keys()}


async def test_money_and_its_remedy_are_told_beforehand(api: aiohttp.ClientSession) -> None:
    """Twenty cents a call and thirty euros for three hundred people: when it stops, and what would do."""
    plan = {"campaign": PLANNED | {"euro_cap": {"total": 30, "per_call": 0.2}}, "calls": 300, **ANSWERS}
    async with api.post("/v1/forecasts", json=plan) as response:
        told = await response.json()
    [problem] = told["problems"]

    assert (False, None, "no_money") == (told["possible"], told["finishes"], told["stops"]["reason"])
    assert 150 == pytest.approx(told["stops"]["calls"], abs=2)
    assert 60 == pytest.approx(problem["changes"][0]["value"], abs=1)
    assert "euro_cap.total must be" in problem["remedy"]


async def test_wrong_plan_or_form_is_told(api: aiohttp.ClientSession) -> None:
    """What is wrong with the campaign has the field; a bare form, or a list of another type, is refused."""
    rows, late = "number,name\n+31612345601,Ann\n", "2020-01-01T00:00:00Z"
    wrong = await look(api, {"campaign": PLANNED | {"expires_at": late}}, rows)
    other = await look(api, {"campaign": PLANNED}, rows, "application/pdf")
    form = aiohttp.FormData({"list": "number"}, default_to_multipart=True)
    async with api.post("/v1/forecasts/list", data=form) as response:
        bare = await response.json()

    assert (422, "campaign.expires_at") == (wrong[0], wrong[1]["field"])
    assert (415, "list") == (other[0], other[1]["field"])
    assert (422, "plan") == (response.status, bare["field"])


@pytest.mark.parametrize(
    "part",
    [
        "[{}, junk]",
        "a b: c\r\n\r\nx\r\n",
        "Content-Disposition: \xff\r\n",
        'Content-Disposition: form-data; name="_charset_"\r\n\r\nlonger than the name of any encoding\r\n',
    ],
)
async def test_broken_form_is_refused(api: aiohttp.ClientSession, part: str) -> None:
    """Whatever stands where the head of a part should be."""
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with api.post("/v1/forecasts/list", data=f"--b\r\n{part}--b--\r\n".encode(), headers=headers) as response:
        assert response.status in {400, 422}


async def test_list_is_looked_at_by_the_command_line(url: str, runtime: Runtime, tmp_path: Path) -> None:
    """`run --dry-run` and `check --file` tell rows and forecast alike, and leave nothing behind."""
    people = tmp_path / "people.csv"
    people.write_text("number,name\n" + "".join(f"+316123456{n:02d},Ann\n" for n in range(10, 40)) + "12,Eve\n")
    before = {*await runtime.redis.keys()}
    text = ("--text", "Hello {{name}}.")
    dry = await dialer(url, "run", str(people), *text, "--dry-run")
    check = await dialer(url, "check", "--file", str(people), *text, "--assume", "answered=1", "--talk-s", "20")

    assert (0, 0) == (dry.exit_code, check.exit_code)
    for told in (dry, check):
        assert "accepted 30, duplicates 0, rejected 1" in told.stdout
        assert "placed    " in told.stdout
    assert "row 31, number: '12'" in dry.stdout
    assert "answered 30" in check.stdout
    assert before == {*await runtime.redis.keys()}


@pytest.mark.parametrize("words", [(), ("c1", "--file", __file__), ("c1", "--text", "Hello.")])
async def test_check_takes_a_campaign_or_a_list(url: str, words: tuple[str, ...]) -> None:
    """Neither, both, or a campaign that is described anew is a usage error."""
    assert 2 == (await dialer(url, "check", *words)).exit_code
