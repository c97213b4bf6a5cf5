"""Protections taken out, each by itself: for every one the judge must find a run in which a promise breaks.

A mutation is a protection's name, the promise that falls without it (first word of the judge's finding), the
theme whose runs need it most, and how it is taken out: texts replaced in scripts, or functions replaced.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import dialer.cli.restored
import dialer.lua
import dialer.redis.batch
import jobs.place
import jobs.rescue
from dialer import pacing
from dialer.dialing import Follows
from dialer.lua import Script
from dialer.providers.base import Unknown
from dialer.redis.life import Life
from dialer.restoring import Found
from tests.simulation.redis_wire import RedisMachine


@dataclass(frozen=True, slots=True)
class Mutation:
    """A protection taken out.

    Attributes:
        breaks: the promise that must be found broken.
        theme: what the runs are about in which it is.
        texts: the scripts that are changed, with what is replaced by what; or
        act: what puts another function in place.
    """

    breaks: str
    theme: str
    texts: tuple[tuple[str, str, str], ...] = ()
    act: Callable[[], None] | None = None

    def apply(self) -> None:
        """Take the protection out, for the rest of this process."""
        if self.act:
            self.act()
        if self.texts:
            _change(self.texts)


def _change(texts: tuple[tuple[str, str, str], ...]) -> None:
    original = dialer.lua.script

    @cache
    def changed(wanted: str) -> Script:
        script = original(wanted)
        for name, old, new in texts:
            if wanted == name:
                script = _changed(script, old, new)
        return script

    dialer.lua.script = dialer.redis.batch.script = changed  # type: ignore[attr-defined]


def _changed(script: Script, old: str, new: str) -> Script:
    times = script.text.count(old)
    assert 1 == times, f"{script.name}.lua: {old!r} is there {times} times"
    text = script.text.replace(old, new)
    return replace(script, text=text, sha=hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())


def _dial_unknown_again() -> None:
    follows = jobs.place.follows

    def careless(result: Any, now: int, context: Any) -> Follows:
        return Follows("back", "unknown") if isinstance(result, Unknown) else follows(result, now, context)

    jobs.place.follows = careless


def _do_not_ask_the_list() -> None:
    async def unasked(*_: Any, last: bool = False) -> tuple[None, bool]:  # noqa: ARG001 - as it is called
        return None, True

    jobs.rescue._look_up = unasked  # type: ignore[assignment]


def _do_not_ask_after_the_silent() -> None:
    async def unasked(*_: Any) -> None:
        pass

    jobs.rescue._ask_after = unasked  # type: ignore[assignment]


def _use_late_tokens() -> None:
    pacing.LATEST_US = 60_000_000


def _remember_nothing() -> None:
    async def nothing(*_: Any) -> None:
        pass

    Life._recall = nothing  # type: ignore[assignment, method-assign]


def _settle_nobody() -> None:
    async def nobody(*_: Any) -> Counter[Found]:
        return Counter()

    dialer.cli.restored._settled = nobody  # type: ignore[assignment]


def _keep_nothing_on_disk() -> None:
    RedisMachine.durable = False


_LEASE_LOOK = "if tonumber(redis.call('ZSCORE', LEASES, CALL_ID) or 0) ~= tonumber(ARGV[5]) then return 0 end\n"
MUTATIONS = {
    "a doubtful reply is no call": Mutation("twice", "in doubt", act=_dial_unknown_again),
    "a lost worker's placing is taken for a claim": Mutation(
        "twice",
        "killed",
        (
            (
                "lapse_lease",
                "move(UNKNOWN, NOW, ARGV[6])\n  return 2",
                "wait(NOW)\n  return 1",
            ),
        ),
    ),
    "a claim is good for ever": Mutation(
        "twice",
        "starved",
        (
            (
                "begin_attempt",
                _LEASE_LOOK + "local due = redis.call('ZSCORE', CLAIMED, SEQ)\n",
                "local due = redis.call('ZSCORE', CLAIMED, SEQ) or NOW\n",
            ),
            ("begin_attempt", "if not due or counted.n + 1 ~= NUMBER then return 0 end", ""),
        ),
    ),
    "behind a 503 nobody asks for the carrier's list": Mutation("twice", "unavailable", act=_do_not_ask_the_list),
    "data that counted less is dialed": Mutation(
        "twice",
        "restored",
        (
            ("begin_attempt", "begun < tonumber(ARGV[24])", "false"),
            ("look_at_life", "if id == ARGV[1] and seen > tonumber(begun or 0)", "if false"),
        ),
    ),
    "another server is dialed before all have looked": Mutation(
        "twice",
        "promoted",
        (("begin_attempt", "NOW >= tonumber(from)", "true"), ("look_at_life", "tonumber(ARGV[5])", "0")),
    ),
    "nothing is known of what was before a start": Mutation("twice", "restored", act=_remember_nothing),
    "what a restore lacks is settled by nobody": Mutation("twice", "restored", act=_settle_nobody),
    "tries are not counted": Mutation(
        "twice",
        "endings",
        (("apply_event", "return most and counted.n >= tonumber(most)", "return false"),),
    ),
    "Redis keeps nothing on disk": Mutation("lost", "outage", act=_keep_nothing_on_disk),
    "a list sent again is new": Mutation(
        "lost",
        "imported",
        (("add_calls", "local is_new = redis.call('HSETNX', known, digest, seq) == 1", "local is_new = true"),),
    ),
    "a lost worker keeps its claims": Mutation(
        "lost",
        "starved",
        (
            (
                "lapse_lease",
                "if due then\n  wait(due)\n  return 1",
                "if due then\n  redis.call('ZREM', LEASES, CALL_ID)\n  return 0",
            ),
        ),
    ),
    "nobody asks after calls that went silent": Mutation("lost", "killed", act=_do_not_ask_after_the_silent),
    "a claim takes no token": Mutation(
        "fast",
        "stopped",
        (
            (
                "claim_due_calls",
                "tat, index = math.max(tat, at) + interval, index + 1",
                "tat, index = math.max(tat, at), index + 1",
            ),
        ),
    ),
    "late tokens are used": Mutation("fast", "starved", act=_use_late_tokens),
    "nobody looks whether a campaign runs": Mutation(
        "stop",
        "stopped",
        (
            ("begin_attempt", "local refused = state ~= 'running' and 2\n  or", "local refused ="),
            ("step_campaign", "for _, line in ipairs(lines) do redis.call('ZREM', line, id) end", ""),
        ),
    ),
    "the last look does not see a suppression": Mutation(
        "stop", "stopped", (("begin_attempt", "if is_barred(address) then", "if false then"),)
    ),
    "nobody looks at a campaign's end": Mutation(
        "stop",
        "expiring",
        (
            ("begin_attempt", "if expires and NOW >= expires then", "if false then"),
            ("claim_due_calls", "or known.expires and known.expires <= now_ms then", "then"),
        ),
    ),
    "the newest event stands": Mutation(
        "true",
        "endings",
        (("apply_event", "local facts = bit.bor(known, tonumber(ARGV[5]))", "local facts = tonumber(ARGV[5])"),),
    ),
    "the last thing that may be said of facts is said": Mutation(
        "true",
        "quiet",
        (("apply_event", "then disposition = rule[2] break end", "then disposition = rule[2] end"),),
    ),
    "who ends is still counted as live": Mutation(
        "sums",
        "quiet",
        (("apply_event", "ipairs({WAITING, PLACING, UNKNOWN, LIVE})", "ipairs({WAITING, PLACING, UNKNOWN})"),),
    ),
    "who is cancelled is still counted as claimed": Mutation(
        "sums", "stopped", (("step_campaign", "redis.call('DEL', KEYS[3], KEYS[11])", "redis.call('DEL', KEYS[11])"),)
    ),
    "a number is dialed while it is up": Mutation(
        "together", "crowded", (("begin_attempt", "if is_up and not reason then", "if false then"),)
    ),
    "slots are not counted": Mutation(
        "slots",
        "crowded",
        (
            ("begin_attempt", "if up >= (tripped and 1 or tonumber(slots or math.huge)) then return 11 end", ""),
            (
                "claim_due_calls",
                "if up >= (known.tripped and 1 or known.slots or math.huge) then return now_ms + SLOTS_LOOK end",
                "",
            ),
        ),
    ),
}
