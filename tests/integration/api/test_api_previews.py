"""`POST /v1/imports/preview`: what an import would make of the head of a list, and what its people would hear."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from dialer.importing import XLSX
from tests.unit.importing.test_sheets import workbook

ANN, BOB = "+31612345671", "+31612345672"
HEAD = ["Telefoon", "name", "plaats"]
ROWS = [["06-12345671", "Ann", "Delft"], ["12", "Eve", ""], [BOB, "Bob", "Sluis"]]
AS_CSV = "\n".join(map(";".join, [HEAD, *ROWS])) + "\n"
AS_NDJSON = "".join(json.dumps(dict(zip(HEAD, row, strict=True))) + "\n" for row in ROWS)


async def _look(api: aiohttp.ClientSession, body: bytes, kind: str, **query: str) -> dict[str, Any]:
    headers = {"Content-Type": kind}
    async with api.post("/v1/imports/preview", params=query, data=BytesIO(body), headers=headers) as response:
        told: dict[str, Any] = await response.json()
        return told | {"status": response.status}


@pytest.mark.parametrize(
    ("listed", "written"),
    [
        (("text/csv", AS_CSV.encode()), ("csv", "utf-8", ";")),
        (("text/csv", b"\xff\xfe" + AS_CSV.encode("utf-16-le")), ("csv", "utf-16-le", ";")),
        (("application/x-ndjson", AS_NDJSON.encode()), ("ndjson", "utf-8", None)),
        (("application/json", f"[{AS_NDJSON.strip().replace(chr(10), ',')}]".encode()), ("json", "utf-8", None)),
        ((XLSX, workbook([HEAD, *ROWS])), ("xlsx", None, None)),
    ],
)
async def test_every_form_is_told_and_its_rows_shown(
    *,
    listed: tuple[str, bytes],
    written: tuple[str, str | None, str | None],
    api: aiohttp.ClientSession,
    campaign_id: str,
    everything: Callable[[], Awaitable[dict[str, bytes]]],
) -> None:
    """Columns with a proposal for the number, rows as they would be taken and heard, rejections; nothing is stored."""
    before = await everything()
    told = await _look(api, listed[1], listed[0], campaign_id=campaign_id)

    assert (200, *written, True) == tuple(told[n] for n in ("status", "format", "encoding", "delimiter", "complete"))
    assert ({"number": "Telefoon"}, []) == (told["map"], told["missing"])
    assert [("Telefoon", "number"), ("name", "variable"), ("plaats", "variable")] == [
        (column["column"], column["use"]) for column in told["columns"]
    ]
    assert [(1, [ANN], ["Europe/Amsterdam"]), (3, [BOB], ["Europe/Amsterdam"])] == [
        (row["row"], row["numbers"], row["zones"]) for row in told["rows"]
    ]
    assert [[{"language": "nl-NL", "text": f"Hello {name}."}] for name in ("Ann", "Bob")] == [
        row["speech"] for row in told["rows"]
    ]
    assert [(2, "number", "number_invalid")] == [(r["row"], r["column"], r["code"]) for r in told["rejections"]]
    assert before == await everything()


async def test_a_text_that_is_no_campaign_yet_is_rendered(api: aiohttp.ClientSession) -> None:
    """With its language; what no column has is told beforehand."""
    body = f"number,name\n{ANN},Ann\n".encode()
    heard = await _look(api, body, "text/csv", text="Beste {{ name }}.", language="nl-NL")
    lacking = await _look(api, body, "text/csv", text="Om {{ tijd }}.", language="nl-NL")

    assert [{"language": "nl-NL", "text": "Beste Ann."}] == heard["rows"][0]["speech"]
    assert (["tijd"], "value_missing") == (lacking["missing"], lacking["rejections"][0]["code"])


async def test_the_head_of_a_long_list_is_enough(api: aiohttp.ClientSession) -> None:
    """A row that is cut in the middle is left out; no more rows than wanted are shown."""
    body = f"number\n{ANN}\n{BOB}\n+3161".encode()
    cut = await _look(api, body, "text/csv", cut="true")
    few = await _look(api, body, "text/csv", rows="1")

    assert ([1, 2], [], False) == ([row["row"] for row in cut["rows"]], cut["rejections"], cut["complete"])
    assert ([1], False) == ([row["row"] for row in few["rows"]], few["complete"])


@pytest.mark.parametrize(
    ("query", "body", "status", "field"),
    [
        ({"text": "Hi.", "campaign_id": "c1"}, b"number\n", 422, "text"),
        ({"campaign_id": "c1"}, b"number\n", 404, None),
        ({"text": "{{ oops"}, b"number\n", 422, "script.text"),
        ({"map": "{"}, b"number\n", 422, "map"),
        ({"map": '{"number": "x"}'}, b"number\n", 422, "map"),
        ({}, b"number\n\xff\n", 422, "charset"),
        ({}, b"", 422, "header"),
        ({}, b"number,Number\n", 422, "header"),
        ({}, ",".join(f"c{n}" for n in range(10_000)).encode(), 422, "header"),
        ({}, b"number\n" + b"x" * 2_000_000, 413, "body"),
    ],
)
async def test_what_cannot_be_shown_is_refused(
    query: dict[str, str], body: bytes, status: int, field: str | None, api: aiohttp.ClientSession
) -> None:
    """With the field that is to be mended."""
    told = await _look(api, body, "text/csv", **query)

    assert (status, field) == (told["status"], told.get("field"))


async def test_without_any_number_the_columns_are_told(api: aiohttp.ClientSession) -> None:
    """So that a person can say which it is."""
    told = await _look(api, b"a,b\n1,2\n", "text/csv")

    assert (["number"], ["a", "b"]) == (told["missing"], [column["column"] for column in told["columns"]])
    assert ["number_missing"] == [rejection["code"] for rejection in told["rejections"]]


async def test_a_name_that_no_text_has_is_told_with_its_row(api: aiohttp.ClientSession) -> None:
    """It can be shown nowhere, so it is no column."""
    told = await _look(api, f'{{"number": "{ANN}", "\\ud800": "x"}}'.encode(), "application/x-ndjson")

    assert (200, ["number"], ["name_invalid"]) == (
        told["status"],
        [column["column"] for column in told["columns"]],
        [rejection["code"] for rejection in told["rejections"]],
    )


async def test_a_sheet_whose_name_no_program_can_be_given_is_refused(api: aiohttp.ClientSession) -> None:
    """No name of a sheet has a NUL byte."""
    told = await _look(api, workbook([HEAD, *ROWS]), XLSX, sheet="\0")

    assert (422, "sheet") == (told["status"], told["field"])
