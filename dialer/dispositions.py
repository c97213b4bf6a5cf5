"""How an attempt ends: the closed list of dispositions and the one function that chooses among them.

The carrier's events arrive in any order, twice, late or never. So an attempt keeps the *set of facts* it was told,
and its disposition is a pure function of that set: `RULES`, read from the top, first match wins. The script
`apply_event.lua` is handed the same rules, so there is one source.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Disposition(StrEnum):
    """How an attempt, and at last its call, ended."""

    CONFIRMED = "confirmed"
    ANSWERED = "answered"
    MACHINE = "machine"
    OPTED_OUT = "opted_out"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"
    UNDETERMINED = "undetermined"  # a person must look


REDIALABLE = (
    Disposition.BUSY,
    Disposition.NO_ANSWER,
    Disposition.FAILED,
    Disposition.REJECTED,
    Disposition.MACHINE,
    Disposition.ANSWERED,
    Disposition.INVALID_NUMBER,
)
"""What a redial policy may speak of. Whoever answered is dialed again only where that is no success; a number that does
not exist is not, but its person may have another. A doubtful call is a matter of the campaign's `unknown`."""
NEXT_NUMBER = (Disposition.INVALID_NUMBER, Disposition.FAILED)
"""After these the person's next number is dialed at once, if there is one and the campaign does not say otherwise."""


class Fact(StrEnum):
    """One thing that became known about an attempt. A fact is never unlearned."""

    STARTED = "started"
    RINGING = "ringing"
    ANSWERED = "answered"
    HUMAN = "human"
    MACHINE = "machine"
    COMPLETED = "completed"  # over, nothing known of a conversation
    TALKED = "talked"  # over, with a duration above zero: somebody or something picked up
    BUSY = "busy"
    TIMEOUT = "timeout"  # rang longer than it was allowed to
    CANCELLED = "cancelled"  # the originator stopped it before an answer
    UNANSWERED = "unanswered"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    FAILED = "failed"
    SCRIPT_ERROR = "script_error"  # the carrier could not play what we served
    LOST = "lost"  # we stopped waiting: the carrier has nothing more to tell
    CONFIRMED = "confirmed"  # pressed the key that confirms
    OPTED_OUT = "opted_out"  # pressed the key that ends all further calls
    JOINED = "joined"  # was put into a conversation with others
    HUNG_UP = "hung_up"  # somebody of ours told us to end it


Rule = tuple[frozenset[Fact], Disposition]


def _rule(disposition: Disposition, *facts: Fact) -> Rule:
    return frozenset(facts), disposition


_OVER = (Fact.COMPLETED, Fact.TALKED, Fact.LOST)
_FAILURES = (
    (Fact.INVALID_NUMBER, Disposition.INVALID_NUMBER),
    (Fact.BUSY, Disposition.BUSY),
    (Fact.REJECTED, Disposition.REJECTED),
    # A ring that ran out shows as `timeout` or as `cancelled` (Vonage KB 360051019072).
    (Fact.TIMEOUT, Disposition.NO_ANSWER),
    (Fact.UNANSWERED, Disposition.NO_ANSWER),
    (Fact.CANCELLED, Disposition.NO_ANSWER),
    (Fact.FAILED, Disposition.FAILED),
)

_ENDED = (*_OVER, *(fact for fact, _ in _FAILURES))
ENDINGS = frozenset(_ENDED) - {Fact.LOST}
"""Each says that the call is over; that we stopped waiting does not."""

RULES: tuple[Rule, ...] = (
    # What somebody pressed counts more than how the line ended: a machine presses nothing.
    *(_rule(Disposition.CONFIRMED, Fact.CONFIRMED, ended) for ended in _ENDED),
    *(_rule(Disposition.OPTED_OUT, Fact.OPTED_OUT, ended) for ended in _ENDED),
    # Whoever picked up and heard nothing was not reached.
    *(_rule(Disposition.FAILED, Fact.SCRIPT_ERROR, over) for over in _OVER),
    *(_rule(Disposition.MACHINE, Fact.MACHINE, over) for over in _OVER),
    _rule(Disposition.ANSWERED, Fact.TALKED),
    *(_rule(Disposition.ANSWERED, reached, over) for reached in (Fact.ANSWERED, Fact.HUMAN) for over in _OVER),
    # Ended by us before anybody picked up: not to be dialed again, whatever the carrier calls it.
    *(_rule(Disposition.CANCELLED, Fact.HUNG_UP, ended) for ended in _ENDED if ended is not Fact.TALKED),
    # The first reason in this order wins, whichever came first; a `completed` beside it adds figures only
    # (Vonage KB 360057200092: every call that is not rejected gets one, and the two may swap).
    *(_rule(disposition, fact) for fact, disposition in _FAILURES),
    _rule(Disposition.NO_ANSWER, Fact.COMPLETED, Fact.LOST),
    _rule(Disposition.UNDETERMINED, Fact.LOST),
)
"""`completed` alone is no rule: its reason may still be under way. The sweeper adds LOST some seconds later."""


ENTERED = frozenset({Fact.JOINED, Fact.CONFIRMED})
"""Either says that somebody is or was in a conference: its own event may be lost, and the key came first."""
REACHED = frozenset({Fact.ANSWERED, Fact.HUMAN, Fact.MACHINE, Fact.CONFIRMED, Fact.OPTED_OUT, Fact.JOINED})
"""Each says that somebody or something picked up: the events may come in any order."""


def disposition_of(facts: Iterable[Fact]) -> Disposition | None:
    """The disposition that a set of facts amounts to, or None while the attempt is not over."""
    known = frozenset(facts)
    return next((disposition for needed, disposition in RULES if needed <= known), None)
