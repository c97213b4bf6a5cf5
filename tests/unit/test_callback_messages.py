"""What is told to a customer's own system."""

from __future__ import annotations

import json

import pytest

from dialer.callbacks.events import CallbackEvent
from dialer.callbacks.messages import Message, body

AT = 1_764_201_600_000


def test_events_have_these_names() -> None:
    """Which stand in settings, in campaigns and in what receivers are sent."""
    assert ["call.ended", "attempt.ended", "campaign.ended", "call.confirmed", "number.opted_out"] == list(
        CallbackEvent
    )


@pytest.mark.parametrize(
    ("line", "message_id", "group", "campaign_id"),
    [
        (f"call.ended c1-12 no_answer {AT}", "c1-12-ended", "c1-12", "c1"),
        (f"call.ended c1-12 no_answer {AT} 2", "c1-12-ended-2", "c1-12", "c1"),
        (f"attempt.ended c1-12-2 no_answer {AT}", "c1-12-2-ended-no-answer", "c1-12", "c1"),
        (f"call.confirmed c1-12-2 confirmed {AT}", "c1-12-2-confirmed", "c1-12", "c1"),
        (f"number.opted_out c1-12-2 opted_out {AT}", "c1-12-2-opted-out", "c1-12", "c1"),
        (f"campaign.ended direct-urgent completed {AT}", "direct-urgent-ended", "direct-urgent", "direct-urgent"),
        (f"calls.swept c1 cancelled {AT}", "c1-swept-cancelled", "c1", "c1"),
    ],
)
def test_a_message_is_named_after_what_it_tells(line: str, message_id: str, group: str, campaign_id: str) -> None:
    """Id, campaign and whose order it keeps follow from the line alone, which it gives again, stored or not."""
    message = Message.read(line, "r1").failed("answered 500")

    assert (message_id, group, campaign_id) == (message.id, message.group, message.campaign_id)
    assert line == message.line
    assert message == Message.load(message.dump())


def test_a_message_tells_how_its_delivery_went() -> None:
    """Whose it is, how often it was tried and why the last try failed; the first is due as soon as there is one."""
    message = Message.read(f"call.ended c1-12 busy {AT}", "r1")

    assert ("r1", 0, None) == (message.receiver, message.tries, message.error)
    assert (2, "answered 500") == ((twice := message.failed("down").failed("answered 500")).tries, twice.error)


def test_what_an_earlier_release_stored_is_read() -> None:
    """It has nothing of what came later: untried, of the first turn, and nothing opened."""
    stored = json.dumps({"event": "calls.swept", "subject": "c1", "word": "cancelled", "at_ms": AT})

    assert Message.read(f"calls.swept c1 cancelled {AT}") == Message.load(stored)
    assert ("", 0, 1, 0) == ((old := Message.load(stored)).receiver, old.tries, old.turn, old.opened)


def test_body_of_a_call() -> None:
    """Type, time and data; the number and the customer's id beside ours, with letters as he writes them."""
    message = Message.read(f"attempt.ended c1-12-2 busy {AT + 7}")
    text = body(message, number="+31201234567", external_id="Zo\u00eb")
    told = json.loads(text)

    assert "Zo\u00eb" in text
    assert {
        "type": "attempt.ended",
        "timestamp": "2025-11-27T00:00:00.007Z",
        "data": {
            "campaign_id": "c1", "call_id": "c1-12", "external_id": "Zo\u00eb", "number": "+31201234567",
            "attempt_id": "c1-12-2", "disposition": "busy",
        },
    } == told  # fmt: skip


def test_body_without_numbers() -> None:
    """Where numbers are not to be told there is none, and a campaign has a state."""
    call = json.loads(body(Message.read(f"call.ended c1-12 busy {AT}"), number=None, external_id=None))
    campaign = json.loads(body(Message.read(f"campaign.ended c1 completed {AT}"), number=None, external_id=None))

    assert {"campaign_id": "c1", "call_id": "c1-12", "external_id": None, "disposition": "busy"} == call["data"]
    assert {"campaign_id": "c1", "state": "completed"} == campaign["data"]


def test_waits_grow_for_about_a_day() -> None:
    """From seconds to hours; then it is given up."""
    message, waits = Message.read(f"call.ended c1-12 busy {AT}"), []
    while (wait := (message := message.failed("down")).next_wait_ms) is not None:
        waits.append(wait)

    assert sorted(waits) == waits
    assert 5_000 == waits[0]
    assert 20 * 3_600_000 < sum(waits) < 28 * 3_600_000
