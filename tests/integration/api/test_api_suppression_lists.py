"""Lists of numbers that are not called, as a whole: which there are, files in and out, and dropping one."""

from __future__ import annotations

import asyncio
import csv
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO, StringIO
from typing import Any

import aiohttp
import pytest

from dialer.runtime import Runtime
from tests.integration.api.conftest import CAMPAIGN

Everything = Callable[[], Awaitable[dict[str, bytes]]]

CSV = {"Content-Type": "text/csv"}
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
BOTH = ["+31201234567", "+31612345678"]


async def _send(api: aiohttp.ClientSession, data: object, headers: dict[str, str], **query: str) -> dict[str, Any]:
    async with api.post("/v1/suppressions/import", data=data, headers=headers, params=query) as response:
        told: dict[str, Any] = await response.json()
        return told | {"status": response.status}


async def _export(api: aiohttp.ClientSession, **query: str) -> str:
    async with api.get("/v1/suppressions/export", params=query) as response:
        assert 200 == response.status
        return await response.text()


async def _lists(api: aiohttp.ClientSession) -> dict[str, tuple[int, int]]:
    async with api.get("/v1/suppression-lists") as response:
        return {one["name"]: (one["size"], one["version"]) for one in (await response.json())["lists"]}


async def _drop(api: aiohttp.ClientSession, name: str) -> tuple[int, dict[str, Any]]:
    async with api.delete(f"/v1/suppression-lists/{name}") as response:
        return response.status, await response.json()


async def _create(api: aiohttp.ClientSession, *lists: str) -> tuple[int, dict[str, Any]]:
    async with api.post("/v1/campaigns", json=CAMPAIGN | {"suppression_lists": lists}) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (CSV, "\ufeffname;number\r\nAnn;020 123 4567\r\nBob;12\r\nEve;+31612345678\r\nEve;06-12345678\r\n"),
        (NDJSON, '{"number": "020 123 4567"}\n{"number": 12}\n{"number": "+31612345678"}\n{"number": "0612345678"}\n'),
        (JSON, '[{"number": "0201234567"}, {"number": "12"}, {"number": "+31612345678"}, {"number": "0612345678"}]'),
        (PLAIN, "\ufeff020 123 4567\r\n12\r\n+31612345678\r\n06-12345678"),
    ],
)
async def test_files_of_every_form_are_read(
    headers: dict[str, str], body: str, api: aiohttp.ClientSession, runtime: Runtime
) -> None:
    """Good rows are taken, repeated ones are counted, a bad one is told by number, column, value and reason."""
    told = await _send(api, body.encode(), headers, list="vip")
    on_it = [one.number for one in await runtime.store.suppressed(offset=0, limit=9, on="vip")]

    assert (200, 2, 1, 1) == tuple(told[name] for name in ("status", "accepted", "duplicates", "rejected"))
    assert (2, "number", "12") == tuple(told["rejections"][0][name] for name in ("row", "column", "value"))
    assert BOTH == sorted(on_it)
    assert {"*": (0, 0), "vip": (2, 1)} == await _lists(api)


async def test_the_same_file_again_changes_nothing(api: aiohttp.ClientSession, everything: Everything) -> None:
    """Not even the version of the list, which the record of an attempt names."""
    body = "\n".join(BOTH)
    first = await _send(api, body, PLAIN)
    before = await everything()
    again = await _send(api, body, PLAIN)

    assert [(2, 0), (0, 2)] == [(told["accepted"], told["duplicates"]) for told in (first, again)]
    assert before == await everything()
    assert {"*": (2, 1)} == await _lists(api)


async def test_several_numbers_of_one_person_are_all_taken(api: aiohttp.ClientSession) -> None:
    """As in lists of calls: separated by semicolons, or in further columns."""
    told = await _send(api, "number,number2\n0201234567;0612345678,0201234568\n", CSV)

    assert (3, 0) == (told["accepted"], told["rejected"])


async def test_numbers_of_all_countries_are_taken(api: aiohttp.ClientSession) -> None:
    """Where calls may go is no matter here; addresses other than phones are taken too."""
    told = await _send(api, "+442079460000\nsip:desk@pbx.example.com\n", PLAIN)

    assert (2, 0) == (told["accepted"], told["rejected"])


