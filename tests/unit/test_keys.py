"""Keys: one slot, no collisions, and the order that scripts rely on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer import keys
from dialer.dispositions import Disposition
from dialer.model import AttemptRef, CallRef, Priority
from dialer.states import CallState
from dialer.store.rows import _buckets

CALL = AttemptRef(CallRef("c1", 120), 2)
numbers = st.integers(1, 10**9)


def all_keys(campaign_id: str) -> list[str]:
    """One key of each kind that belongs to a campaign."""
    return [
        keys.campaign(campaign_id),
        *keys.call_sets(campaign_id),
        keys.bucket(campaign_id, 1),
        keys.known(campaign_id, 1),
        keys.imports(campaign_id),
        keys.hang_up(campaign_id),
        keys.escalation(campaign_id),
        keys.zones(campaign_id),
        keys.cohorts(campaign_id),
        keys.forecast(campaign_id),
        keys.forecast_claim(campaign_id),
        keys.recordings_of(campaign_id),
        keys.attempt(AttemptRef(CallRef(campaign_id, 1), 1)),
    ]


def test_all_keys_share_one_slot() -> None:
    """One hash tag in front of every key: a script may touch any of them together."""
    found = [
        value for name, value in vars(keys).items() if name.isupper() and isinstance(value, str) and name != "MAIN"
    ]
    found += [
        *keys.READY,
        *keys.lines(["south"]),
        keys.trunk("south"),
        keys.trunk_up("south"),
        keys.access_token("south"),
        keys.carrier_uuid("u"),
        keys.probe("5f"),
        keys.idempotency("post-calls", "9f"),
        keys.recording("r2"),
        keys.erasure("e1"),
        *all_keys("c1"),
    ]

    assert all(key.startswith("{dialer}:") for key in found)


def test_no_two_keys_are_the_same() -> None:
    """Kinds of key never meet, nor do those of two campaigns."""
    found = [*all_keys("c1"), *all_keys("c2"), *keys.READY, keys.LEASES, keys.SLEEPING, keys.CLOSING, keys.OPEN]
    found += [
        keys.EXPIRING,
        keys.SUPPRESSED,
        keys.CONFERENCES,
        keys.ESCALATIONS,
        keys.CALLBACKS,
        keys.CALLBACKS_TOLD,
        keys.CALLBACKS_DUE,
        keys.COPYING,
        keys.ESCALATING,
    ]
    found += [keys.ERASING, keys.ERASURE_SECRET, keys.erasure("e1")]
    found += [keys.CALLBACKS_PENDING, keys.CALLBACKS_DEAD, keys.callbacks_to("ab")]
    found += [keys.RECORDINGS, keys.RECORDINGS_DUE, keys.RECORDINGS_UNFETCHED, keys.recording("r2")]

    assert len(found) == len(set(found))


def test_a_move_names_its_keys_in_the_scripts_order() -> None:
    """Campaign, sets in flight, what the fleet shares, a set each disposition, version, both buckets, attempt."""
    assert [
        "campaign:c1", "campaign:c1:waiting", "campaign:c1:claimed", "campaign:c1:placing", "campaign:c1:unknown",
        "campaign:c1:live", "leases", "sleeping", "closing", "trunk:main", "ready:urgent",
        "suppressed", "suppression", "campaign:c1:held", "escalating", "changes", "doubtful", "undetermined",
        *(f"campaign:c1:done:{disposition}" for disposition in Disposition),
        "callbacks:told", "schema", "campaign:c1:attempts:2", "campaign:c1:calls:2", "attempt:c1-120-2",
    ] == [key.removeprefix(keys.TAG) for key in keys.call_step(CALL)]  # fmt: skip


def test_a_moves_keys_are_not_shared() -> None:
    """Names kept for the next event of a campaign are not changed by whoever got them."""
    keys.call_step(CALL).clear()

    assert 36 == len(keys.call_step(CALL))


def test_the_sets_in_flight_are_all_states_but_done() -> None:
    """Every state but done is one set."""
    assert set(CallState) - {CallState.DONE} == set(keys.IN_FLIGHT)


def test_ready_follows_the_order_of_priorities() -> None:
    """Urgent first, as the scripts count classes."""
    assert [keys.ready(priority) for priority in Priority] == [*keys.READY]
    assert keys.ready(Priority.URGENT) == keys.READY_URGENT


@given(first=numbers, count=st.integers(1, 1000))
def test_buckets_named_ahead_hold_all_numbers(first: int, count: int) -> None:
    """The buckets named for the next running numbers are those of each of them, in order and without a gap."""
    named = _buckets("c1", first, count)
    wanted = [keys.bucket("c1", seq) for seq in range(first, first + count)]

    assert wanted == [
        named[seq // keys.CALLS_PER_BUCKET - first // keys.CALLS_PER_BUCKET] for seq in range(first, first + count)
    ]
