"""The Lua scripts: one file each, `verb_noun.lua`, loaded once with what they share.

`-- include: call` puts `parts/call.lua` in front, so that a move which several scripts make is written once, and
`parts/call_over.lua` behind, whichever way the script ends. Constants that Python owns (facts, dispositions and their
rules) are written into the text here and nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dialer.decisions import ALL_CAMPAIGNS
from dialer.dispositions import ENDINGS, ENTERED, NEXT_NUMBER, REACHED, RULES, Disposition, Fact
from dialer.holding import PLACING_MS, SPAN, Held
from dialer.migrations import PACKED_SINCE
from dialer.model import MOST_AFTER_MS

CHANGES_KEPT = 10_000
"""So many changes a listener may be behind: half a minute of a hundred calls a second, and 1 MB."""

FACT_BIT = {fact: 1 << position for position, fact in enumerate(Fact)}
"""An attempt's facts are stored as one whole number. New facts go to the end of `Fact`: the order is stored data."""


_READS = (
    "ECHO EXISTS GET GETRANGE HEXISTS HGET HGETALL HKEYS HLEN HMGET LINDEX LLEN LRANGE PING PTTL SCAN SCARD SISMEMBER "
    "SMEMBERS XRANGE XREVRANGE ZCARD ZCOUNT ZMSCORE ZRANGE ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYSCORE ZREVRANK "
    "ZSCAN ZSCORE"
)
READS = frozenset(_READS.split())
"""Commands that change nothing; whatever stands not here counts as a change."""
_CALL = re.compile(r"redis\.p?call\('([A-Z]+)'")


@dataclass(frozen=True, slots=True)
class Script:
    """A script as Redis gets it; `changes` is whether it can change anything."""

    name: str
    text: str
    sha: str
    changes: bool


@cache
def script(name: str) -> Script:
    """The script in `name.lua`, its includes in front."""
    body = (files(__name__) / f"{name}.lua").read_text("utf-8")
    names = _included(body)
    parts = [_part(name) for name in names]
    if "call" in names:
        body = "\n".join(["local function step()", body, "end", _part("call_over")])
    # Once for all parts: a script has at most 200 locals.
    text = "\n".join([_constants(), *parts, body] if parts else [body])
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return Script(name, text, digest, changes=not READS.issuperset(_CALL.findall(text)))


def fact_bits(facts: frozenset[Fact]) -> int:
    """A set of facts as the number that is stored."""
    return sum(FACT_BIT[fact] for fact in facts)


def facts_of(bits: int) -> frozenset[Fact]:
    """The stored number as a set of facts."""
    return frozenset(fact for fact, bit in FACT_BIT.items() if bits & bit)


def _included(text: str) -> list[str]:
    """The parts that a text asks for, each once and behind those that it asks for itself."""
    found: dict[str, None] = {}
    for line in text.splitlines():
        if line.startswith("-- include: "):
            name = line.split(": ")[1]
            found |= dict.fromkeys([*_included(_part(name)), name])
    return [*found]


def _part(name: str) -> str:
    return (files(__name__) / "parts" / f"{name}.lua").read_text("utf-8")


@cache
def _constants() -> str:
    numbers = ", ".join(f"{disposition} = {number}" for number, disposition in enumerate(Disposition, 1))
    rules = ", ".join(f"{{{fact_bits(facts)}, '{disposition}'}}" for facts, disposition in RULES)
    return (
        f"local DISPOSITIONS = {{{numbers}}}\nlocal DISPOSITION_COUNT = {len(Disposition)}\nlocal RULES = {{{rules}}}\n"
        f"local REACHED, OVER = {fact_bits(REACHED)}, {FACT_BIT[Fact.COMPLETED]}\n"
        f"local OPTED_OUT, HUNG_UP = {FACT_BIT[Fact.OPTED_OUT]}, {FACT_BIT[Fact.HUNG_UP]}\n"
        f"local LOST, ENDINGS = {FACT_BIT[Fact.LOST]}, {fact_bits(ENDINGS)}\n"
        f"local CONFIRMED = {FACT_BIT[Fact.CONFIRMED]}\n"
        f"local ENTERED = {fact_bits(ENTERED)}\n"
        f"local PACKED_SINCE = {PACKED_SINCE}\n"
        f"local MOST_AFTER_MS = {MOST_AFTER_MS}\n"
        f"local ALL_CAMPAIGNS = '{ALL_CAMPAIGNS}'\n"
        f"local NUMBER_UP, SPACING, DAY_CAP, WEEK_CAP, PREFIX_SHARE = {', '.join(str(int(held)) for held in Held)}\n"
        f"local HELD_SPAN, PLACING_MS = {SPAN}, {PLACING_MS}\n"
        f"local CHANGES_KEPT = {CHANGES_KEPT}\n"
        f"local NEXT_NUMBER = {{{', '.join(f'{disposition} = true' for disposition in NEXT_NUMBER)}}}\n"
    )
