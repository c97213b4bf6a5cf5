"""Named imports: gone on with after they broke off, counted exactly, and told of; their rejected rows are kept."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import aiohttp
import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.importing import XLSX, Fault, Layout, Place, Rejection
from dialer.runtime import Runtime
from dialer.store.imports import ImportStep
from tests.unit.importing.test_sheets import workbook

ROWS = 9_000
KINDS = {"csv": "text/csv", "ndjson": "application/x-ndjson", "json": "application/json", "xlsx": XLSX}
OFFSETS = {"csv", "ndjson"}


def _pairs() -> list[tuple[str, str]]:
    """Every hundredth has no name, every hundred and first row is there twice."""
    numbers = [f"+3161{1_000_000 + row - (row % 101 == 1 and row > 1)}" for row in range(1, ROWS + 1)]
    return [(number, "" if row % 100 == 0 else f"Name {row}") for row, number in enumerate(numbers, 1)]


def _list(form: str) -> bytes:
    pairs = _pairs()
    if form == "xlsx":
        return workbook([["number", "name"], *pairs])
    if form == "csv":
        return "".join(f"{number},{name}\n" for number, name in [("number", "name"), *pairs]).encode()
    lines = [json.dumps({"number": number, "name": name}) for number, name in pairs]
    return ("\n".join(lines) + "\n" if form == "ndjson" else f"[{','.join(lines)}]").encode()


async def _send(
    api: aiohttp.ClientSession, campaign_id: str, form: str, body: Any, **query: str
) -> tuple[int, dict[str, Any]]:
    path, headers = f"/v1/campaigns/{campaign_id}/calls", {"Content-Type": KINDS[form]}
    async with api.post(path, params=query, data=body, headers=headers) as response:
        return response.status, await response.json()


async def _state(api: aiohttp.ClientSession, campaign_id: str, import_id: str = "i1") -> dict[str, Any]:
    async with api.get(f"/v1/campaigns/{campaign_id}/imports/{import_id}") as response:
        told: dict[str, Any] = await response.json()
        return told


async def _rejected(api: aiohttp.ClientSession, campaign_id: str) -> list[dict[str, Any]]:
    async with api.get(f"/v1/campaigns/{campaign_id}/imports/i1/rejected?format=ndjson") as response:
        return [json.loads(line) for line in (await response.text()).splitlines()]


async def _broken_off(api: aiohttp.ClientSession, campaign_id: str, form: str, body: bytes, runtime: Runtime) -> None:
    """Send the list, and vanish once some of it is stored."""
    stored = asyncio.Event()

    async def leaving() -> AsyncIterator[bytes]:
        yield body[: len(body) * 2 // 3] if form != "xlsx" else body
        while (await runtime.store.campaign(campaign_id)).total < 1_000:
            pass
        stored.set()
        await asyncio.sleep(60)

    sending = asyncio.create_task(_send(api, campaign_id, form, leaving(), import_id="i1"))
    waiting = asyncio.create_task(stored.wait())
    done, _ = await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
    assert waiting in done
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)


async def _settled(redis: Redis, campaign_id: str) -> None:
    """The server has noticed that the client is gone."""
    while await redis.exists(keys.imports(campaign_id)):
        pass


@pytest.mark.parametrize("form", ["csv", "ndjson", "json"])
async def test_what_broke_off_is_gone_on_with(
    form: str, api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, redis: Redis
) -> None:
    """From the byte behind what is stored, or whole again where there is none; all counts are those of one import."""
    body = _list(form)
    whole = await _send(api, campaign_id, form, BytesIO(body), dry_run="true")
    await _broken_off(api, campaign_id, form, body, runtime)
    await _settled(redis, campaign_id)
    before = await _state(api, campaign_id)
    offset = before["offset"]
    status, told = await _send(api, campaign_id, form, BytesIO(body[offset:]), import_id="i1", offset=str(offset))
    after = await _state(api, campaign_id)
    repeated = sum(1 for row in range(2, ROWS + 1) if row % 101 == 1 and (row - 1) % 100 and row % 100)

    assert (form in OFFSETS) == (offset > 0)
    assert ("open", 200, "done") == (before["state"], status, after["state"])
    assert 0 < before["rows"] < ROWS == after["rows"]
    assert (whole[1]["accepted"] - repeated, repeated, 90) == tuple(
        told[name] for name in ("accepted", "duplicates", "rejected")
    )
    assert told["accepted"] == after["accepted"] == (await runtime.store.campaign(campaign_id)).total
    assert list(range(100, ROWS + 1, 100)) == [row["row"] for row in await _rejected(api, campaign_id)]


async def test_whoever_goes_on_from_elsewhere_is_told_where(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Another byte than the import's is refused with the right one; an import that is done takes no other list."""
    body = _list("csv")
    refused = await _send(api, campaign_id, "csv", BytesIO(body), import_id="i1", offset="100")
    taken = await _send(api, campaign_id, "csv", BytesIO(body), import_id="i1")
    again = await _send(api, campaign_id, "csv", b"number,name\n+31612345678,Eve\n", import_id="i1")

    assert (409, "/problems/import-moved", 0) == (refused[0], refused[1]["type"], refused[1]["offset"])
    assert (200, 409, "/problems/illegal-step") == (taken[0], again[0], again[1]["type"])


