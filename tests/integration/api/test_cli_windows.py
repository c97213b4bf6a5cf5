"""Windows on the command line: given with a campaign, shown, and changed."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from click.testing import CliRunner, Result

from dialer.cli import main
from tests.integration.api.conftest import KEY

TEXT = ("--text", "Hello.", "--language", "en-GB")
WINDOW = ("--window", "mo-fr=09:00-20:00", "--window", "sa=10:00-17:00", "--holidays", "NL", "--closed", "2026-12-31")
LATER = ("--not-before", "2030-01-07T00:00:00Z", "--timezone", "Europe/Amsterdam")


async def dialer(url: str, *words: str) -> Result:
    """Run `dialer campaign ...` against this API."""
    told = ["campaign", words[0], "--url", url, "--api-key", KEY, *words[1:]]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


async def test_windows_are_given_and_shown(url: str, api: aiohttp.ClientSession) -> None:
    """Every option reaches the campaign, and a person reads when it opens."""
    created = await dialer(url, "create", "Harbour", *TEXT, *WINDOW, *LATER)
    campaign_id = created.stdout.splitlines()[-1]
    show = await dialer(url, "show", campaign_id)
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        windows = (await response.json())["windows"]

    assert ["mo-fr", "sa"] == [hours["days"] for hours in windows.pop("hours")]
    assert {
        "closed": ["2026-12-31"],
        "holidays": "NL",
        "not_before": "2030-01-07T00:00:00Z",
        "timezone": "Europe/Amsterdam",
    } == windows
    for told in ("mo-fr 09:00-20:00; sa 10:00-17:00; not on 2026-12-31", "holidays of NL", "closed until Mon 07 Jan"):
        assert told in show.stdout


async def test_windows_are_changed(url: str, campaign_id: str) -> None:
    """New windows are told; without options the campaign has those of the dialer, which are none."""
    changed = await dialer(url, "windows", campaign_id, "--window", "00:00-24:00")
    emptied = await dialer(url, "windows", campaign_id)

    assert "mo-su 00:00-24:00: open until" in changed.stdout
    assert f"Campaign {campaign_id}: any" == emptied.stdout.splitlines()[-1]


@pytest.mark.parametrize("text", ["mo-fr", "mo-fr=9-20", "mx=09:00-20:00"])
async def test_wrong_window_is_a_usage_error(url: str, text: str) -> None:
    """What cannot be read is refused before anything is asked, and it is shown how it is written."""
    result = await dialer(url, "create", "Harbour", *TEXT, "--window", text)

    assert 2 == result.exit_code
    assert "mo-fr" in result.output


async def test_override_without_the_right_is_refused(url: str) -> None:
    """The refusal names the setting."""
    result = await dialer(url, "create", "Harbour", *TEXT, "--priority", "urgent", "--override-windows")

    assert 1 == result.exit_code
    assert "DIALER_ALLOW_OVERRIDE" in result.output
