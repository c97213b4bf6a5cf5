"""What a script leaves behind on the attempt: that it was confirmed or opted out, and which keys were pressed.

Marks are returned, never stored here. The caller stores them before it answers the carrier: whoever has heard "your
confirmation is received" must have confirmed. Storing one twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class MarkKind(StrEnum):
    """All marks there are; a closed set, so that it can label a metric."""

    CONFIRMED = "confirmed"
    OPTED_OUT = "opted_out"
    PRESSED = "pressed"


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing to remember about an attempt.

    Attributes:
        at: for PRESSED, the position of the question.
        keys: for PRESSED, what was pressed: 1 to 20 of 0-9 * #.
    """

    kind: MarkKind
    at: str = ""
    keys: str = ""


CONFIRMED = Mark(MarkKind.CONFIRMED)
OPTED_OUT = Mark(MarkKind.OPTED_OUT)


def pressed(at: str, keys: str) -> Mark:
    """The mark of keys pressed at a question."""
    return Mark(MarkKind.PRESSED, at, keys)
