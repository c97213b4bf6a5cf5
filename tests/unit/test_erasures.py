"""An erasure as it is stored, its proof, and where a number may stand yet."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from dialer import keys
from dialer.erasures.erasure import Erasure, Plan, new_erasure_id, read_erasure
from dialer.erasures.proof import Proof, is_about, is_genuine, number_digest, signed
from dialer.erasures.traces import holds, left_in, spellings

SECRET, NUMBER = "a secret of sixteen or more", "+31612345678"
PLAN = Plan(
    number=NUMBER, suppress=True, hang_up=False, salt="s1", number_digest="d", requested_ms=1_800_000, by="desk two"
)
TOLD: dict[str, Any] = {"id": "e1", "salt": "s1", "number_digest": number_digest(SECRET, "s1", NUMBER), "calls": 2}


def test_an_erasure_is_read_from_its_fields() -> None:
    """What was asked for, what was found so far, and what is to be looked through yet."""
    fields = {
        "plan": json.dumps(asdict(PLAN)),
        "step": "sweep",
        "n:calls": "3",
        "n:attempts": "12",
        "c:c2": "1",
        "c:c1": "0",
        "c:c3": "1",
        "r:r2": "",
        "r:r1": "",
        "e:c9": "",
        "waiting": '["c1-1"]',
        "left": '["campaign:c1 script"]',
        "suppression": "hashed",
        "at": "7",
        "proof": json.dumps(TOLD),
    }

    assert Erasure(
        id="e1",
        plan=PLAN,
        step="sweep",
        counts={"attempts": 12, "calls": 3},
        waiting_for=["c1-1"],
        touched=["c1", "c2", "c3"],
        campaigns=["c2", "c3"],
        recordings=["r1", "r2"],
        escalations=["c9"],
        left=["campaign:c1 script"],
        suppression="hashed",
        proof=TOLD,
        at=7,
    ) == read_erasure("e1", fields)


def test_what_is_not_there_yet_is_nothing() -> None:
    """Of one that has just begun, or whose plan was forgotten at its end."""
    begun = Erasure(
        id="e1",
        plan=None,
        step="begun",
        counts={},
        waiting_for=[],
        touched=[],
        campaigns=[],
        recordings=[],
        escalations=[],
        left=[],
        suppression="none",
        proof=None,
        at=0,
    )

    assert begun == read_erasure("e1", {"step": "begun"})


def test_nobody_guesses_the_id_of_an_erasure() -> None:
    """But whoever asks again under the same key gets the same."""
    assert "eabcdefghijklmnop" == new_erasure_id("abcdefghijklmnopqrst")
    assert 17 == len(new_erasure_id()) == len(new_erasure_id(""))
    assert new_erasure_id() != new_erasure_id()


def test_a_proof_holds_in_every_release() -> None:
    """What was signed once is genuine for good, in whatever order its parts come back."""
    proof = signed(SECRET, TOLD)

    assert {**TOLD, "signature": "c9242e45206e9332163a962797028fc1f5089a7332a4d8a5fddf3a2c6575bcec"} == proof
    assert "e8911d18a25c8025b57f711a9452b01ed638dae626cfe40e3f81ac73e87330f8" == TOLD["number_digest"]
    assert is_genuine(SECRET, dict(reversed(proof.items())))


@pytest.mark.parametrize(
    "changed",
    [{"calls": 3}, {"id": "e2"}, {"more": 1}, {"signature": "x"}, {"signature": None}, {"signature": "\u00e9"}],
)
def test_a_changed_proof_is_none(changed: dict[str, Any]) -> None:
    """Whatever of it was changed, added or cannot be a signature."""
    assert not is_genuine(SECRET, signed(SECRET, TOLD) | changed)
    assert not is_genuine(SECRET + "!", signed(SECRET, TOLD))
    assert not is_genuine(SECRET, TOLD)


@pytest.mark.parametrize(
    ("proof", "number", "is_its"),
    [
        (TOLD, NUMBER, True),
        (TOLD, "+31612345679", False),
        (TOLD | {"salt": "s2"}, NUMBER, False),
        ({}, NUMBER, False),
        (TOLD | {"number_digest": "\u00e9"}, NUMBER, False),
    ],
)
def test_a_proof_tells_its_number_to_whoever_names_it(proof: Proof, number: str, *, is_its: bool) -> None:
    """And no other."""
    assert is_its is is_about(SECRET, proof, number)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (NUMBER, ["31612345678", "0612345678"]),
        ("+14155552671", ["14155552671", "4155552671"]),
        ("sip:ann@pbx.example.com", ["sip:ann@pbx.example.com"]),
    ],
)
def test_a_number_is_looked_for_as_people_write_it(number: str, words: list[str]) -> None:
    """With its country's code and without; an address is one word."""
    assert words == spellings(number)


def test_where_a_number_stands_yet_is_told_without_it() -> None:
    """In a value by the field's name, in a name by a question mark."""
    hashes = [
        (f"{keys.TAG}campaign:c1", {"script": "Call 0612345678.", "name": "Ann", "0612345678": "1"}),
        (f"{keys.TAG}campaign:c2", {"script": "Hello."}),
        ("other", {"a": "x31612345678x"}),
    ]

    assert ["campaign:c1 script", "campaign:c1 ?", "other a"] == left_in(spellings(NUMBER), hashes)
    assert [True, False, False] == [holds(text, ["ab", "cd"]) for text in ("xcdx", "ac", "")]
