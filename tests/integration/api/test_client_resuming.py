"""A file that is sent until all of it is in, whatever breaks off on the way."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from dialer import keys
from dialer.client import AsyncDialer, Invalid
from dialer.runtime import Runtime
from tests.integration.api.conftest import KEY

ROWS = 20_000


@pytest.fixture
async def dialer(url: str) -> AsyncIterator[AsyncDialer]:
    """A client of the API."""
    async with AsyncDialer(url, KEY) as client:
        yield client


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """A list in which every thousandth row is wrong."""
    path = tmp_path / "people.csv"
    rows = (f"{'' if row % 1_000 == 0 else f'+316{10_000_000 + row}'},Ann\n" for row in range(1, ROWS + 1))
    path.write_text("Telefoon,name\n" + "".join(rows))
    return path


MAP = '{"number": "Telefoon"}'


async def test_who_is_killed_midway_goes_on_where_it_was(
    dialer: AsyncDialer, campaign_id: str, people: Path, runtime: Runtime, redis: Redis
) -> None:
    """The second program sends the rest alone; counts are exact, nobody is there twice, and a third sends nothing."""
    sent: list[int] = []

    def told(at: int, _size: int, _rows: int) -> None:
        sent.append(at)

    first = asyncio.create_task(dialer.campaigns.import_file(campaign_id, people, map=MAP))
    while (await runtime.store.campaign(campaign_id)).total < 2_000:
        assert not first.done()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    while await redis.exists(keys.imports(campaign_id)):
        pass
    done = await dialer.campaigns.import_file(campaign_id, people, map=MAP, told=told)
    seen = len(sent)
    again = await dialer.campaigns.import_file(campaign_id, people, map=MAP, told=told)
    written = b"".join([chunk async for chunk in dialer.campaigns.rejected(campaign_id, done.id)])
    rejected = list(csv.DictReader(io.StringIO(written.decode(), newline="")))

    assert ("done", ROWS, ROWS - 20, 0, 20) == (done.state, done.rows, done.accepted, done.duplicates, done.rejected)
    assert ROWS - 20 == (await runtime.store.campaign(campaign_id)).total
    assert ([str(row) for row in range(1_000, ROWS + 1, 1_000)], done) == ([row["row"] for row in rejected], again)
    assert seen == len(sent)


async def test_what_does_not_pass_by_waiting_is_told_at_once(
    dialer: AsyncDialer, campaign_id: str, people: Path
) -> None:
    """A list without the column that it needs is refused the first time."""
    with pytest.raises(Invalid, match="map it"):
        await dialer.campaigns.import_file(campaign_id, people)
