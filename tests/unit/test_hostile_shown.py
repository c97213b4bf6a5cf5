"""No name does anything but stand there: in a results file, in a spreadsheet, on a terminal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from dialer.api.answers import CallOut, CampaignOut, ImportOut, RejectionOut
from dialer.api.recording_answers import RecordingOut
from dialer.api.result_rows import COLUMNS, ResultOut, csv_rows, ndjson_lines
from dialer.cli import app, recording
from dialer.cli.account import Account, people_table
from dialer.cli.campaign import _description, _table
from dialer.cli.pace import Snapshot
from dialer.cli.screens import LiveScreen, campaign_line
from dialer.cli.sending import report
from dialer.cli.showing import shown, shown_lines
from dialer.dispositions import Disposition
from dialer.model import Call
from dialer.providers.assets import Application, Webhook
from dialer.states import CallState
from tests.fakes.answers import filled
from tests.fakes.hostile import HOSTILE, STORABLE

CALL = Call(
    id="c1-2",
    campaign_id="c1",
    number="+31201234567",
    external_id=None,
    variables={},
    state=CallState.DONE,
    due_at=None,
    disposition=Disposition.ANSWERED,
    ended_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC),
    attempts=1,
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
RESULTS = st.builds(
    lambda variables, own_id: replace(CALL, variables=variables, external_id=own_id or None),
    st.dictionaries(STORABLE.filter(bool), STORABLE, max_size=3),
    STORABLE,
)
ACTED_UPON = {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u202e", "\u2066"} - {"\n"}


def view_of(name: str, reason: str) -> CampaignOut:
    """A campaign with these words in it."""
    counts = {state.value: 1 for state in CallState}
    told: dict[str, Any] = {"counts": counts, "dispositions": {"answered": 1}, "success": ["answered"]}
    return filled(CampaignOut, id="c1", name=name, state="paused", reason=reason, **told)


def drawn(what: Any) -> str:
    """What a terminal would be sent, without the colours that are ours."""
    screen = Console(file=io.StringIO(), width=200, color_system=None, highlight=False)
    screen.print(what)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@settings(max_examples=200)
@given(st.lists(RESULTS, min_size=1, max_size=3))
def test_results_hold_every_value_and_nothing_more(calls: list[Call]) -> None:
    """CSV and NDJSON read back as what was dialed: as many rows, no formula, no line torn, no control character."""
    results = [ResultOut.of_last(call, None) for call in calls]
    rows = list(csv.reader(io.StringIO(csv_rows(results).encode().decode(), newline="")))
    lines = ndjson_lines(results).encode().decode()

    assert [len(COLUMNS)] * len(calls) == [len(row) for row in rows]
    assert len(calls) == len(lines.splitlines())
    assert not ACTED_UPON & set(lines)
    for call, row, line in zip(calls, rows, lines.splitlines(), strict=True):
        told = dict(zip(COLUMNS, row, strict=True))
        assert dict(call.variables) == json.loads(told["variables"]) == json.loads(line)["variables"]
        assert not ACTED_UPON & set(told["variables"])
        assert told["external_id"] in {call.external_id or "", f"'{call.external_id}"}
        assert [] == [name for name in COLUMNS if name != "number" and told[name].startswith(FORMULAS)]


@settings(max_examples=100)
@given(HOSTILE, HOSTILE)
def test_what_the_carrier_calls_things_is_only_shown(name: str, reason: str) -> None:
    """An application's name and a failed fetch's reason are the carrier's words: no mark-up."""
    application = Application(id="a", name=name, answer=Webhook(reason, "GET"))
    failed = filled(RecordingOut, id="r", state="failed", calls=["c-1"], error=reason)
    tables = [drawn(app._table([application], None)), drawn(recording._table([failed]))]
    said = [app._description(application), recording._description(failed)]

    assert [] == [text for text in (*tables, *said) if ACTED_UPON & set(text)]
    plain = Application(id="a", name="[/x]")
    assert "[/x]" in drawn(app._table([plain], None))


@settings(max_examples=100)
@given(HOSTILE, HOSTILE)
def test_a_terminal_is_sent_nothing_that_it_acts_upon(name: str, reason: str) -> None:
    """Names, reasons and values of a list are shown as they are: no escape code, no mark-up of ours, no new line."""
    view = view_of(name, reason)
    account = Account(placings=1, refused=0, peak=1, rings={})
    person = filled(CallOut, variables={"name": name}, number="+31201234567", disposition="answered", tries=1)
    rejection = filled(RejectionOut, row=1, column=name, value=reason[:80], reason=reason)
    answer = filled(ImportOut, rejected=1, rejections=[rejection])
    said = [
        campaign_line(Snapshot(view, elapsed_s=1.0, rate=1.0, budget=3.0, left_s=None)),
        _description(view),
        report(answer),
        shown_lines(f"{name}: {reason}"),
        drawn(_table([view])),
        drawn(people_table([person], account)),
    ]
    assert [] == [text for text in said if ACTED_UPON & set(text)]
    assert (6, 2) == (len(_description(view).split("\n")), len(report(answer).split("\n")))
    assert "".join(said).encode()


@settings(max_examples=50)
@given(HOSTILE, HOSTILE)
def test_a_live_picture_holds_names_as_they_are(name: str, reason: str) -> None:
    """Drawn again and again, the picture's own codes are the same whatever the names are."""
    codes = []
    for view in (view_of("Harbour", "x"), view_of(name, reason)):
        file = io.StringIO()
        with LiveScreen(Console(file=file, force_terminal=True, width=100, color_system=None)) as screen:
            screen.campaign(Snapshot(view, elapsed_s=1.0, rate=1.0, budget=3.0, left_s=None))
        codes.append(ACTED_UPON & set(file.getvalue()))
    assert codes[0] == codes[1]


@pytest.mark.parametrize("text", ["Zo\u00eb", "\u738b\u4f1f", "[bold]O'Neill[/]", "\U0001f600", "a\\b"])
def test_a_name_that_can_be_printed_stays_as_it_is(text: str) -> None:
    """Nothing is escaped that does no harm."""
    assert text == shown(text)
