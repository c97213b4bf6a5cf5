"""`POST /v1/campaigns/{id}/calls`: lists in every form, whole, broken, and broken off."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.importing import XLSX
from dialer.model import Priority
from dialer.runtime import Runtime
from tests.fakes.beneath import full_disk
from tests.unit.importing.test_sheets import workbook

CSV = {"Content-Type": "text/csv; charset=utf-8"}
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
ANN = '{"number": "020 123 4567", "name": "Ann", "id": "a"}'
BOB = '{"number": 12, "name": "Bob"}'
ANN_AGAIN = '{"number": "+31201234567", "name": "Ann", "id": "a"}'


async def _send(api: aiohttp.ClientSession, campaign_id: str, data: object, headers: dict[str, str]) -> dict[str, Any]:
    async with api.post(f"/v1/campaigns/{campaign_id}/calls", data=data, headers=headers) as response:
        told: dict[str, Any] = await response.json()
        return told | {"status": response.status}


def _rows(count: int) -> list[str]:
    return [f"+3120{1_000_000 + number},Name{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (CSV, "number;name;id\n020 123 4567;Ann;a\n12;Bob;b\n+31201234567;Ann;a\n"),
        (
            NDJSON,
            f"{ANN}\n{BOB}\n{ANN_AGAIN}\n",
        ),
        (
            JSON,
            f"[{ANN}, {BOB}, {ANN_AGAIN}]",
        ),
    ],
)
async def test_one_bad_row_never_fails_the_rest(
    headers: dict[str, str], body: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """Good rows are taken, a repeated one is counted, a bad one is told by number, column, value and reason."""
    told = await _send(api, campaign_id, body.encode(), headers)

    assert (200, 1, 1, 1) == tuple(told[name] for name in ("status", "accepted", "duplicates", "rejected"))
    [rejection] = told["rejections"]
    assert (2, "number", "12") == tuple(rejection[name] for name in ("row", "column", "value"))
    assert rejection["reason"]


async def test_list_sent_twice_adds_nobody_twice(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """The second time all are duplicates."""
    body = "\n".join(["number,name", *_rows(20)]).encode()
    told = [await _send(api, campaign_id, body, CSV) for _ in range(2)]

    assert [(20, 0), (0, 20)] == [(answer["accepted"], answer["duplicates"]) for answer in told]


async def test_text_without_a_value_is_told_by_row(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A row that lacks what the text needs is not taken."""
    told = await _send(api, campaign_id, b"number,name\n+31201234567,\n", CSV)

    assert [(1, "name")] == [(rejection["row"], rejection["column"]) for rejection in told["rejections"]]


