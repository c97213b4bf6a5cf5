"""Dispositions: what a set of facts amounts to, for each scenario of the carrier and for any set at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.dispositions import ENTERED, REDIALABLE, RULES, Disposition, Fact, disposition_of
from dialer.lua import FACT_BIT, fact_bits, facts_of
from dialer.providers.kpn.events import parse_event
from tests.fakes import scenarios
from tests.fakes.scenarios import HUNG_UP, REFUSED, SCENARIOS, SILENT

NO_EVENTS = {"ANSWER_WEBHOOK", "HTTP_201", "HTTP_504", "TCP_RESET", "HTTP_429", "HTTP_401", "PUT_400", "PUT_204"}
# What the events alone amount to: nothing where none tells the end.
ENDS: dict[str, Disposition | None] = {**scenarios.ENDS, **dict.fromkeys((*SILENT, *REFUSED, HUNG_UP))}
GIVEN_UP = {
    "completed_lost": Disposition.ANSWERED,
    "all_webhooks_lost": Disposition.UNDETERMINED,
    "length_timer_no_completed": Disposition.ANSWERED,
}
FAILURES = {
    Fact.BUSY: Disposition.BUSY,
    Fact.TIMEOUT: Disposition.NO_ANSWER,
    Fact.CANCELLED: Disposition.NO_ANSWER,
    Fact.UNANSWERED: Disposition.NO_ANSWER,
    Fact.REJECTED: Disposition.REJECTED,
    Fact.INVALID_NUMBER: Disposition.INVALID_NUMBER,
    Fact.FAILED: Disposition.FAILED,
}
GOING_ON = [
    (),
    (Fact.STARTED,),
    (Fact.RINGING,),
    (Fact.ANSWERED, Fact.HUMAN),
    (Fact.MACHINE,),
    (Fact.COMPLETED,),
    (Fact.SCRIPT_ERROR,),
    (Fact.ANSWERED, Fact.SCRIPT_ERROR),
    (Fact.HUNG_UP,),
    (Fact.RINGING, Fact.HUNG_UP),
    (Fact.ANSWERED, Fact.HUNG_UP),
    (Fact.CONFIRMED,),
    (Fact.OPTED_OUT,),
]
facts = st.frozensets(st.sampled_from(Fact))


def facts_in(scenario: str) -> frozenset[Fact]:
    """What the events of a scenario tell, read by the carrier's adapter."""
    told = [event for event in SCENARIOS[scenario] if event["event"] not in NO_EVENTS]
    payloads = [_payload(event["event"], event.get("extra", {})) for event in told]
    return frozenset(fact for payload in payloads for fact in parse_event(payload).facts)


def _payload(word: str, extra: dict[str, Any]) -> dict[str, Any]:
    # The carrier's error event has no status.
    return extra if word == "error" else {"status": word, **extra}


def test_each_scenario_has_its_end_here() -> None:
    """No scenario is left out."""
    assert ENDS.keys() == SCENARIOS.keys()


@pytest.mark.parametrize(("scenario", "disposition"), ENDS.items(), ids=ENDS)
def test_each_scenario_ends_as_a_person_would_say(scenario: str, disposition: Disposition | None) -> None:
    """The facts of each scenario amount to what a person would call it, or to nothing while it is not over."""
    assert disposition is disposition_of(facts_in(scenario))


@pytest.mark.parametrize(("scenario", "disposition"), GIVEN_UP.items(), ids=GIVEN_UP)
def test_whoever_stops_waiting_gets_an_end(scenario: str, disposition: Disposition) -> None:
    """Where the last events are lost, what is known decides once we stop waiting."""
    assert disposition is disposition_of(facts_in(scenario) | {Fact.LOST})


