"""By what a contact is known, and where the calls of a number stand: the same in every release, for it is stored."""

from __future__ import annotations

from dialer import keys
from dialer.known import Slot, digest_of, known_key, slot_of, slots_of

ANN, BOB = "+31612345678", "+31612345679"


def test_what_an_earlier_release_stored_is_found() -> None:
    """The digests and places of running campaigns do not change with an upgrade."""
    assert ("xjtyGKwyj-3R", "HULNNx0pnhZ0") == (digest_of("k1", ANN), digest_of(None, ANN))
    assert keys.known("c1", 7_490) == known_key("c1", digest_of(None, ANN))
    assert Slot(keys.known("c1", 7_490), "0") == slot_of("c1", ANN)


def test_a_contact_is_known_by_its_id_before_its_number() -> None:
    """One who has an id may change his number; an id that reads as a number is not that number."""
    assert digest_of("k1", ANN) == digest_of("k1", BOB)
    assert 4 == len({digest_of(None, ANN), digest_of(None, BOB), digest_of(ANN, ANN), digest_of("", ANN)})


def test_each_slot_of_a_call_stands_once() -> None:
    """In the order of its numbers."""
    assert [slot_of("c1", BOB), slot_of("c1", ANN)] == slots_of("c1", [BOB, ANN, BOB])