async def test_two_that_go_on_at_once_count_no_row_twice(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """Each step is taken by one of them; whoever comes late is refused and may ask where it stands."""
    body = _list("csv")
    answers = await asyncio.gather(*(_send(api, campaign_id, "csv", BytesIO(body), import_id="i1") for _ in range(3)))
    while (state := await _state(api, campaign_id))["state"] != "done":
        offset = state["offset"]
        await _send(api, campaign_id, "csv", BytesIO(body[offset:]), import_id="i1", offset=str(offset))

    assert {200, 409} >= {status for status, _ in answers}
    assert (await runtime.store.campaign(campaign_id)).total == state["accepted"]
    assert ROWS == state["accepted"] + state["duplicates"] + state["rejected"]
    assert 90 == state["rejected"] == len(await _rejected(api, campaign_id))


async def test_a_spreadsheet_sent_again_passes_over_what_was_taken(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime
) -> None:
    """By the numbers of its rows."""
    body = _list("xlsx")
    at = {"row": "8000", "begun_at": "1", "changed_at": "1"}
    await runtime.batch.command(
        "HSET", keys.import_record(campaign_id, "i1"), *(p for pair in at.items() for p in pair)
    )
    status, told = await _send(api, campaign_id, "xlsx", BytesIO(body), import_id="i1")

    assert (200, 1_000) == (status, told["accepted"] + told["duplicates"] + told["rejected"])


async def test_rejected_rows_are_a_file_without_formulas(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Row, column, value, code, reason and remedy; a cell that would be a formula is none."""
    body = b'number,name\n=1+1,Eve\n"@SUM(A1)",Eve\n+31612345678,\n'
    await _send(api, campaign_id, "csv", body, import_id="i1")
    async with api.get(f"/v1/campaigns/{campaign_id}/imports/i1/rejected") as response:
        disposition = response.headers["Content-Disposition"]
        rows = list(csv.DictReader(io.StringIO(await response.text(), newline="")))

    assert f'attachment; filename="{campaign_id}-i1-rejected.csv"' == disposition
    assert ["row", "column", "value", "code", "reason", "remedy"] == list(rows[0])
    assert [("1", "'=1+1"), ("2", "'@SUM(A1)"), ("3", "")] == [(row["row"], row["value"]) for row in rows]
    assert ["number_invalid", "number_invalid", "value_missing"] == [row["code"] for row in rows]
    assert all(row["reason"] and row["remedy"] for row in rows)


async def test_an_unknown_import_is_not_found(api: aiohttp.ClientSession, campaign_id: str) -> None:
    """Neither its state nor its rows."""
    for path in ("i2", "i2/rejected"):
        async with api.get(f"/v1/campaigns/{campaign_id}/imports/{path}") as response:
            assert 404 == response.status


async def test_rejected_rows_are_forgotten_with_a_person(
    api: aiohttp.ClientSession, campaign_id: str, runtime: Runtime, redis: Redis
) -> None:
    """Nobody can find a person in them, so all go; the counts stay."""
    await _send(api, campaign_id, "csv", b"number,name\n+31612345678,\n", import_id="i1")

    assert (1, 0) == (await runtime.store.forget_rejected(), await runtime.store.forget_rejected())
    assert ([], 1) == (await _rejected(api, campaign_id), (await _state(api, campaign_id))["rejected"])
    assert 0 == await redis.exists(keys.REJECTED)


async def test_rows_rejected_while_others_are_forgotten_are_found_by_the_next_erasure(
    campaign_id: str, runtime: Runtime, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import that goes on at that very moment leaves no rows that nobody would find."""
    command = runtime.batch.command

    async def _reject(row: int) -> None:
        rejections = [Rejection(row, "name", "", "is missing", Fault.VALUE_MISSING)]
        step = ImportStep(row - 1, row, Place(row, row, Layout()), rejections)
        await runtime.store.add_calls(campaign_id, [], import_id="i1", step=step)

    async def _go_on_after(*parts: Any) -> Any:
        answer = await command(*parts)
        if parts[0] == "UNLINK":
            await _reject(2)
        return answer

    await _reject(1)
    monkeypatch.setattr(runtime.batch, "command", _go_on_after)
    await runtime.store.forget_rejected()

    assert await redis.exists(keys.import_rejected(campaign_id, "i1")) == await redis.exists(keys.REJECTED)
