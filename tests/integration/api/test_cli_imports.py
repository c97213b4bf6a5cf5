"""`dialer campaign import`: tries, takes, goes on, and writes down what was not taken."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.runtime import Runtime
from tests.integration.api.conftest import KEY
from tests.unit.importing.test_sheets import workbook

ROWS = [["Telefoon", "name"], ["+31612345671", "Ann"], ["12", "Eve"], ["@1+1", "Eve"], ["+31612345672", "Bob"]]


async def dialer(url: str, *words: str) -> Result:
    """Run `dialer campaign import ...` against this API."""
    told = ["campaign", "import", "--url", url, "--api-key", KEY, *words]
    return await asyncio.to_thread(CliRunner().invoke, main, told)


@pytest.fixture(params=["people.csv", "people.xlsx"])
def people(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A list whose columns are called otherwise."""
    path = tmp_path / str(request.param)
    path.write_bytes("\n".join(map(";".join, ROWS)).encode() if path.suffix == ".csv" else workbook(ROWS))
    return path


async def test_list_is_tried_taken_and_known_again(
    url: str, campaign_id: str, people: Path, tmp_path: Path, runtime: Runtime
) -> None:
    """A dry run adds nobody; then all are in, a second time nothing is sent; rejected rows are a file each time."""
    told = []
    for number, tried in enumerate((("--dry-run",), (), ())):
        rejects = tmp_path / f"{number}.csv"
        words = (campaign_id, str(people), "--map", "number=Telefoon", "--rejects", str(rejects), *tried)
        told.append(await dialer(url, *words))
        with rejects.open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [("2", "12"), ("3", "'@1+1")] == [(row["row"], row["value"]) for row in rows], told[-1].output
        assert (0 if tried else 2) == (await runtime.store.campaign(campaign_id)).total

    assert [0, 0, 0] == [result.exit_code for result in told]
    assert all("accepted 2, duplicates 0, rejected 2" in result.output for result in told)
    assert [False, False, True] == ["All of this file was in already." in result.output for result in told]


@pytest.mark.parametrize(("words", "said"), [(("--map", "number"), "NAME=COLUMN"), ((), "map it")])
async def test_what_cannot_be_read_is_told(
    words: tuple[str, ...], said: str, url: str, campaign_id: str, tmp_path: Path
) -> None:
    """With what to do next."""
    people = tmp_path / "people.csv"
    people.write_text("Telefoon,name\n+31612345671,Ann\n")
    told = await dialer(url, campaign_id, str(people), *words)

    assert 0 != told.exit_code
    assert said in told.output