@pytest.mark.parametrize(("fact", "disposition"), FAILURES.items(), ids=FAILURES)
@pytest.mark.parametrize("beside", [(), (Fact.COMPLETED,), (Fact.STARTED, Fact.RINGING, Fact.COMPLETED), (Fact.LOST,)])
def test_a_reason_decides_without_an_answer(fact: Fact, disposition: Disposition, beside: tuple[Fact, ...]) -> None:
    """A call nobody took ends with the carrier's reason, with or without a `completed` beside it."""
    assert disposition is disposition_of({fact, *beside})


@pytest.mark.parametrize("fact", FAILURES)
def test_who_talked_was_reached(fact: Fact) -> None:
    """A conversation weighs more than any reason that was told beside it."""
    assert Disposition.ANSWERED is disposition_of({fact, Fact.ANSWERED, Fact.COMPLETED, Fact.TALKED})


def test_a_conversation_alone_is_an_answer() -> None:
    """Its event may be the only one that arrives."""
    assert Disposition.ANSWERED is disposition_of({Fact.TALKED})


@pytest.mark.parametrize("going_on", GOING_ON)
def test_no_end_is_no_disposition(going_on: tuple[Fact, ...]) -> None:
    """While the call goes on, or its reason may still come, there is no disposition."""
    assert None is disposition_of(going_on)


def test_completed_alone_was_not_answered() -> None:
    """`completed` without a conversation, and nothing after it, was no answer; never a success."""
    assert Disposition.NO_ANSWER is disposition_of({Fact.STARTED, Fact.RINGING, Fact.COMPLETED, Fact.LOST})


@given(known=facts)
def test_whoever_stops_waiting_always_gets_an_end(known: frozenset[Fact]) -> None:
    """Whatever is known, stopping to wait ends it: no attempt stays open for ever."""
    assert disposition_of(known | {Fact.LOST}) is not None


@given(known=facts, more=facts)
def test_an_end_is_never_taken_back(known: frozenset[Fact], more: frozenset[Fact]) -> None:
    """Further facts may change a disposition, never undo it."""
    assert disposition_of(known) is None or disposition_of(known | more) is not None


@given(known=st.lists(st.sampled_from(Fact)))
def test_order_and_repetition_do_not_matter(known: list[Fact]) -> None:
    """A disposition depends on the set of facts alone."""
    assert disposition_of(known) is disposition_of([*reversed(known), *known])


@given(known=facts)
def test_scripts_and_python_know_the_same_facts(known: frozenset[Fact]) -> None:
    """A set of facts as the number that is stored, and back."""
    assert known == facts_of(fact_bits(known))


def test_the_order_of_facts_is_stored_data() -> None:
    """Facts keep their bits for ever: new ones go to the end."""
    assert [
        "started", "ringing", "answered", "human", "machine", "completed", "talked", "busy", "timeout", "cancelled",
        "unanswered", "rejected", "invalid_number", "failed", "script_error", "lost", "confirmed", "opted_out",
        "joined", "hung_up",
    ] == [fact.value for fact in Fact]  # fmt: skip
    assert [1 << position for position in range(20)] == [*FACT_BIT.values()]


def test_every_rule_can_match() -> None:
    """No rule stands behind another that takes all its cases."""
    assert all(disposition is disposition_of(needed) for needed, disposition in RULES)


def test_the_words_are_stored_data() -> None:
    """Dispositions keep their names for ever: they stand in stores, in replies and in programs of others."""
    assert [
        "confirmed", "answered", "machine", "opted_out", "busy", "no_answer", "rejected", "invalid_number", "failed",
        "cancelled", "suppressed", "expired", "undetermined",
    ] == [disposition.value for disposition in Disposition]  # fmt: skip


def test_who_may_be_dialed_again() -> None:
    """Whoever confirmed, opted out, was hung up on or is suppressed is not."""
    assert ["busy", "no_answer", "failed", "rejected", "machine", "answered", "invalid_number"] == [*REDIALABLE]


def test_who_confirmed_entered_the_conference() -> None:
    """The key comes first, and the event that tells of the conversation may be lost."""
    assert {Fact.JOINED, Fact.CONFIRMED} == ENTERED
