"""One row of results: a call and what is known of its last attempt, and how the row is written as CSV and NDJSON.

CSV opens well in spreadsheets, and so must not carry formulas into them: a text cell that begins like one gets an
apostrophe in front (OWASP, "CSV injection"). Numbers are E.164 with their plus; the dialer's own check made sure that
they are digits, so they are left whole and quoted like all text.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from dialer.api.answers import CallOut
from dialer.dispositions import Fact
from dialer.model import Attempt, Call

COLUMNS = (
    "id", "external_id", "number", "state", "disposition", "tries", "placed_at", "answered_at", "ended_at", "ring_s",
    "talk_s", "reason", "amd", "keys", "duration_s", "price", "recordings", "variables", "dialed",
)  # fmt: skip
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also as wide as kana
# Ends of lines to some readers of NDJSON, and what turns a terminal's colours or the order of its letters.
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PICKED_UP = frozenset({"answered", "human", "machine"})


class ResultOut(CallOut):
    """What became of a call, with what is known of its last attempt."""

    dialed: str = Field(description="The number that the last attempt dialed.")
    placed_at: datetime | None = Field(description="When its last request left.")
    answered_at: datetime | None = Field(description="By the carrier's clock, where that was told.")
    ring_s: float | None = Field(description="From the request to the answer, or to the end where nobody answered.")
    talk_s: int | None = Field(description="As the carrier counted; null where nobody answered.")
    reason: str | None = Field(description="The carrier's words on how it ended.")
    amd: str | None = Field(description="`human` or `machine`, where the carrier told.")
    keys: str = Field(description="What was pressed, question by question.")
    duration_s: int | None
    price: str | None = Field(description="As the carrier told it.")
    recordings: list[str] = Field(description="Ids of its recordings.")

    @classmethod
    def of_last(cls, call: Call, attempt: Attempt | None) -> Self:
        """The result of one call."""
        return cls(**dict(CallOut.of(call)), **(_NOTHING if attempt is None else _known(call, attempt)))


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(name for name in ResultOut.model_fields if name not in CallOut.model_fields),
    "dialed": "",
    "keys": "",
    "recordings": [],
}


def _known(call: Call, attempt: Attempt) -> dict[str, Any]:
    figures = attempt.figures
    duration, price = figures.get("duration_s"), figures.get("price")
    answered_at = _first(attempt, _PICKED_UP)
    seconds = None if duration is None else int(duration)
    return {
        "dialed": call.dialed(attempt),
        "placed_at": attempt.placed_at,
        "answered_at": answered_at,
        "ring_s": _seconds(attempt.placed_at, answered_at or _over_at(attempt)),
        "talk_s": seconds if answered_at else None,
        "reason": _reason(attempt),
        "amd": next((fact.value for fact in (Fact.MACHINE, Fact.HUMAN) if fact in attempt.facts), None),
        "keys": attempt.keys,
        "duration_s": seconds,
        "price": None if price is None else str(price),
        "recordings": list(attempt.recordings),
    }


def _first(attempt: Attempt, kinds: frozenset[str]) -> datetime | None:
    return min((event.at or event.received_at for event in attempt.events if event.kind in kinds), default=None)


_OVER = frozenset({"completed", "busy", "timeout", "cancelled", "unanswered", "rejected", "failed"})


def _over_at(attempt: Attempt) -> datetime | None:
    return _first(attempt, _OVER)


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    # Two clocks: the carrier's may lie behind ours.
    return max(0.0, round((end - start).total_seconds(), 3)) if start and end else None


def _reason(attempt: Attempt) -> str | None:
    told = attempt.figures.get("detail") or attempt.figures.get("reason")
    own = attempt.result if attempt.result != "placed" else None
    return str(told) if told else own


def csv_header() -> str:
    """The first line."""
    return csv_text([COLUMNS])


def csv_rows(results: Sequence[ResultOut]) -> str:
    """One row a call, in the order of COLUMNS."""
    return csv_text(_cells(result) for result in results)


def ndjson_lines(results: Sequence[ResultOut]) -> str:
    """One JSON object a call, each on a line of its own."""
    return "".join(_seen(result.model_dump_json()) + "\n" for result in results)


_FOREIGN = frozenset({"external_id", "reason", "price"})
"""Text that somebody else wrote."""


def _cells(result: ResultOut) -> Iterable[str | int | float]:
    for name in COLUMNS:
        cell = _cell(getattr(result, name))
        yield harmless(str(cell)) if name in _FOREIGN else cell


def _cell(value: Any) -> str | int | float:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case list():
            return " ".join(value)
        case dict():
            return variables_text(value)
        case int() | float():
            return value
    return str(value)


def variables_text(variables: dict[str, str]) -> str:
    """The variables of a call as one JSON object."""
    return _seen(json.dumps(variables, ensure_ascii=False, separators=(",", ":")))


def _seen(written: str) -> str:
    """The same JSON with its unseen characters escaped; they can stand in its texts alone."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def csv_text(rows: Iterable[Iterable[str | int | float]]) -> str:
    """Rows as CSV, texts quoted."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return text.getvalue()
