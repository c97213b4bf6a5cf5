"""What the command line tells programs is what the API says, and what it tells people is there at any width."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from rich.console import Console

from dialer.api.answers import CampaignOut
from dialer.api.event_answers import BudgetEvent, TrunkEvent
from dialer.cli import status
from dialer.cli.glance import Glance
from dialer.escalations.ladder import Why
from dialer.runtime import Runtime
from tests.fakes.answers import filled
from tests.fakes.command_line import dialer
from tests.integration.api.conftest import KEY

LISTINGS = (
    (("campaign", "list"), "/v1/campaigns", "campaigns"),
    (("campaign", "show", "{id}"), "/v1/campaigns/{id}", None),
    (("campaign", "explain", "{id}"), "/v1/campaigns/{id}/explain", None),
    (("conference", "list"), "/v1/conferences", "conferences"),
    (("escalation", "list"), "/v1/escalations", "escalations"),
    (("recording", "list"), "/v1/recordings", "recordings"),
    (("callback", "list"), "/v1/callbacks", "callbacks"),
    (("trunk", "list"), "/v1/trunks", "trunks"),
    (("key", "list"), "/v1/keys", "keys"),
    (("suppress", "lists"), "/v1/suppression-lists", "lists"),
    (("voices",), "/v1/voices", None),
)


async def _said(url: str, *words: str) -> Any:
    asks_api = words[0] != "voices"
    done = await dialer(*words, "--json", *(("--url", url) if asks_api else ()), settings={"API_KEY": KEY})
    assert 0 == done.exit_code, done.output
    # The API of the test logs to the same output: its lines begin with the date.
    begin = re.search(r"^[\[{]", done.stdout, re.MULTILINE)
    assert begin is not None, done.stdout
    return json.JSONDecoder().raw_decode(done.stdout[begin.start() :])[0]


def _timeless(answer: Any) -> Any:
    """But for the moment at which it was asked."""
    return {name: value for name, value in answer.items() if name != "at"} if isinstance(answer, dict) else answer


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: " ".join(listing[0]))
async def test_json_is_what_the_api_says(
    listing: tuple[tuple[str, ...], str, str | None], url: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """Each listing, with --json, gives the API's own answer: that of its page, or the list within it."""
    words, path, within = listing
    await api.post("/v1/keys", json={"name": "billing", "roles": ["read"]})
    await api.post("/v1/suppressions/add", json={"number": "+31612345678", "list": "newsletter"})
    async with api.get(path.format(id=campaign_id)) as response:
        expected = await response.json()

    said = await _said(url, *(word.format(id=campaign_id) for word in words))

    assert _timeless(expected if within is None else expected[within]) == _timeless(said)


async def test_status_tells_programs_what_needs_a_person(
    url: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """Without a worker nothing is dialed: that is what `dialer status` says first, beside what runs."""
    row = '{"number": "+31201234567", "name": "Ann"}'
    await api.post(f"/v1/campaigns/{campaign_id}/calls", data=row, headers={"Content-Type": "application/x-ndjson"})
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    seen = await _said(url, "status")

    assert [campaign_id] == [one["id"] for one in seen["campaigns"]]
    assert (0, 0.0) == (seen["pace"]["workers"], seen["placed_per_second"])
    assert seen["needs_a_person"][0].startswith("No worker is there")


@pytest.mark.parametrize(("why", "wants"), [(Why.EXHAUSTED, 1), (Why.EXPIRED, 1), (Why.CONFIRMED, 0), (Why.BY_HAND, 0)])
async def test_status_tells_of_alarms_that_nobody_took_over(
    url: str, api: aiohttp.ClientSession, runtime: Runtime, why: Why, wants: int
) -> None:
    """They are over and look done; whoever has the watch must know."""
    step = {"people": [{"number": "+31201234567"}]}
    async with api.post("/v1/escalations", json={"name": "Pump", "text": "Stopped.", "steps": [step]}) as response:
        made = await response.json()
    await runtime.store.end_escalation(made["id"], why)
    seen = await _said(url, "status")

    assert wants == len([want for want in seen["needs_a_person"] if made["id"] in want])


async def test_status_tells_no_more_of_an_alarm_that_was_taken_over(
    url: str, api: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """Somebody has confirmed it by hand after its end, as the alert's page says."""
    step = {"people": [{"number": "+31201234567"}]}
    async with api.post("/v1/escalations", json={"name": "Pump", "text": "Stopped.", "steps": [step]}) as response:
        made = await response.json()
    await runtime.store.end_escalation(made["id"], Why.EXHAUSTED)
    done = await dialer(
        *("escalation", "confirm", made["id"], "+31201234567", "--by", "desk two", "--url", url),
        settings={"API_KEY": KEY},
    )

    assert 0 == done.exit_code, done.output
    assert "taken over late" == (await _said(url, "escalation", "show", made["id"]))["reason"]
    assert [] == [want for want in (await _said(url, "status"))["needs_a_person"] if made["id"] in want]


def _glance(name: str) -> Glance:
    trunk = filled(TrunkEvent, trunk="main", calls_per_second=3)
    pace = filled(BudgetEvent, trunks=[trunk], live=4, due=5, workers=1)
    counts = {"waiting": 1, "claimed": 0, "placing": 0, "unknown": 0, "live": 0, "done": 1}
    finishes = datetime.now(UTC) + timedelta(hours=1)
    told = {"state": "running", "priority": "urgent", "counts": counts, "finishes_at": finishes}
    one = filled(CampaignOut, id="c1", name=name, total=2, **told)
    return Glance(campaigns=[one], pace=pace, placed_per_second=2.5, wants=["somebody should look"])


@pytest.mark.parametrize("width", [40, 80, 200])
def test_status_is_whole_at_any_width(width: int) -> None:
    """On a narrow terminal lines are folded, and nothing of them is cut off."""
    console = Console(width=width, highlight=False)
    with console.capture() as drawn:
        console.print(status.picture(_glance("Power cut in the harbour district"), "http://127.0.0.1:8080", bars=True))
    words = " ".join(drawn.get().split())
    wanted = ("2.5 of 3 calls/s", "4 up", "! somebody should look", "Power cut in the harbour district", "c1", "urgent")

    assert [] == [part for part in wanted if part not in words]
    assert "1 of 2 done" in words
    assert "…" not in words


async def test_campaign_left_unreached_ends_with_three(url: str, api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Who asks for it is told by the exit code that somebody was not reached; else the end is an end."""
    row = '{"number": "+31201234567", "name": "Ann"}'
    await api.post(f"/v1/campaigns/{campaign_id}/calls", data=row, headers={"Content-Type": "application/x-ndjson"})
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    await api.post(f"/v1/campaigns/{campaign_id}/cancel")
    watch = ("campaign", "watch", campaign_id, "--url", url)
    codes = [(await dialer(*watch, *more, settings={"API_KEY": KEY})).exit_code for more in ((), ("--fail-unreached",))]

    assert [0, 3] == codes


async def test_address_may_stand_in_the_environment(url: str, campaign_id: str) -> None:
    """DIALER_URL names the API for the command line as it does for the Python client."""
    done = await asyncio.create_task(dialer("campaign", "show", campaign_id, settings={"API_KEY": KEY, "URL": url}))

    assert (0, True) == (done.exit_code, campaign_id in done.stdout)
