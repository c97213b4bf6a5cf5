"""The Python client against the real API: what it makes, reads, streams and pages, async and waiting."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialer.api.event_answers import CampaignEvent
from dialer.api.schemas import NewCampaign, NotificationBody
from dialer.client import AsyncDialer, Conflict, Dialer, Invalid, Missing, Outdated, Unauthorized
from dialer.states import CampaignState
from tests.fakes.manual import README
from tests.integration.api.conftest import KEY

HOURS = {"hours": [{"days": "mo-su", "from": "09:00", "to": "20:00"}]}
SCRIPT = {"text": "Hello {{ name }}.", "language": "en-GB"}
LIST = "number,name\n" + "".join(f"+3161234{n:04},Ann\n" for n in range(25))


@pytest.fixture
async def dialer(url: str) -> AsyncIterator[AsyncDialer]:
    """A client of the API."""
    async with AsyncDialer(url, KEY) as client:
        yield client


async def test_campaign_from_draft_to_cancel(dialer: AsyncDialer, tmp_path: Path) -> None:
    """A draft takes a file, starts, pauses, goes on and is cancelled; each answer is typed."""
    people = tmp_path / "people.csv"
    people.write_text(LIST)
    campaign = await dialer.campaigns.create(name="Harbour", kind="notification", script=SCRIPT)
    imported = await dialer.campaigns.import_calls(campaign.id, people)
    steps = (dialer.campaigns.start, dialer.campaigns.pause, dialer.campaigns.resume, dialer.campaigns.cancel)
    states = [(await step(campaign.id)).state for step in steps]

    assert (25, 0) == (imported.accepted, imported.rejected)
    assert [CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.RUNNING, CampaignState.CANCELLED] == states


async def test_body_may_be_a_model_a_mapping_or_keywords(dialer: AsyncDialer) -> None:
    """All three mean the same; what a model leaves unset has the API's default."""
    model = NewCampaign(
        name="Harbour", kind="notification", script=NotificationBody(text="Hi").model_dump(exclude_none=True)
    )
    made = [
        await dialer.campaigns.create(model),
        await dialer.campaigns.create({"name": "Harbour", "kind": "notification", "script": {"text": "Hi"}}),
        await dialer.campaigns.create(name="Harbour", kind="notification", script={"text": "Hi"}),
    ]
    alike = {one.model_copy(update={"id": "", "created_at": made[0].created_at}).model_dump_json() for one in made}

    assert 1 == len(alike)


