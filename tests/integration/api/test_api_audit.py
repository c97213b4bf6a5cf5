"""The audit log through the API: what a request does and its entries do not come apart."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.audit import FIRST_HASH, Entry, Outcome, chained
from dialer.clock import moment, now_ms
from dialer.errors import StoreUnavailable
from dialer.runtime import Runtime
from dialer.store import Store
from tests.integration.api.conftest import CAMPAIGN, KEY

NUMBER = "+31612345678"
Json = dict[str, Any]
ACTOR = f"key:{sha256(KEY.encode()).hexdigest()[:8]}"


async def entries(api: aiohttp.ClientSession, **filters: str) -> list[Json]:
    """The log, oldest first."""
    async with api.get("/v1/audit", params=filters) as response:
        assert 200 == response.status, await response.text()
        return list(reversed((await response.json())["entries"]))


def told(found: list[Json], *names: str) -> list[tuple[Any, ...]]:
    """Some fields of each."""
    return [tuple(entry[name] for name in names) for entry in found]


async def test_what_is_done_has_two_entries(api: aiohttp.ClientSession) -> None:
    """One before, one after, with the request's id and whoever is behind the client; of the script a digest."""
    sent = {"X-Request-Id": "r-1", "X-Dialer-Actor": "ann@example.com"}
    async with api.post("/v1/campaigns", json=CAMPAIGN, headers=sent) as response:
        campaign_id = (await response.json())["id"]
    found = await entries(api)

    fields = ("action", "outcome", "actor", "on_behalf_of", "request_id", "campaign_id")
    same = (ACTOR, "ann@example.com", "r-1")
    assert [
        ("campaign.created", "asked", *same, None),
        ("campaign.created", "done", *same, campaign_id),
    ] == told(found, *fields)
    assert {"name": "Harbour", "kind": "notification"}.items() <= found[0]["details"].items()
    assert found[0]["details"]["script"].startswith("sha256:")
    assert "Hello" not in json.dumps(found)


