"""Records: what one has that nothing was said of; ids of calls and attempts, and nothing else taken for one."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model import (
    MAIN,
    MOST_AFTER_MS,
    Attempt,
    AttemptRef,
    Breaker,
    Call,
    CallRef,
    Campaign,
    Caps,
    EuroCap,
    NewCall,
    Own,
    Priority,
    Progress,
    Redial,
    Share,
    Terms,
    Tripped,
    UnknownPolicy,
)
from dialer.states import CallState, CampaignState

NO_CALLS = (
    "", "c1", "c1-", "-1", "c1-0", "c1-01", "c1--", "c1-x", "c1-1 ", "c1-1.5", "c1-+1", "c1-\u0661", "c1-\u00b2",
    "c1-1e3", "c1-" + "9" * 13, "1",
)  # fmt: skip
refs = st.builds(CallRef, st.text(min_size=1, max_size=20), st.integers(1, 10**12 - 1))


@given(ref=refs)
def test_a_calls_id_reads_back(ref: CallRef) -> None:
    """Any call's id is read as that call, whatever its campaign is named."""
    assert ref == CallRef.parse(str(ref))


@given(ref=st.builds(AttemptRef, refs, st.integers(1, 10**12 - 1)))
def test_an_attempts_id_reads_back(ref: AttemptRef) -> None:
    """Any attempt's id is read as that attempt."""
    assert ref == AttemptRef.parse(str(ref))


@given(text=st.text(max_size=30))
def test_what_reads_as_an_id_writes_as_it_was(text: str) -> None:
    """An id has one spelling: text either is it or is none."""
    assert CallRef.parse(text) is None or text == str(CallRef.parse(text))
    assert AttemptRef.parse(text) is None or text == str(AttemptRef.parse(text))


@pytest.mark.parametrize("text", NO_CALLS)
def test_odd_text_is_no_call(text: str) -> None:
    """Zero, signs, spaces, other scripts' digits and numbers too long name no call and no attempt of one."""
    assert None is CallRef.parse(text)
    assert None is AttemptRef.parse(f"{text}-1")


def test_campaign_names_may_hold_a_dash() -> None:
    """The last parts are the numbers; the built-in campaigns have a dash in their names."""
    assert AttemptRef(CallRef("direct-urgent", 7), 2) == AttemptRef.parse("direct-urgent-7-2")


CAMPAIGN = Campaign(
    id="c1",
    name="Harbour",
    kind="notification",
    script={},
    priority=Priority.NORMAL,
    redial={},
    unknown=UnknownPolicy.HOLD,
    state=CampaignState.DRAFT,
    created_at=datetime(2026, 1, 5, tzinfo=UTC),
)
UNSAID: dict[str, Any] = {
    "terms": Terms(), "success": frozenset(), "expires_at": None, "most": None, "windows": None,
    "override_windows": False, "callbacks": None, "escalation": None, "share": Share(), "caps": Caps(),
    "euro_cap": EuroCap(), "breaker": None, "tripped": None, "spent": Decimal(0), "spent_today": Decimal(0),
    "dearest": Decimal(0), "lists": (), "trunks": ("main",), "version": 1, "script_version": 1, "max_tries": None,
    "retention_days": None, "over_at": None, "over_reason": None, "started_at": None, "ended_at": None, "reason": None,
    "total": 0, "attempts": 0, "origin": None,
}  # fmt: skip


def an_attempt(**said: Any) -> Attempt:
    """An attempt of which no more is known than that it is up."""
    nothing: dict[str, Any] = dict.fromkeys(("placed_at", "uuid", "result", "disposition"))
    return Attempt(id="c1-1-1", number=1, state="placed", facts=frozenset(), **{"figures": {}, **nothing, **said})


def a_call(**said: Any) -> Call:
    """A call that waits."""
    nothing: dict[str, Any] = dict.fromkeys(("external_id", "due_at", "disposition", "ended_at"))
    return Call(
        id="c1-1", campaign_id="c1", number="+31", variables={}, state=CallState.WAITING, attempts=0, **nothing, **said
    )


