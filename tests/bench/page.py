"""`docs/figures.md`: the figures of the benchmark for whoever reads, written by it with `--write`.

Each part has a section of its own, which a run of that part replaces; those of parts that were not run stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.size import Figures, Row

PAGE = Path(__file__).parents[2] / "docs" / "figures.md"
_SECTION = r"<!-- {name} -->\n.*?<!-- /{name} -->\n"
_HEAD = "| figure | measured | beside it, in the same run | ratio |\n| --- | --- | --- | --- |\n"


def write(rows: Mapping[str, Sequence[Row]], figures: Figures, page: Path = PAGE) -> None:
    """Put the rows of these parts into their sections, at the end where they have none yet."""
    text = page.read_text("utf-8")
    for name, of_part in rows.items():
        section = _section(name, of_part, figures)
        found = re.search(_SECTION.format(name=re.escape(name)), text, re.DOTALL)
        text = text.replace(found[0], section) if found else f"{text}\n{section}"
    page.write_text(text, "utf-8")


def _section(name: str, rows: Sequence[Row], figures: Figures) -> str:
    machine = figures["machine"]
    told = (
        f"`--only {name}`, size {figures['size']}, {figures['at'][:10]}: {machine['cores']} cores "
        f"({machine['processor']}), load {machine['load_average_1min']:.0f} at the start and "
        f"{figures['load_average_1min_at_end']:.0f} at the end, {machine['redis']}, a sync to disk "
        f"{machine['sync_to_disk_ms']['p50']:.1f} ms."
    )
    table = "".join(f"| {row.figure} | {row.value} | {row.beside} | {_ratio(row)} |\n" for row in rows)
    return f"<!-- {name} -->\n## {name}\n\n{told}\n\n{_HEAD}{table}<!-- /{name} -->\n"


def _ratio(row: Row) -> str:
    return "" if row.ratio is None else f"{row.ratio:.2g}"
