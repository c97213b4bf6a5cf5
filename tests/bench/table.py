"""The figures as a table for eyes."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.size import Row

_WIDTH = 130  # where standard error is no terminal


def print_table(rows: Sequence[Row]) -> None:
    """Write it on standard error."""
    table = Table("figure", "measured", "beside it, in the same run", "ratio", box=None, header_style="bold")
    for row in rows:
        table.add_row(row.figure, row.value, row.beside, "" if row.ratio is None else f"{row.ratio:.3g}")
    console = Console(stderr=True)
    if not console.is_terminal:
        console = Console(stderr=True, width=_WIDTH)
    console.print(table)