@pytest.mark.parametrize(("body", "headers"), [(b"number,name\n", CSV), (b"[]", JSON), (b"", NDJSON)])
async def test_empty_list_is_fine(
    body: bytes, headers: dict[str, str], api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """A list without rows adds nobody and is no error."""
    told = await _send(api, campaign_id, body, headers)

    assert {"status": 200, "accepted": 0, "duplicates": 0, "rejected": 0, "rejections": []} == told


async def test_rejections_are_all_counted_and_the_first_thousand_told(
    api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """A list that is wrong throughout gets a bounded answer."""
    told = await _send(api, campaign_id, BytesIO(b"number,name\n" + b"1,x\n" * 2_500), CSV)

    assert (2_500, 1_000, 1_000) == (told["rejected"], len(told["rejections"]), told["rejections"][-1]["row"])


async def test_stated_encoding_is_read(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """A list in a spreadsheet's old encoding is read when the client says so."""
    body = "number,name\n+31201234567,Zo\u00eb\n".encode("cp1252")
    await _send(api, campaign_id, body, {"Content-Type": "text/csv; charset=windows-1252"})

    assert {"name": "Zo\u00eb"} == (await runtime.store.call(f"{campaign_id}-1")).variables


async def test_list_that_breaks_in_the_middle_tells_what_is_in(
    api: aiohttp.ClientSession, campaign_id: str, redis: Redis
) -> None:
    """The refusal has the counts so far; the mended list adds the rest and nobody twice."""
    good = "".join(f'{{"number": "{row[:12]}", "name": "x"}},' for row in _rows(8_000))
    broken = await _send(api, campaign_id, BytesIO(f"[{good} oops".encode()), JSON)
    mended = await _send(api, campaign_id, BytesIO(f"[{good[:-1]}]".encode()), JSON)

    assert (422, "rows") == (broken["status"], broken["field"])
    assert 0 < broken["accepted"] <= 8_000
    assert 8_000 == broken["accepted"] + mended["accepted"]
    assert 0 == await redis.exists(keys.imports(campaign_id))


async def test_long_list_is_checked_beside_the_event_loop(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A list too long for a thread goes through the process pool, to the same answer."""
    body = BytesIO("\n".join(["number,name", *_rows(5_000), "1,x"]).encode())
    told = await _send(api, campaign_id, body, CSV)

    assert (5_000, 1, 5_001) == (told["accepted"], told["rejected"], told["rejections"][0]["row"])


async def test_stream_past_the_limit_is_refused(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A list whose length was not announced is counted while it comes."""

    async def endless() -> AsyncIterator[bytes]:
        yield b"number,name\n"
        for row in _rows(50_000):
            yield f"{row}\n".encode()

    told = await _send(api, campaign_id, endless(), CSV)

    assert (413, "body", 0) == (told["status"], told["field"], told["rejected"])


async def test_client_that_leaves_midway_keeps_what_was_taken(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, redis: Redis
) -> None:
    """A broken connection ends the import; sending the list again completes it."""
    rows = _rows(10_000)
    stored = asyncio.Event()

    async def leaving() -> AsyncIterator[bytes]:
        yield "\n".join(["number,name", *rows]).encode()
        while (await runtime.store.campaign(campaign_id)).total == 0:
            pass
        stored.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(_send(api, campaign_id, leaving(), CSV))
    await stored.wait()
    sending.cancel()
    await asyncio.wait([sending])
    while await redis.exists(keys.imports(campaign_id)):
        pass
    told = await _send(api, campaign_id, BytesIO("\n".join(["number,name", *rows]).encode()), CSV)

    assert 10_000 == (await runtime.store.campaign(campaign_id)).total
    assert told["duplicates"] > 0


async def test_finished_import_leaves_no_lease(api: aiohttp.ClientSession, campaign_id: str, redis: Redis) -> None:
    """Nothing keeps the campaign from completing once its list is in."""
    await _send(api, campaign_id, b"number,name\n+31201234567,Ann\n", CSV)

    assert 0 == await redis.exists(keys.imports(campaign_id))


async def test_single_calls_campaign_takes_no_list(api: aiohttp.ClientSession, runtime: Runtime) -> None:
    """What is built in for single calls has no text of its own, so whoever it called from a list would hear nothing."""
    campaign_id = await runtime.store.built_in(Priority.URGENT)
    told = await _send(api, campaign_id, "number\n+31201234567\n", CSV)

    assert (409, "/problems/illegal-step", 0) == (
        told["status"],
        told["type"],
        (await runtime.store.campaign(campaign_id)).total,
    )


async def test_columns_are_mapped(api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime) -> None:
    """By the names that the query states."""
    query = {"map": json.dumps({"number": "Telefoon", "name": "Naam"})}
    path = f"/v1/campaigns/{campaign_id}/calls"
    async with api.post(path, params=query, data=b"Telefoon,Naam\n+31201234567,Ann\n", headers=CSV) as response:
        assert 200 == response.status

    assert {"name": "Ann"} == (await runtime.store.call(f"{campaign_id}-1")).variables


async def test_dry_run_tells_all_and_stores_nothing(
    api: aiohttp.ClientSession, campaign_id: str, everything: Callable[[], Awaitable[dict[str, bytes]]]
) -> None:
    """The counts are what would have come of it, and Redis is as before."""
    await _send(api, campaign_id, b"number,name\n+31201234567,Ann\n", CSV)
    before = await everything()
    body = b"number,name\n+31201234567,Ann\n+31201234568,Bob\n12,Eve\n"
    async with api.post(f"/v1/campaigns/{campaign_id}/calls?dry_run=true", data=body, headers=CSV) as response:
        told = await response.json()

    assert (1, 1, 1) == tuple(told[name] for name in ("accepted", "duplicates", "rejected"))
    assert ("number_invalid", True) == (told["rejections"][0]["code"], bool(told["rejections"][0]["remedy"]))
    assert before == await everything()


async def test_spreadsheet_is_taken(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """The named sheet of it; another name is refused with those that are there."""
    body = workbook([["x"]], [["number", "name"], ["+31201234567", "Ann"]])
    path, headers = f"/v1/campaigns/{campaign_id}/calls", {"Content-Type": XLSX}
    async with api.post(path, params={"sheet": "List 2"}, data=body, headers=headers) as response:
        taken = await response.json()
    async with api.post(path, params={"sheet": "List 3"}, data=body, headers=headers) as response:
        refused = await response.json()

    assert 1 == taken["accepted"]
    assert (422, "sheet") == (refused["status"], refused["field"])
    assert "'List 1', 'List 2'" in refused["detail"]


@pytest.mark.usefixtures("capsys")  # else the log of these tests goes to a file too
async def test_spreadsheet_that_finds_no_room_is_told_so(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """A full disk is no fault of the list: what to do is told, nothing is taken, and a CSV needs no room."""
    path, body = f"/v1/campaigns/{campaign_id}/calls", workbook([["number"], ["+31201234567"]])
    with full_disk(os.getpid(), most=1_000):  # locks of processes are files too
        async with api.post(path, data=body, headers={"Content-Type": XLSX}) as response:
            refused = await response.json()
        async with api.post(path, data=b"number,name\n+31201234568,Bob\n", headers=CSV) as response:
            taken = await response.json()

    assert (507, "/problems/no-room", True) == (refused["status"], refused["type"], "CSV UTF-8" in refused["detail"])
    assert 1 == taken["accepted"], taken
