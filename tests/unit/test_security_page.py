"""The page on security names what shows each of its claims: each such test is there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.fakes.manual import README

_ROOT = README.parent
PAGE = (_ROOT / "docs" / "security.md").read_text("utf-8")


def written() -> set[str]:
    """The functions of all test files."""
    files: list[Path] = [*(_ROOT / "tests").rglob("test_*.py")]
    return {
        name
        for file in files
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", file.read_text("utf-8"), re.MULTILINE)
    }


def rows() -> list[list[str]]:
    """The cells of each row of its table, without the header."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines][2:]


def test_every_test_that_is_named_is_there() -> None:
    """Nothing is claimed by a test that was renamed or taken away."""
    named = set(re.findall(r"`(test_\w+)`", PAGE))

    assert len(named) > 50
    assert set() == named - written()


def test_every_claim_names_its_tests() -> None:
    """Each row says from where, what, against it what, and by which test."""
    assert len(rows()) > 15
    assert [] == [row for row in rows() if len(row) != 4 or not all(row[1:]) or "`test_" not in row[3]]
