"""An erasure as it is stored: the plan, which is what was asked for, and how far it is. No I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

_DERIVED = 16  # letters: 80 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for.

    Attributes:
        number: as it is stored with calls.
        suppress: nobody may call it after that, though nobody asked for that before.
        hang_up: calls that are up are ended; else they end by themselves.
        salt, number_digest: what the proof tells of the number.
        by: who asked, in the words of whoever did.
    """

    number: str
    suppress: bool
    hang_up: bool
    salt: str
    number_digest: str
    requested_ms: int
    by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How far an erasure is.

    Attributes:
        plan: None once it has ended.
        counts: what was found and removed so far, by kind.
        waiting_for: calls that are up or ended this moment.
        touched: the campaigns that had such calls.
        campaigns: those of them that are to be looked through yet.
        escalations: such as may have been begun for calls of the person.
        proof: as it was signed; None before the end.
        at: how far the check is.
    """

    id: str
    plan: Plan | None
    step: str
    counts: Mapping[str, int]
    waiting_for: Sequence[str]
    touched: Sequence[str]
    campaigns: Sequence[str]
    recordings: Sequence[str]
    escalations: Sequence[str]
    left: Sequence[str]
    suppression: str
    proof: Mapping[str, Any] | None
    at: int


def new_erasure_id(derived: str | None = None) -> str:
    """One that nobody guesses, or that follows from a derived name."""
    return f"e{derived[:_DERIVED] if derived else token_hex(8)}"


def read_erasure(erasure_id: str, fields: Mapping[str, str]) -> Erasure:
    """From the fields of its hash."""
    return Erasure(
        id=erasure_id,
        plan=Plan(**json.loads(fields["plan"])) if "plan" in fields else None,
        step=fields["step"],
        counts={name[2:]: int(value) for name, value in sorted(fields.items()) if name.startswith("n:")},
        waiting_for=json.loads(fields.get("waiting", "[]")),
        touched=sorted(name[2:] for name in fields if name.startswith("c:")),
        campaigns=sorted(name[2:] for name, value in fields.items() if name.startswith("c:") and value == "1"),
        recordings=sorted(name[2:] for name in fields if name.startswith("r:")),
        escalations=sorted(name[2:] for name in fields if name.startswith("e:")),
        left=json.loads(fields.get("left", "[]")),
        suppression=fields.get("suppression", "none"),
        proof=json.loads(fields["proof"]) if "proof" in fields else None,
        at=int(fields.get("at", 0)),
    )
