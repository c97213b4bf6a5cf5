"""Protections taken out, each by itself: for every one the judge must find a run in which a promise breaks.

A mutation is a protection's name, the promise that falls without it (first word of the judge's finding), and how it is
taken out: a text replaced in a script, or a function replaced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import dialer.lua
import dialer.redis.batch
import jobs.place
from dialer.dialing import Follows
from dialer.lua import Script
from dialer.providers.base import Unknown


@dataclass(frozen=True, slots=True)
class Mutation:
    """A protection taken out.

    Attributes:
        breaks: the promises, one of which must be found broken.
        script: the script that is changed, with what is replaced by what; or
        act: what puts another function in place.
    """

    breaks: tuple[str, ...]
    script: tuple[str, str, str] | None = None
    act: Callable[[], None] | None = None

    def apply(self) -> None:
        """Take the protection out, for the rest of this process."""
        if self.act:
            self.act()
        if self.script:
            _change(*self.script)


def _change(name: str, old: str, new: str) -> None:
    original = dialer.lua.script

    @cache
    def changed(wanted: str) -> Script:
        script = original(wanted)
        if wanted != name:
            return script
        assert 1 == script.text.count(old), (
            f"{name}.lua: the text to be replaced is there {script.text.count(old)} times"
        )
        text = script.text.replace(old, new)
        return replace(script, text=text, sha=hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    dialer.lua.script = dialer.redis.batch.script = changed  # type: ignore[attr-defined]


def _dial_unknown_again() -> None:
    follows = jobs.place.follows

    def careless(result: Any, now: int, context: Any) -> Follows:
        return Follows("back", "unknown") if isinstance(result, Unknown) else follows(result, now, context)

    jobs.place.follows = careless


MUTATIONS = {
    "a doubtful reply is no call": Mutation(("twice",), act=_dial_unknown_again),
    "a lost worker's placing is taken for a claim": Mutation(
        ("twice", "lost"),
        (
            "lapse_lease",
            "redis.call('HSET', ATTEMPT, 'result', 'unknown: worker_lost')\n  move(UNKNOWN, NOW, ARGV[6])\n  return 2",
            "move(WAITING, NOW)\n  return 1",
        ),
    ),
    "a list sent again is new": Mutation(
        ("lost", "twice"),
        ("add_calls", "local is_new = redis.call('HSETNX', known, digest, seq) == 1", "local is_new = true"),
    ),
}
