"""Measures every fault and writes the table of `docs/faults.md` anew: `python -m tests.acceptance.faults_table`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path

from tests.acceptance.fault_courses import FAULTS, open_courses
from tests.fakes.faults import Fault, settle

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
_MARKS = re.compile(r"(<!-- faults -->\n).*?(<!-- /faults -->)", re.DOTALL)
_HEAD = "| fault | you see | alert, where it lasts | lost or in doubt | calls again after |\n" + "| --- " * 5 + "|\n"


def row(name: str, fault: Fault) -> str:
    """What the table says of a fault, but for the last column, which is measured."""
    alert = f"[{fault.alert}](../deploy/alerts.md#{fault.alert.lower()})" if fault.alert else ""
    return f"| {name} | {fault.seen} | {alert} | {fault.lost} |"


def rows_told() -> list[str]:
    """The rows of the page as it is, without their last column."""
    found = _MARKS.search(PAGE.read_text("utf-8"))
    assert found, "docs/faults.md has no place for its table"
    return [line.rsplit("|", 2)[0] + "|" for line in found[0].splitlines()[3:-1]]


async def _measured() -> Mapping[str, str]:
    async with open_courses(FAULTS) as courses:
        suffered = {name: await courses.of(name) for name in FAULTS}
        for one in suffered.values():
            await settle(one)
    return {name: "they go on" if one.resumed_s is None else f"{one.resumed_s:.1f} s" for name, one in suffered.items()}


def _write() -> None:
    measured = asyncio.run(_measured())
    table = "".join(f"{row(name, fault)} {measured[name]} |\n" for name, fault in FAULTS.items())
    PAGE.write_text(_MARKS.sub(lambda marks: f"{marks[1]}{_HEAD}{table}{marks[2]}", PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    _write()
