"""From the keys that came back to where the script goes on.

A reply is total: whatever text stands where digits should be, the question is answered, asked again or given up. One
question is asked at most MAX_ASKED times, for whatever reason, and branches only lead onwards: no sequence of replies
goes on for ever.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dialer.scripts.marks import Mark, pressed
from dialer.scripts.positions import MAX_ASKED, Position, asked_at, key_token
from dialer.scripts.script import CallScript
from dialer.scripts.steps import Ask, Otherwise

_KEYS = re.compile(r"[0-9*#]{1,20}")
_YES = frozenset({True, "true", "True", "1"})


@dataclass(frozen=True, slots=True)
class Pressed:
    """What an `input` event tells: digits or None, and whether the time ran out."""

    digits: str | None
    timed_out: bool


@dataclass(frozen=True, slots=True)
class Next:
    """Where to render from, and what is to be stored before."""

    position: Position
    marks: frozenset[Mark]


def read_input(payload: Mapping[str, Any]) -> Pressed:
    """The keys in the carrier's `input` event, of 2018 (`dtmf` is the text) or today (`dtmf.digits`). Total."""
    dtmf = payload.get("dtmf")
    told = dtmf if isinstance(dtmf, Mapping) else {"digits": dtmf, "timed_out": payload.get("timed_out")}
    digits = told.get("digits")
    late = told.get("timed_out")
    return Pressed(digits if isinstance(digits, str) and digits else None, isinstance(late, str | int) and late in _YES)


def reply(script: CallScript, position: Position, digits: str | None, *, timed_out: bool) -> Next:
    """Where the script goes on after the question at a position; render from there.

    Raises:
        InvalidInput: when the script has no question there (field `position`); never for any digits.
    """
    ask = asked_at(script, position)
    keys = (digits or "").strip()
    # Without keys and in time, somebody pressed nothing but the # that ends several digits.
    if not keys and (timed_out or ask.max_digits == 1):
        return Next(_missed(position, ask.no_input, "n"), frozenset())
    marks = frozenset({pressed(position.path, keys)} if _KEYS.fullmatch(keys) else ())
    return Next(_answered(position, ask, keys), marks)


def _answered(position: Position, ask: Ask, keys: str) -> Position:
    if keys == ask.repeat_key:
        # Enough is enough, also for a machine that presses keys.
        return position.asked_again(missed=False) if position.tries < MAX_ASKED else position.within("n")
    if keys in ask.keys:
        return position.within(key_token(keys))
    return _missed(position, ask.wrong_key, "w")


def _missed(position: Position, otherwise: Otherwise, token: str) -> Position:
    if position.misses >= otherwise.repeat or position.tries >= MAX_ASKED:
        return position.within(token)
    again = position.asked_again(missed=True)
    return replace(again, path=position.within(f"s{token}").path) if otherwise.say else again