async def test_steps_imports_and_exports_stand_there(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """What was done to one campaign, in order, with how many calls were taken and in which form results went out."""
    base = f"/v1/campaigns/{campaign_id}"
    rows = f"number,name\n{NUMBER},Ann\n{NUMBER},Ann\n12,Bob\n"
    async with api.post(f"{base}/calls", data=rows, headers={"Content-Type": "text/csv"}) as response:
        assert 200 == response.status
    for verb in ("start", "pause", "resume", "cancel"):
        async with api.post(f"{base}/{verb}") as response:
            assert 200 == response.status
    async with api.get(f"{base}/results", params={"format": "ndjson", "reached": "false"}) as response:
        await response.read()
    found = [entry for entry in await entries(api, campaign_id=campaign_id) if entry["outcome"] == "done"]

    assert [
        "campaign.created", "calls.added", "campaign.started", "campaign.paused", "campaign.resumed",
        "campaign.cancelled", "results.exported",
    ] == [entry["action"] for entry in found]  # fmt: skip
    assert {"accepted": 1, "duplicates": 1, "rejected": 1} == found[1]["details"]
    assert {"format": "ndjson"} == found[-1]["details"]
    [asked, _] = await entries(api, action="results.exported")
    assert {"reached": False} == asked["details"]


async def test_a_number_is_masked(api: aiohttp.ClientSession, redis: Redis) -> None:
    """Neither a suppressed number nor that of a single call stands in the log."""
    for verb in ("add", "remove"):
        await api.post(f"/v1/suppressions/{verb}", json={"number": NUMBER})
    await api.post("/v1/calls", json={"number": "06 1234 5678", "script": {"text": "Hi."}})
    await api.get("/v1/suppressions")
    found = await entries(api)

    assert ["suppression.added", "suppression.removed", "call.added", "suppression.listed"] == [
        entry["action"] for entry in found if entry["outcome"] == "asked"
    ]
    assert "+31*******78" == found[0]["details"]["number"]
    assert "direct" == found[5]["campaign_id"]
    everything = str(await redis.xrange(keys.AUDIT))
    assert "612345678" not in everything
    assert "1234 5678" not in everything


async def test_what_is_refused_says_so(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A refusal follows the asking; a body that was never understood asked for nothing."""
    await api.post(f"/v1/campaigns/{campaign_id}/resume")
    await api.post(f"/v1/campaigns/{campaign_id}/resume", json={"now": True})
    found = await entries(api, action="campaign.resumed")

    assert [("asked", {}), ("refused", {"problem": "illegal-step"})] == told(found, "outcome", "details")


async def test_a_head_is_no_export(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """It hands nothing out."""
    await api.head(f"/v1/campaigns/{campaign_id}/results")

    assert [] == await entries(api, action="results.exported")


@pytest.mark.parametrize("name", ["", "x" * 101, "b\u00e4r"])
async def test_an_actor_that_cannot_be_kept_is_refused(api: aiohttp.ClientSession, campaign_id: str, name: str) -> None:
    """The error names the header, and nothing is done."""
    async with api.post(f"/v1/campaigns/{campaign_id}/start", headers={"X-Dialer-Actor": name}) as response:
        assert (422, "X-Dialer-Actor") == (response.status, (await response.json())["field"])

    assert [] == await entries(api, action="campaign.started")


async def test_nothing_is_done_that_cannot_be_written_down(
    api: aiohttp.ClientSession, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the log takes no entry, the request is refused before it begins."""

    async def broken(*_: Any) -> str:
        raise StoreUnavailable("away")

    with monkeypatch.context() as away:
        away.setattr(Store, "append_audit", broken)
        async with api.post(f"/v1/campaigns/{campaign_id}/start") as response:
            assert 503 == response.status
    async with api.get(f"/v1/campaigns/{campaign_id}") as response:
        assert "draft" == (await response.json())["state"]


async def test_what_dies_on_its_way_has_been_asked_for(
    api: aiohttp.ClientSession, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Done or not, whatever changed something stands in the log, even if what came of it could not be written."""
    append = Store.append_audit

    async def dying(store: Store, *written: Entry) -> str:
        if written[0].outcome is not Outcome.ASKED:
            raise StoreUnavailable("killed")
        return await append(store, *written)

    monkeypatch.setattr(Store, "append_audit", dying)
    async with api.post(f"/v1/campaigns/{campaign_id}/start") as response:
        assert (200, "running") == (response.status, (await response.json())["state"])
    found = await entries(api, action="campaign.started")

    assert [("asked", campaign_id)] == told(found, "outcome", "campaign_id")


async def test_pages_lead_through_all(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Newest first, from page to page."""
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    seen: list[str] = []
    query = {"limit": "1"}
    while True:
        async with api.get("/v1/audit", params=query) as response:
            page = await response.json()
        seen += [entry["id"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]

    assert [entry["id"] for entry in reversed(await entries(api))] == seen
    assert 4 == len(seen)


@pytest.mark.usefixtures("campaign_id")
async def test_moments_bound_it(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """`from` is within, `to` is not."""
    later = moment(now_ms(runtime.clock) + 60_000).isoformat()

    assert [] == await entries(api, **{"from": later})
    assert 2 == len(await entries(api, to=later))


async def test_the_export_can_be_checked_by_anybody(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Each line holds what its hash is made of; the export is itself an entry."""
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    async with api.get("/v1/audit/export") as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    before = FIRST_HASH
    for line in lines:
        assert chained(before, line["id"], line["text"]) == line["hash"]
        before = line["hash"]

    assert ["campaign.created"] * 2 + ["campaign.started"] * 2 + ["audit.exported"] == [
        line["action"] for line in lines
    ]


async def test_the_chain_is_checked(api: aiohttp.ClientSession, campaign_id: str, redis: Redis) -> None:
    """Whole it is intact; with an entry gone it says where."""
    await api.post(f"/v1/campaigns/{campaign_id}/start")
    async with api.get("/v1/audit/verify") as response:
        assert {"intact": True, "entries": 4, "trimmed": 0}.items() <= (await response.json()).items()
    ids = [entry_id for entry_id, _ in await redis.xrange(keys.AUDIT)]
    await redis.xdel(keys.AUDIT, ids[1])
    async with api.get("/v1/audit/verify") as response:
        verdict = await response.json()

    assert (False, 1, ids[2]) == (verdict["intact"], verdict["entries"], verdict["broken_at"])
