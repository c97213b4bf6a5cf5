"""The page that the benchmark writes."""

from __future__ import annotations

from pathlib import Path

from tests.bench import page
from tests.bench.size import Row

FIGURES = {
    "size": "quick",
    "at": "2026-11-27T14:00:00+00:00",
    "load_average_1min_at_end": 3.4,
    "machine": {
        "cores": 2,
        "processor": "P",
        "load_average_1min": 1.6,
        "redis": "redis 7.0",
        "sync_to_disk_ms": {"p50": 0.51},
    },
}


def test_a_run_replaces_its_own_section_alone(tmp_path: Path) -> None:
    """What stands before and behind it stays, and a part that was never measured comes at the end."""
    path = tmp_path / "figures.md"
    path.write_text("# Figures\n", "utf-8")
    for value in ("1", "2"):
        page.write({"claim": [Row("a claim (us)", value, "little 2", 0.5)]}, FIGURES, path)
        page.write({"day": [Row("a day", value)]}, FIGURES, path)
    text = path.read_text("utf-8")

    assert ["# Figures", "## claim", "## day"] == [line for line in text.splitlines() if line.startswith("#")]
    assert "| a claim (us) | 2 | little 2 | 0.5 |\n" in text
    assert "| a day | 2 |  |  |\n" in text
    assert "| 1 |" not in text
    assert "load 2 at the start and 3 at the end" in text


def test_the_page_there_is_can_be_written_anew() -> None:
    """Each section of the manual's page ends as it begins."""
    text = page.PAGE.read_text("utf-8")

    assert text.count("\n<!-- /") == text.count("\n## ")