async def test_a_file_without_numbers_makes_an_empty_list(api: aiohttp.ClientSession) -> None:
    """A campaign may name it, and it is filled later."""
    told = await _send(api, "", PLAIN, list="later")
    status, _ = await _create(api, "later")

    assert (200, 0, 201) == (told["status"], told["accepted"], status)
    assert {"*": (0, 0), "later": (0, 0)} == await _lists(api)


@pytest.mark.parametrize(
    ("request_", "status", "field"),
    [
        ((CSV, "phone\n0612345678\n", {}), 422, "number"),
        ((CSV, "", {}), 422, "header"),
        ((PLAIN, b"\xff\xfe\x00", {}), 422, "charset"),
        ((JSON, "[oops", {}), 422, "rows"),
        (({"Content-Type": "application/pdf"}, "%PDF", {}), 415, "Content-Type"),
        ((PLAIN, "0612345678", {"list": "No Name"}), 422, "list"),
        ((PLAIN, "0612345678", {"lists": "vip"}), 422, "lists"),
    ],
)
async def test_what_cannot_be_read_changes_nothing(
    request_: tuple[dict[str, str], str | bytes, dict[str, str]],
    status: int,
    field: str,
    api: aiohttp.ClientSession,
    everything: Everything,
) -> None:
    """The refusal names what to mend, and no list is made."""
    headers, body, query = request_
    before = await everything()
    told = await _send(api, body, headers, **({"list": "vip"} | query))

    assert (status, field) == (told["status"], told["field"])
    assert before == await everything()


async def test_a_file_that_breaks_in_the_middle_tells_what_is_in(api: aiohttp.ClientSession) -> None:
    """The refusal has the counts so far; the mended file adds the rest."""
    rows = [f"+3120{1_000_000 + number}" for number in range(8_000)]
    broken = await _send(api, BytesIO("\n".join(rows).encode() + b"\n\xff\n"), PLAIN)
    mended = await _send(api, BytesIO("\n".join(rows).encode()), PLAIN)

    assert (422, "charset") == (broken["status"], broken["field"])
    assert 0 < broken["accepted"] < 8_000
    assert (8_000 - broken["accepted"], broken["accepted"]) == (mended["accepted"], mended["duplicates"])


async def test_rejections_are_all_counted_and_the_first_thousand_told(api: aiohttp.ClientSession) -> None:
    """By their lines, of which blank ones count too."""
    told = await _send(api, BytesIO(b"\n" + b"12\n" * 2_500), PLAIN)
    rows = [rejection["row"] for rejection in told["rejections"]]

    assert (2_500, list(range(2, 1002))) == (told["rejected"], rows)