def fields_of(record: Any) -> dict[str, Any]:
    """A record's fields by name."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def test_a_campaign_of_which_nothing_is_said() -> None:
    """It is held by no limit, keeps to no list but that of all, leaves by the main trunk, and has cost nothing."""
    assert UNSAID == {name: value for name, value in fields_of(CAMPAIGN).items() if name in UNSAID}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (Redial(1, 5), {"growth_pct": 100, "most_after_ms": MOST_AFTER_MS, "then": "finish"}),
        (Redial(1, 5), {"next_number": False, "other_hour": False}),
        (Terms(), {"caller_ids": (), "random_caller_id": False, "machine_detection": None, "advanced_mode": None}),
        (Terms(), {"beep_timeout_s": None, "ringing_timer_s": None, "length_timer_s": None, "connects": 0}),
        (Share(), {"weight": 1, "slots": None, "calls_per_second": None}),
        (Caps(), {"day": None, "week": None, "spacing_ms": 0}),
        (EuroCap(), {"total": None, "day": None, "per_call": Decimal(0)}),
        (Breaker(failures=3, of=5, wait_ms=1), {"resume": "probe"}),
        (Progress({}, {}), {"hanging_up": None}),
        (Own(kind="notification", script={}), {"terms": Terms(), "endpoint": {}, "origin": None}),
        (NewCall(number="+31"), {"external_id": None, "variables": {}, "own": None, "timezone": None}),
        (NewCall(number="+31"), {"expires_at": None, "cohort": None, "others": (), "once": None}),
        (an_attempt(), {"events": (), "recordings": (), "muted": False, "earmuffed": False, "script": None}),
        (an_attempt(), {"place": 1, "decision": None, "trunk": "main"}),
        (a_call(), {"timezone": None, "expires_at": None, "others": (), "escalation_id": None}),
    ],
)
def test_whatever_is_not_said(record: Any, expected: dict[str, Any]) -> None:
    """A limit that nobody set is none, and no switch is on."""
    assert expected == {name: fields_of(record)[name] for name in expected}


def test_words_that_are_stored() -> None:
    """They stand in stores, in replies and in programs of others; a redial waits 30 days at the most."""
    assert ("main", 30 * 86_400_000) == (MAIN, MOST_AFTER_MS)
    assert ["urgent", "normal", "background"] == [priority.value for priority in Priority]
    assert ["hold", "redial"] == [policy.value for policy in UnknownPolicy]


def test_terms_are_stored_without_what_was_not_said() -> None:
    """And read back as they were."""
    terms = Terms(caller_ids=("+311", "+312"), ringing_timer_s=30)

    assert {"caller_ids": ("+311", "+312"), "ringing_timer_s": 30} == terms.to_dict()
    assert terms == Terms.from_dict({"caller_ids": ["+311", "+312"], "ringing_timer_s": 30})
    assert Terms() == Terms.from_dict({})


def test_caller_ids_take_turns_over_calls_and_tries() -> None:
    """The same for the same attempt; without any, that of the dialer."""
    terms = Terms(caller_ids=("+311", "+312"))
    attempts = [AttemptRef(CallRef("c1", seq), number) for seq, number in ((1, 1), (1, 2), (2, 1), (2, 2))]

    assert ["+311", "+312", "+312", "+311"] == [terms.caller_id(attempt, "+319") for attempt in attempts]
    assert "+319" == Terms().caller_id(attempts[0], "+319")


def test_an_open_breaker_tells_why() -> None:
    """A closed one is none; one of an earlier release tells no figures."""
    until = datetime(2026, 1, 5, 12, tzinfo=UTC)
    until_ms = str(int(until.timestamp() * 1000))

    assert None is Tripped.read(None, "3 5")
    assert Tripped(until=until, failures=3, of=5) == Tripped.read(until_ms, "3 5")
    assert Tripped(until=until, failures=0, of=0) == Tripped.read(until_ms, None)


def test_keys_are_told_in_the_order_of_the_questions() -> None:
    """Whatever else was told of the attempt."""
    assert "1 22" == an_attempt(figures={"keys:b": "22", "price": "0.1", "keys:a": 1}).keys


def test_an_attempt_dialed_one_of_the_persons_numbers() -> None:
    """That at its place."""
    call = a_call(others=("+32", "+33"))

    assert ["+31", "+32", "+33"] == [call.dialed(an_attempt(place=place)) for place in (1, 2, 3)]


def test_the_longest_number_of_a_call() -> None:
    """Twelve digits are a number, thirteen are none."""
    assert CallRef("c1", 10**12 - 1) == CallRef.parse("c1-" + "9" * 12)
