"""`python -m grafana` writes every dashboard's file beside this one."""

from __future__ import annotations

from pathlib import Path

from grafana import campaigns, carrier, fleet, on_call
from grafana.board import Board, as_json

BOARDS = (on_call.BOARD, campaigns.BOARD, carrier.BOARD, fleet.BOARD)
FOLDER = Path(__file__).parent


def file_of(board: Board) -> Path:
    """Where a dashboard's JSON lies."""
    return FOLDER / f"{board.uid}.json"


if __name__ == "__main__":
    for board in BOARDS:
        file_of(board).write_text(as_json(board), "utf-8")
