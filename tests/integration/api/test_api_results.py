"""`GET .../results` and `GET .../calls`: what became of everyone."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import duckdb
import pytest

from dialer import keys
from dialer.dispositions import Disposition
from dialer.model import NewCall
from dialer.runtime import Runtime
from dialer.states import CallState

COLUMNS = [
    "id", "external_id", "number", "state", "disposition", "tries", "placed_at", "answered_at", "ended_at", "ring_s",
    "talk_s", "reason", "amd", "keys", "duration_s", "price", "recordings", "variables", "dialed",
]  # fmt: skip


async def _fill(runtime: Runtime, campaign_id: str, calls: Sequence[NewCall]) -> None:
    for start in range(0, len(calls), 1_000):
        await runtime.store.add_calls(campaign_id, calls[start : start + 1_000], import_id="i")
    await runtime.store.end_import(campaign_id, "i")


def _calls(count: int) -> list[NewCall]:
    return [NewCall(number=f"+3120{1_000_000 + number}", variables={"name": f"N{number}"}) for number in range(count)]


async def test_csv_holds_every_call_in_list_order(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """The CSV has one row a call, in the order in which they were added."""
    await _fill(runtime, campaign_id, _calls(1_200))
    async with api.get(f"/v1/campaigns/{campaign_id}/results") as response:
        rows = list(csv.DictReader(io.StringIO(await response.text())))

    assert "text/csv" == response.content_type
    assert [f"{campaign_id}-{number}" for number in range(1, 1_201)] == [row["id"] for row in rows]
    assert [f"N{number}" for number in range(1_200)] == [json.loads(row["variables"])["name"] for row in rows]
    assert COLUMNS == list(rows[0])


async def test_results_tell_how_a_call_ended(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """A cancelled campaign's calls are done, with the moment of it."""
    await _fill(runtime, campaign_id, _calls(1))
    await runtime.store.step(campaign_id, "cancel")
    async with api.get(f"/v1/campaigns/{campaign_id}/results") as response:
        [row] = csv.DictReader(io.StringIO(await response.text()))

    assert ("done", "cancelled", "0") == (row["state"], row["disposition"], row["tries"])
    assert row["ended_at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        ("", "*/*", "text/csv"),
        ("", "application/x-ndjson", "application/x-ndjson"),
        ("", "text/html, */*;q=0.1", "text/csv"),
        ("?format=ndjson", "text/csv", "application/x-ndjson"),
        ("?format=csv", "application/x-ndjson", "text/csv"),
        ("", "application/vnd.apache.parquet", "application/vnd.apache.parquet"),
    ],
)
async def test_form_follows_format_and_accept(
    query: str, accept: str, media_type: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """`format` goes before `Accept`; without either it is CSV."""
    async with api.get(f"/v1/campaigns/{campaign_id}/results{query}", headers={"Accept": accept}) as response:
        assert media_type == response.content_type


async def test_ndjson_holds_the_calls_as_the_api_tells_them(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Each line is the call as the list of calls shows it, with what its last attempt told."""
    await _fill(runtime, campaign_id, _calls(3))
    async with api.get(f"/v1/campaigns/{campaign_id}/results?format=ndjson") as response:
        lines = [json.loads(line) for line in (await response.text()).splitlines()]
    async with api.get(f"/v1/campaigns/{campaign_id}/calls") as response:
        calls = (await response.json())["calls"]

    untold = ("placed_at", "answered_at", "ring_s", "talk_s", "reason", "amd", "duration_s", "price")
    assert lines == [call | dict.fromkeys(untold) | {"dialed": "", "keys": "", "recordings": []} for call in calls]


async def test_parquet_holds_what_another_reader_finds(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, tmp_path: Path
) -> None:
    """The file has a row a call in list order, with types of its own, and formulas as they are."""
    await _fill(runtime, campaign_id, [*_calls(1_200), NewCall(number="+31201234567", external_id="=1+1")])
    await runtime.store.step(campaign_id, "cancel")
    async with api.get(f"/v1/campaigns/{campaign_id}/results?format=parquet") as response:
        (tmp_path / "r.parquet").write_bytes(await response.read())
    found = duckdb.connect().read_parquet(str(tmp_path / "r.parquet"))
    rows = found.select("id, external_id, tries, variables, ended_at is not null").fetchall()

    assert "application/vnd.apache.parquet" == response.content_type
    assert [*COLUMNS] == found.columns
    assert [f"{campaign_id}-{number}" for number in range(1, 1_202)] == [row[0] for row in rows]
    assert ("=1+1", 0, "{}", True) == rows[-1][1:]


async def test_parquet_that_is_not_installed_is_told(
    api: aiohttp.ClientSession, campaign_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the library the answer names the extra to install."""
    monkeypatch.setitem(sys.modules, "arro3.io", None)
    async with api.get(f"/v1/campaigns/{campaign_id}/results?format=parquet") as response:
        told = await response.json()

    assert (501, "/problems/parquet-not-installed") == (response.status, told["type"])
    assert "dialer[parquet]" in told["detail"]


@pytest.mark.parametrize(
    ("query", "found"),
    [("reached=false", [1, 2]), ("reached=true", [3]), ("disposition=busy", [2]), ("", [1, 2, 3, 4])],
)
async def test_results_are_filtered(
    query: str, found: list[int], api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Not reached is what is done without the campaign's success; what is not done yet is neither."""
    await _fill(runtime, campaign_id, _calls(4))
    for seq, disposition in ((1, "no_answer"), (2, "busy"), (3, "answered")):
        await runtime.redis.zrem(keys.calls_in(campaign_id, CallState.WAITING), seq)
        await runtime.redis.zadd(keys.calls_done(campaign_id, Disposition(disposition)), {str(seq): 1_700_000_000_000})
    async with api.get(f"/v1/campaigns/{campaign_id}/results?format=ndjson&{query}") as response:
        ids = [json.loads(line)["id"] for line in (await response.text()).splitlines()]

    assert [f"{campaign_id}-{number}" for number in found] == ids


async def test_formula_in_an_own_id_is_defused(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """No cell of a client's text can be a formula, and the number keeps its plus."""
    await _fill(runtime, campaign_id, [NewCall(number="+31201234567", external_id="=1+1", variables={"a": "=2"})])
    async with api.get(f"/v1/campaigns/{campaign_id}/results") as response:
        row = (await response.text()).splitlines()[1]

    assert row.startswith(f'"{campaign_id}-1","\'=1+1","+31201234567","waiting","",0,"",')
    assert row.endswith(',"{""a"":""=2""}",""')


async def test_head_tells_the_form_without_the_rows(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """HEAD answers the headers alone."""
    async with api.head(f"/v1/campaigns/{campaign_id}/results") as response:
        assert (200, "text/csv", b"") == (response.status, response.content_type, await response.read())


async def test_pages_of_calls_hold_every_call_once(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Following the cursor visits every call once."""
    await _fill(runtime, campaign_id, _calls(25))
    ids: list[str] = []
    query: dict[str, str] | None = {"limit": "10"}
    while query:
        async with api.get(f"/v1/campaigns/{campaign_id}/calls", params=query) as response:
            page = await response.json()
        ids += [call["id"] for call in page["calls"]]
        query = {"limit": "10", "cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert [f"{campaign_id}-{number}" for number in range(1, 26)] == ids


@pytest.mark.parametrize(
    ("query", "found"),
    [("state=waiting", 0), ("state=done", 3), ("disposition=cancelled", 3), ("disposition=busy", 0)],
)
async def test_calls_are_filtered(
    query: str, found: int, api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Only the calls of the asked state or disposition are shown."""
    await _fill(runtime, campaign_id, _calls(3))
    await runtime.store.step(campaign_id, "cancel")
    async with api.get(f"/v1/campaigns/{campaign_id}/calls?{query}") as response:
        assert found == len((await response.json())["calls"])
