"""A list of names that nobody has: every one of them goes in and comes out as it is, or is refused by its row."""

from __future__ import annotations

import csv
import io
import json

import aiohttp
import pytest

from dialer.speech import plain
from tests.fakes.hostile import BREAKERS, ENDLESS, MARKUP, TEMPLATES, UNSEEN

NAMES = (*MARKUP, *TEMPLATES, *BREAKERS, *UNSEEN, *ENDLESS)
STORABLE = [name for name in NAMES if not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in name)]
SPEAKABLE = [name for name in STORABLE if plain(name).strip()]


def as_csv() -> str:
    """The list as a CSV file."""
    text = io.StringIO()
    rows = [[f"+3161234{row:04d}", name] for row, name in enumerate(STORABLE)]
    csv.writer(text).writerows([["number", "name"], *rows])
    return text.getvalue()


def as_ndjson() -> str:
    """The list as lines of JSON."""
    rows = [{"number": f"+3161234{row:04d}", "name": name} for row, name in enumerate(STORABLE)]
    return "\n".join(map(json.dumps, rows))


@pytest.mark.parametrize(("kind", "text"), [("text/csv", as_csv()), ("application/x-ndjson", as_ndjson())])
async def test_names_come_out_as_they_went_in(
    kind: str, text: str, api: aiohttp.ClientSession, campaign_id: str
) -> None:
    """All that can be spoken is taken, the rest is refused row by row; CSV and NDJSON give each name back."""
    path = f"/v1/campaigns/{campaign_id}"
    async with api.post(f"{path}/calls", data=text.encode(), headers={"Content-Type": kind}) as response:
        told = await response.json()
    async with api.get(f"{path}/results?format=csv") as response:
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode(), newline="")))
    async with api.get(f"{path}/results?format=ndjson") as response:
        lines = (await response.text()).splitlines()

    assert (len(SPEAKABLE), len(STORABLE) - len(SPEAKABLE)) == (told["accepted"], told["rejected"])
    assert {"name"} == {rejection["column"] for rejection in told["rejections"]}
    assert SPEAKABLE == [json.loads(row["variables"])["name"] for row in rows]
    assert SPEAKABLE == [json.loads(line)["variables"]["name"] for line in lines]
