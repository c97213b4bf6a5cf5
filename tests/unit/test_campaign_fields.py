"""A campaign as the fields of its hash: what is written is read again, and scripts find what they read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from dialer.callbacks.events import CallbackEvent, Callbacks
from dialer.dispositions import Disposition
from dialer.keys import DAY_MS
from dialer.model import Breaker, Campaign, Caps, EuroCap, Priority, Redial, Share, Terms, Tripped, UnknownPolicy
from dialer.states import CampaignState
from dialer.store.campaign_fields import (
    callback_fields,
    callbacks_of,
    campaign_from_fields,
    changeable_fields,
    to_fields,
)
from dialer.windows import Hours, Windows

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
NOW_MS = round(NOW.timestamp() * 1000)
PLAIN = Campaign(
    id="c1",
    name="Water is off",
    kind="notification",
    script={"text": "Café dicht."},
    priority=Priority.NORMAL,
    redial={},
    unknown=UnknownPolicy.HOLD,
    state=CampaignState.DRAFT,
    created_at=NOW,
)
WINDOWS = Windows(hours=(Hours(frozenset({0, 4}), 540, 1020),), holidays="NL", closed=frozenset({date(2026, 12, 31)}))
SET: dict[str, Any] = {
    "name": "Another",
    "kind": "script",
    "script": {"steps": [1, {"say": "ü"}]},
    "priority": Priority.URGENT,
    "redial": {
        Disposition.BUSY: Redial(2, 300_000),
        Disposition.NO_ANSWER: Redial(1, 5, 150, 9000, "suppress", next_number=True, other_hour=True),
    },
    "unknown": UnknownPolicy.REDIAL,
    "state": CampaignState.PAUSED,
    "created_at": NOW - timedelta(days=3),
    "terms": Terms(caller_ids=("+31201234567",), ringing_timer_s=20, length_timer_s=300, connects=2),
    "success": frozenset({Disposition.ANSWERED, Disposition.CONFIRMED}),
    "expires_at": NOW + timedelta(hours=1),
    "most": 25,
    "windows": WINDOWS,
    "callbacks": Callbacks("https://example.com/told", frozenset({CallbackEvent.CALL_ENDED})),
    "escalation": {"steps": ["ann"]},
    "share": Share(weight=3, slots=7, calls_per_second=0.3),
    "caps": Caps(day=2, week=5, spacing_ms=60_000),
    "euro_cap": EuroCap(total=Decimal("12.50"), day=Decimal(3), per_call=Decimal("0.00000001")),
    "breaker": Breaker(failures=40, of=50, wait_ms=60_000, resume="person"),
    "lists": ("b-list", "a-list"),
    "trunks": ("east", "main"),
    "max_tries": 4,
    "retention_days": 30,
    "started_at": NOW - timedelta(hours=2),
    "total": 12,
    "origin": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}
"""Each field that is written with the campaign, set to something."""


def stored(campaign: Campaign) -> dict[str, str]:
    """As Redis gives it back."""
    return {name: str(value) for name, value in to_fields(campaign).items()}


def read(fields: dict[str, str]) -> Campaign:
    """As it stands at NOW."""
    return campaign_from_fields("c1", fields, NOW_MS)


@pytest.mark.parametrize("name", SET)
def test_each_field_alone_is_read_as_it_was_written(name: str) -> None:
    """Beside nothing else, so that none needs another one."""
    campaign = replace(PLAIN, **{name: SET[name]})

    assert campaign != PLAIN
    assert campaign == read(stored(campaign))


def test_all_fields_together_are_read_as_they_were_written() -> None:
    """A campaign with nothing but what it must have, and one with everything."""
    full = replace(PLAIN, **SET)

    assert (PLAIN, full) == (read(stored(PLAIN)), read(stored(full)))


def test_what_scripts_write_beside_it_is_read() -> None:
    """Counts, versions, money, the breaker, and what became of it."""
    today = NOW_MS // DAY_MS
    wrote = {
        "version": "3",
        "script_version": "2",
        "attempts": "9",
        "over_at": str(NOW_MS),
        "over_reason": "exhausted",
        "ended_at": str(NOW_MS + 1000),
        "reason": "no money is left",
        "spent": "150000000",
        "spent_day": f"{today} 50000000",
        "dearest": "1",
        "tripped_until": str(NOW_MS),
        "tripped_why": "40 50",
    }
    expected = replace(
        PLAIN,
        version=3,
        script_version=2,
        attempts=9,
        over_at=NOW,
        over_reason="exhausted",
        ended_at=NOW + timedelta(seconds=1),
        reason="no money is left",
        spent=Decimal("1.5"),
        spent_today=Decimal("0.5"),
        dearest=Decimal("0.00000001"),
        tripped=Tripped(until=NOW, failures=40, of=50),
    )

    assert expected == read(stored(PLAIN) | wrote)
    assert 0 == read(stored(PLAIN) | wrote | {"spent_day": f"{today - 1} 50000000"}).spent_today
    assert None is read(stored(PLAIN) | {"reason": ""}).reason


def test_what_an_older_release_stored_is_read() -> None:
    """Before there were terms, success and trunks."""
    fields = {name: value for name, value in stored(PLAIN).items() if name not in {"terms", "success", "trunks"}}

    assert PLAIN == read(fields)


def test_a_cap_of_money_for_the_day_alone() -> None:
    """Any amount in all; as scripts read it, 0."""
    cap = EuroCap(day=Decimal(3), per_call=Decimal("0.25"))
    fields = stored(replace(PLAIN, euro_cap=cap))

    assert ("0 300000000 25000000", cap) == (fields["euros"], read(fields).euro_cap)


def test_a_plain_campaign_is_stored_without_what_it_has_not() -> None:
    """A million campaigns cost what they say; what scripts read of each stands as they read it."""
    assert {
        "name": "Water is off",
        "kind": "notification",
        "script": '{"text": "Café dicht."}',
        "priority": "normal",
        "class": 2,
        "built_in": 0,
        "created_at": NOW_MS,
        "redial": "{}",
        "unknown": "hold",
        "state": "draft",
        "total": 0,
        "success": "[]",
    } == to_fields(PLAIN)


def test_scripts_find_what_they_read() -> None:
    """In the form in which they do: figures apart by spaces, timers in ms with their margins, flags that are there."""
    full = stored(replace(PLAIN, **SET, id="direct-urgent"))
    told = ("class", "built_in", "timed", "tells", "weight", "slots", "pace", "caps", "lists", "euros", "breaker")

    assert ["1", "1", "1", "call.ended", "3", "7", "3333333", "2 5 60000", "b-list a-list"] == [
        full[name] for name in told[:9]
    ]
    assert ["1250000000 300000000 1", "40 50 60000 person"] == [full[name] for name in told[9:]]
    assert '{"busy": [2, 300000], "no_answer": [1, 5, 150, 9000, "suppress", true, true]}' == full["redial"]
    assert "windows_version" in full


@pytest.mark.parametrize(
    ("terms", "ringing", "talking"),
    [
        (Terms(), False, False),
        (Terms(ringing_timer_s=20), True, False),
        (Terms(length_timer_s=300), False, True),
    ],
)
def test_a_call_may_be_silent_for_as_long_as_its_own_timers_say(terms: Terms, *, ringing: bool, talking: bool) -> None:
    """Only where they are its own; the others are those of all."""
    fields = to_fields(replace(PLAIN, terms=terms))

    assert (ringing, talking) == ("ringing_ms" in fields, "talking_ms" in fields)
    assert int(fields.get("ringing_ms", 20_000)) >= 20_000
    assert int(fields.get("talking_ms", 300_000)) >= 300_000


def test_overridden_windows_are_kept_and_hold_nobody() -> None:
    """Scripts keep to those that are `timed`."""
    fields = stored(replace(PLAIN, windows=WINDOWS, override_windows=True))

    assert ("1", None) == (fields.get("override_windows"), fields.get("timed"))
    assert (WINDOWS, True) == (read(fields).windows, read(fields).override_windows)


def test_what_may_be_changed_while_it_runs() -> None:
    """What a change is compared by; a field that is not set is None, so that it is taken away."""
    told = changeable_fields(replace(PLAIN, **SET))
    names = {"redial", "max_tries", "script", "terms", "weight", "slots", "calls_per_second", "pace"}

    assert names | {"caps", "lists", "euros", "breaker"} == {*told}
    assert {name: to_fields(replace(PLAIN, **SET))[name] for name in told} == told
    assert {"redial", "script"} == {name for name, value in changeable_fields(PLAIN).items() if value is not None}


def test_receivers_are_their_address_and_what_they_are_told() -> None:
    """Two fields, or none."""
    both = Callbacks("https://example.com/", frozenset({CallbackEvent.CALL_ENDED, CallbackEvent.CAMPAIGN_ENDED}))

    assert {"callback_url": "https://example.com/", "tells": "call.ended campaign.ended"} == callback_fields(both)
    assert (both, None) == (callbacks_of(*callback_fields(both).values()), callbacks_of(None, None))
    assert Callbacks("https://example.com/", frozenset()) == callbacks_of("https://example.com/", None)
    assert {} == callback_fields(None)