async def test_a_long_file_takes_no_memory(api: aiohttp.ClientSession) -> None:
    """60,000 numbers come and go in pieces: what is held does not grow with them."""

    async def numbers() -> AsyncIterator[bytes]:
        for first in range(0, 60_000, 1_000):
            yield "".join(f"+3120{1_000_000 + number}\n" for number in range(first, first + 1_000)).encode()

    tracemalloc.start()
    try:
        told = await _send(api, numbers(), PLAIN)
        exported = 0
        async with api.get("/v1/suppressions/export") as response:
            async for chunk in response.content.iter_any():
                exported += chunk.count(b"\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (60_000, 60_001) == (told["accepted"], exported)
    assert peak < 12 * 1024 * 1024


async def test_a_list_is_exported_as_csv_and_ndjson(api: aiohttp.ClientSession) -> None:
    """Longest ago first, numbers with their plus, and the file can be imported as it is."""
    for number in BOTH:
        await _send(api, number, PLAIN, list="vip")
        await asyncio.sleep(0.002)  # two in one millisecond are told in the order of their digits
    rows = list(csv.DictReader(StringIO(await _export(api, list="vip"))))
    lines = [json.loads(line) for line in (await _export(api, list="vip", format="ndjson")).splitlines()]
    copied = await _send(api, await _export(api, list="vip"), CSV, list="copy")

    assert BOTH == [row["number"] for row in rows] == [line["number"] for line in lines]
    assert ["number", "since"] == list(rows[0])
    assert all("T" in row["since"] for row in rows)
    assert (2, 0) == (copied["accepted"], copied["rejected"])


async def test_an_export_is_a_file_of_its_kind(api: aiohttp.ClientSession) -> None:
    """By name and media type; `Accept` chooses where `format` does not."""
    async with api.get("/v1/suppressions/export") as response:
        plain = (response.headers["Content-Disposition"], response.content_type)
    async with api.get("/v1/suppressions/export", headers={"Accept": "application/x-ndjson"}) as response:
        told = (response.headers["Content-Disposition"], response.content_type)

    assert ('attachment; filename="suppressed.csv"', "text/csv") == plain
    assert ('attachment; filename="suppressed.ndjson"', "application/x-ndjson") == told


@pytest.mark.parametrize("path", ["/v1/suppressions/export", "/v1/suppressions"])
async def test_what_is_not_there_is_not_handed_out(path: str, api: aiohttp.ClientSession) -> None:
    """An export of a list nobody made is a mistake, not an empty file."""
    async with api.get(path, params={"list": "vip"}) as response:
        assert (404, True) == (response.status, "'vip'" in (await response.json())["detail"])


async def test_a_list_is_dropped_with_its_numbers(api: aiohttp.ClientSession, everything: Everything) -> None:
    """Nothing of it is left, and a second time there is none."""
    before = await everything()
    await _send(api, "\n".join(BOTH), PLAIN, list="vip")

    assert (200, {"name": "vip", "size": 2}) == await _drop(api, "vip")
    assert before == await everything()
    assert 404 == (await _drop(api, "vip"))[0]


async def test_a_list_that_campaigns_keep_to_is_not_dropped(api: aiohttp.ClientSession) -> None:
    """The refusal names them; once they are over or leave it out it goes, and nobody can name it any more."""
    await _send(api, "\n".join(BOTH), PLAIN, list="vip")
    await _send(api, "", PLAIN, list="vip-2")
    ids = [(await _create(api, *lists))[1]["id"] for lists in (["vip"], ["vip-2", "vip"], ["vip-2"])]
    status, problem = await _drop(api, "vip")
    assert (409, "/problems/illegal-step") == (status, problem["type"])
    assert [True, True, False] == [campaign_id in problem["detail"] for campaign_id in ids]

    await api.post(f"/v1/campaigns/{ids[0]}/cancel")
    async with api.patch(f"/v1/campaigns/{ids[1]}", json={"suppression_lists": ["vip-2"]}) as response:
        assert 200 == response.status
    assert 200 == (await _drop(api, "vip"))[0]
    status, problem = await _create(api, "vip-2", "vip")
    assert (422, "suppression_lists.1") == (status, problem["field"])


@pytest.mark.parametrize("name", ["*", "none", "No", "a" * 65])
async def test_what_is_no_list_cannot_be_dropped(name: str, api: aiohttp.ClientSession, everything: Everything) -> None:
    """The list of all campaigns stays, whatever somebody asks."""
    before = await everything()

    assert 404 == (await _drop(api, name))[0]
    assert before == await everything()


async def test_whole_lists_stand_in_the_audit_log(api: aiohttp.ClientSession) -> None:
    """Who imported, exported and dropped which list, and how many numbers that were."""
    await _send(api, "\n".join([*BOTH, "12"]), PLAIN, list="vip")
    await _export(api, list="vip")
    await _drop(api, "vip")
    async with api.get("/v1/audit") as response:
        entries = (await response.json())["entries"][::-1]
    told = [(entry["action"], entry["outcome"], entry["details"]) for entry in entries]

    assert [
        ("suppression.imported", "asked", {"list": "vip"}),
        ("suppression.imported", "done", {"accepted": 2, "duplicates": 0, "rejected": 1}),
        ("suppression.exported", "asked", {"list": "vip"}),
        ("suppression.exported", "done", {"format": "csv"}),
        ("suppression.list_dropped", "asked", {"name": "vip"}),
        ("suppression.list_dropped", "done", {"size": 2}),
    ] == told
