"""Share, caps and lists on the command line: given with a campaign, and changed while it runs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from click.testing import CliRunner, Result

from dialer.cli import main
from tests.integration.api.conftest import KEY

TEXT = ("--text", "Hello {{ name }}.", "--language", "en-GB", "--confirm-key", "1")
SHARE = ("--weight", "3", "--slots", "20", "--per-second", "0.5", "--suppression-list", "vip", "--max-tries", "4")
CAPS = ("--number-tries-day", "2", "--number-tries-week", "5", "--number-spacing", "90")
TOLD = {
    "weight": 3,
    "slots": 20,
    "calls_per_second": 0.5,
    "suppression_lists": ["vip"],
    "max_tries": 4,
    "caps": {"tries_day": 2, "tries_week": 5, "spacing_s": 90.0},
}


async def dialer(url: str, *words: str) -> Result:
    """Run `dialer campaign ...` against this API."""
    told = ["campaign", words[0], "--url", url, "--api-key", KEY, *words[1:]]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def _created(url: str, api: aiohttp.ClientSession) -> str:
    await (await api.post("/v1/suppressions/add", json={"number": "+31612345678", "list": "vip"})).read()
    created = await dialer(url, "create", "Harbour", *TEXT, *SHARE, *CAPS, "--redial", "busy=2/5m")
    assert 0 == created.exit_code, created.output
    return created.stdout.splitlines()[-1]


async def _campaign(api: aiohttp.ClientSession, campaign_id: str) -> Any:
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        return await response.json()


async def test_share_caps_and_lists_are_given(url: str, api: aiohttp.ClientSession) -> None:
    """Every option reaches the campaign."""
    seen = await _campaign(api, await _created(url, api))

    assert TOLD == {name: seen[name] for name in TOLD}


async def test_what_is_not_given_stays(url: str, api: aiohttp.ClientSession) -> None:
    """One cap, one weight, one line of the text: all else of it is as before."""
    campaign_id = await _created(url, api)
    before = await _campaign(api, campaign_id)
    changed = await dialer(
        url, "change", campaign_id, "--weight", "5", "--number-tries-day", "1", "--text", "Bye {{ name }}."
    )
    after = await _campaign(api, campaign_id)

    assert f"Campaign {campaign_id} is changed: caps, script, weight." in changed.stdout
    assert (5, TOLD["caps"] | {"tries_day": 1}) == (after["weight"], after["caps"])  # type: ignore[operator] # a dict
    assert before["script"] | {"text": "Bye {{ name }}."} == after["script"]
    same = TOLD.keys() - {"weight", "caps"}
    assert {name: TOLD[name] for name in same} == {name: after[name] for name in same}
    assert before["redial"] == after["redial"]


async def test_none_takes_limits_away(url: str, api: aiohttp.ClientSession) -> None:
    """Each by itself."""
    campaign_id = await _created(url, api)
    none = ("--slots", "none", "--per-second", "none", "--number-tries-week", "none", "--suppression-list", "none")
    changed = await dialer(url, "change", campaign_id, *none, "--max-tries", "none")
    after = await _campaign(api, campaign_id)

    assert 0 == changed.exit_code
    assert TOLD | {
        "slots": None,
        "calls_per_second": None,
        "suppression_lists": [],
        "max_tries": None,
        "caps": {"tries_day": 2, "tries_week": None, "spacing_s": 90.0},
    } == {name: after[name] for name in TOLD}


async def test_redials_and_scripts_are_replaced(url: str, api: aiohttp.ClientSession, tmp_path: Path) -> None:
    """A script of steps is given whole, and only to a campaign that has one."""
    campaign_id = await _created(url, api)
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"steps": [{"do": "say", "text": "Hello."}]}))
    refused = await dialer(url, "change", campaign_id, "--script", str(script))
    await dialer(url, "change", campaign_id, "--redial", "no_answer=1/1h")
    created = (await dialer(url, "create", "Steps", "--script", str(script))).stdout.splitlines()[-1]
    script.write_text(json.dumps({"steps": [{"do": "say", "text": "Goodbye."}]}))
    changed = await dialer(url, "change", created, "--script", str(script))

    assert (1, True) == (refused.exit_code, "is a notification" in refused.stderr)
    assert ["no_answer"] == list((await _campaign(api, campaign_id))["redial"])
    assert f"Campaign {created} is changed: script." in changed.stdout
    assert "Goodbye." == (await _campaign(api, created))["script"]["steps"][0]["text"]


async def test_a_change_of_nothing_is_refused(url: str, api: aiohttp.ClientSession) -> None:
    """It says what is missing."""
    result = await dialer(url, "change", await _created(url, api))

    assert (1, True) == (result.exit_code, "names nothing to change" in result.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("--weight", "0"),
        ("--weight", "none"),
        ("--slots", "many"),
        ("--per-second", "0"),
        ("--number-tries-day", "0"),
        ("--number-spacing", "-1"),
        ("--max-tries", "0"),
    ],
)
async def test_wrong_figures_are_usage_errors(url: str, words: tuple[str, str]) -> None:
    """They are refused before anything is asked."""
    for verb in (("create", "Harbour", *TEXT), ("change", "c1")):
        assert 2 == (await dialer(url, *verb, *words)).exit_code


async def test_an_unknown_list_is_refused(url: str, api: aiohttp.ClientSession) -> None:
    """The refusal tells how to make it."""
    result = await dialer(url, "change", await _created(url, api), "--suppression-list", "staff")

    assert (1, True) == (result.exit_code, "there is no suppression list 'staff'" in result.stderr)


async def test_campaigns_are_listed_by_state_and_kind(url: str, api: aiohttp.ClientSession) -> None:
    """Only those that are asked for are listed."""
    gone, draft = await _created(url, api), await _created(url, api)
    await dialer(url, "cancel", gone)
    listed = [
        (await dialer(url, "list", *words)).stdout
        for words in (("--state", "draft"), ("--state", "cancelled", "--kind", "notification"), ("--kind", "script"))
    ]

    assert [(False, True), (True, False), (False, False)] == [(gone in text, draft in text) for text in listed]
