"""The lines of a results file."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.api.result_rows import COLUMNS, ResultOut, csv_rows, harmless, ndjson_lines
from dialer.dispositions import Disposition, Fact
from dialer.model import Attempt, Call, Event
from dialer.states import CallState

CALL = Call(
    id="c1-2",
    campaign_id="c1",
    number="+31201234567",
    external_id="a;b",
    variables={"name": 'Zo\u00eb "Z"', "sum": "1,5"},
    state=CallState.DONE,
    due_at=None,
    disposition=Disposition.NO_ANSWER,
    ended_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
    attempts=3,
)


def test_csv_row_has_all_columns() -> None:
    """A row reads back as what the call is."""
    [cells] = csv.reader(io.StringIO(csv_rows([ResultOut.of_last(CALL, None)])))
    row = dict(zip(COLUMNS, cells, strict=True))

    assert dict(CALL.variables) == json.loads(row.pop("variables"))
    assert {
        "id": "c1-2",
        "external_id": "a;b",
        "number": "+31201234567",
        "state": "done",
        "disposition": "no_answer",
        "tries": "3",
        "ended_at": "2026-01-02T03:04:05.678+00:00",
        **dict.fromkeys(("placed_at", "answered_at", "ring_s", "talk_s", "reason", "amd", "keys"), ""),
        **dict.fromkeys(("duration_s", "price", "recordings", "dialed"), ""),
    } == row


def test_a_result_tells_what_was_pressed_and_what_it_cost() -> None:
    """Keys stand in the order of the questions, with the length and the price of the last attempt."""
    figures: dict[str, str | int] = {"keys:2": "3", "keys:0": "1", "duration_s": 24, "price": "0.01000000"}
    attempt = Attempt(
        id="c1-2-3", number=3, state="ended", placed_at=None, uuid="u", result="placed", facts=frozenset(),
        disposition=Disposition.CONFIRMED, figures=figures,
    )  # fmt: skip
    row = _row(attempt)

    assert ("1 3", "24", "0.01000000") == (row["keys"], row["duration_s"], row["price"])


def test_a_result_tells_the_times_of_the_last_attempt() -> None:
    """When it was placed and answered, how long it rang and was talked, who picked up, and what was recorded."""
    row = _row(_attempt(events=(_event("ringing", 2), _event("answered", 7), _event("completed", 31))))

    assert "2026-01-02T03:04:00.000+00:00" == row["placed_at"]
    assert "2026-01-02T03:04:07.000+00:00" == row["answered_at"]
    assert ("7.0", "24", "human", "r1 r2") == (row["ring_s"], row["talk_s"], row["amd"], row["recordings"])


def test_an_unanswered_attempt_rang_until_its_end() -> None:
    """Without an answer there was no talk, and the ringing ended with the call; the carrier's words stand beside it."""
    row = _row(_attempt(events=(_event("busy", 3),), figures={"detail": "=busy", "duration_s": 0}))

    assert ("3.0", "", "'=busy") == (row["ring_s"], row["talk_s"], row["reason"])


def _row(attempt: Attempt) -> dict[str, str]:
    [cells] = csv.reader(io.StringIO(csv_rows([ResultOut.of_last(CALL, attempt)])))
    return dict(zip(COLUMNS, cells, strict=True))


def _event(kind: str, second: int) -> Event:
    at = datetime(2026, 1, 2, 3, 4, second, tzinfo=UTC)
    return Event(kind=kind, at=at, received_at=at)


def _attempt(**fields: Any) -> Attempt:
    known: dict[str, Any] = {
        "facts": frozenset({Fact.HUMAN}),
        "figures": {"duration_s": 24},
        "recordings": ("r1", "r2"),
        "placed_at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
    }
    plain: dict[str, Any] = {"number": 3, "state": "ended", "uuid": "u", "result": "placed", "disposition": None}
    return Attempt(id="c1-2-3", **(plain | known | fields))


def test_ndjson_line_has_all_fields() -> None:
    """A line reads back as what the call is."""
    [line] = ndjson_lines([ResultOut.of_last(CALL, None)]).splitlines()
    told = json.loads(line)

    assert ("a;b", "no_answer", 3) == (told["external_id"], told["disposition"], told["tries"])
    assert "2026-01-02T03:04:05.678000Z" == told["ended_at"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_cell_that_begins_like_a_formula_is_defused(start: str) -> None:
    """An apostrophe makes it text."""
    assert f"'{start}1" == harmless(f"{start}1")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1))
def test_any_own_id_survives_csv(external_id: str) -> None:
    """Whatever an id holds, the row has its columns and the id as it was or defused, never a formula."""
    call = Call(**{name: getattr(CALL, name) for name in Call.__slots__} | {"external_id": external_id})
    [cells] = csv.reader(io.StringIO(csv_rows([ResultOut.of_last(call, None)]), newline=""))

    assert len(COLUMNS) == len(cells)
    assert cells[1] in {external_id, f"'{external_id}"}
    assert not cells[1].startswith(("=", "+", "-", "@", "\t", "\r"))