async def test_answers_are_those_of_the_api(dialer: AsyncDialer, api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A typed answer, written as JSON again, is what the API said, to the letter."""
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        said = await response.json()

    assert said == (await dialer.campaigns.get(campaign_id)).model_dump(mode="json")


async def test_pages_are_followed_as_far_as_wanted(dialer: AsyncDialer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An iterator goes over all pages, in order, and stops where no more is wanted."""
    monkeypatch.setattr("dialer.client.campaigns._CALLS_PAGE", 10)
    campaign = await dialer.campaigns.create(name="Harbour", kind="notification", script=SCRIPT)
    await dialer.campaigns.import_calls(campaign.id, LIST.encode())
    every = [call.number async for call in dialer.campaigns.calls(campaign.id)]
    some = [call.number async for call in dialer.campaigns.calls(campaign.id, limit=12)]

    assert [f"+3161234{n:04}" for n in range(25)] == every
    assert every[:12] == some


async def test_campaigns_are_listed_by_state_and_kind(dialer: AsyncDialer) -> None:
    """Only those that are wanted come, over pages that hold others too."""
    made = [await dialer.campaigns.create(name=f"{n}", kind="notification", script=SCRIPT) for n in range(3)]
    await dialer.campaigns.cancel(made[1].id)

    assert [made[1].id] == [one.id async for one in dialer.campaigns.all(state=CampaignState.CANCELLED)]
    assert [made[2].id] == [one.id async for one in dialer.campaigns.all(state="draft", kind="notification", limit=1)]
    assert [] == [one.id async for one in dialer.campaigns.all(kind="conference")]


async def test_change_holds_only_for_the_version_it_was_thought_out_for(dialer: AsyncDialer, campaign_id: str) -> None:
    """Whoever read an older version changes nothing, neither share nor hours; who read this one does."""
    read = await dialer.campaigns.get(campaign_id)
    changed = await dialer.campaigns.change(campaign_id, weight=5, if_match=read.version)
    with pytest.raises(Outdated):
        await dialer.campaigns.change(campaign_id, weight=9, if_match=read.version)
    with pytest.raises(Outdated):
        await dialer.campaigns.change_windows(campaign_id, windows=HOURS, if_match=read.version)
    kept = await dialer.campaigns.get(campaign_id)
    opened = await dialer.campaigns.change_windows(campaign_id, windows=HOURS, if_match=kept.version)

    assert (5, None, changed.version) == (kept.weight, kept.windows, kept.version)
    assert opened.windows is not None
    assert [1, 2, 3] == [read.version, changed.version, opened.version]


async def test_results_are_streamed(dialer: AsyncDialer) -> None:
    """Results come as the bytes of a file."""
    campaign = await dialer.campaigns.create(name="Harbour", kind="notification", script=SCRIPT)
    await dialer.campaigns.import_calls(campaign.id, LIST.encode())
    whole = b"".join([chunk async for chunk in dialer.campaigns.results(campaign.id, "ndjson")])

    assert 25 == whole.count(b"\n")


async def test_refusals_name_field_and_request(dialer: AsyncDialer, campaign_id: str) -> None:
    """A refusal of the real API says which field, and under which id its log tells of it."""
    with pytest.raises(Invalid) as caught:
        await dialer.campaigns.create(name="Harbour", kind="notification", script={"text": ""})
    with pytest.raises(Missing):
        await dialer.campaigns.get("c404")
    with pytest.raises(Conflict):
        await dialer.campaigns.pause(campaign_id)

    assert ("script.text", "/problems/invalid-input", True) == (
        caught.value.field, caught.value.type, bool(caught.value.request_id)
    )  # fmt: skip


async def test_lost_answer_creates_nothing_twice(url: str, api: aiohttp.ClientSession) -> None:
    """Where the answer to a creation is lost on its way back, it is asked for again, and there is one call."""
    lost = 0

    async def forward(request: web.Request) -> web.Response:
        nonlocal lost
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type", "Idempotency-Key")}
        async with api.post(url + request.path, data=await request.read(), headers=headers) as response:
            told = await response.read()
        if not lost and request.transport is not None:
            lost += 1
            request.transport.abort()
        return web.Response(body=told, status=response.status, content_type=response.content_type)

    app = web.Application()
    app.router.add_post("/v1/{path:.*}", forward)
    async with TestServer(app) as between, AsyncDialer(str(between.make_url("")), KEY) as dialer:
        call = await dialer.calls.create(number="+31612345678", script=SCRIPT, variables={"name": "Ann"})
    async with AsyncDialer(url, KEY) as dialer:
        found = await dialer.numbers.find("+31612345678")

    assert (1, [call.id]) == (lost, [one.call_id for one in found.calls])


async def test_what_happens_is_heard(dialer: AsyncDialer, campaign_id: str) -> None:
    """Events come typed by their names, and tell where to go on."""
    heard = []
    async for event in dialer.events.listen([campaign_id]):
        heard.append((event.name, type(event.data)))
        if event.name == "campaign":
            break

    assert ("campaign", CampaignEvent) == heard[-1]


async def test_key_is_made_shown_and_revoked(dialer: AsyncDialer) -> None:
    """A key just made opens the API for its holder until it is revoked."""
    made = await dialer.keys.create(name="billing", roles=["read"])
    async with AsyncDialer(dialer.url, made.key) as holder:
        own = await holder.keys.own()
        await dialer.keys.revoke(made.id)
        with pytest.raises(Unauthorized):
            await holder.keys.own()

    assert (made.id, ["read"]) == (own.id, own.roles)


def _use(url: str, people: Path) -> dict[str, Any]:
    with Dialer(url, KEY) as dialer:
        campaign = dialer.campaigns.create(name="Harbour", kind="notification", script=SCRIPT)
        accepted = dialer.campaigns.import_calls(campaign.id, people).accepted
        numbers = [call.number for call in dialer.campaigns.calls(campaign.id, limit=3)]
        rows = b"".join(dialer.campaigns.results(campaign.id)).count(b"\n")
        try:
            dialer.campaigns.get("c404")
        except Missing as error:
            status = error.status
    return {"accepted": accepted, "numbers": numbers, "rows": rows, "status": status}


async def test_client_that_waits_does_the_same(url: str, tmp_path: Path) -> None:
    """A program without async makes, fills, pages and streams, and gets the same errors."""
    people = tmp_path / "people.csv"
    people.write_text(LIST)
    seen = await asyncio.to_thread(_use, url, people)

    assert {"accepted": 25, "numbers": [f"+3161234{n:04}" for n in range(3)], "rows": 26, "status": 404} == seen


async def test_iterator_left_early_is_closed(url: str, campaign_id: str) -> None:
    """Who stops in the middle of a stream leaves no request open."""

    def look() -> str:
        with Dialer(url, KEY) as dialer:
            return next(one.id for one in dialer.campaigns.all())

    assert campaign_id == await asyncio.to_thread(look)


async def test_example_of_the_readme_runs(url: str, tmp_path: Path) -> None:
    """The README's program, as it stands there, makes a campaign of its list and starts it."""
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (tmp_path / "people.csv").write_text(LIST)
    environment = {**os.environ, "DIALER_URL": url, "DIALER_API_KEY": KEY}
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, cwd=tmp_path, env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await running.communicate()

    assert (0, "25 calls\n[]\n") == (running.returncode, told.decode())


async def test_number_is_found_erased_and_its_proof_looked_at(dialer: AsyncDialer) -> None:
    """An erasure begins and can be asked for; a proof that nobody signed is not genuine."""
    call = await dialer.calls.create(number="+31612345678", script={"text": "Hello."})
    found = await dialer.numbers.find("+31612345678")
    begun = await dialer.numbers.erase("+31612345678")
    checked = await dialer.numbers.check_proof({"erasure": begun.id, "signature": "none"}, number="+31612345678")

    assert [call.id] == [one.call_id for one in found.calls]
    assert begun.id == (await dialer.numbers.erasure(begun.id)).id
    assert not checked.genuine
