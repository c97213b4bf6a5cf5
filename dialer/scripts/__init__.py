"""What a call says and does, as small typed data: say, play, ask, record, join, connect, confirm, opt out, stop.

A `CallScript` is a list of steps in which an `ask` branches by the key that is pressed; what follows the ask in its
list is carried out after the chosen branch. `render` turns the steps from one position up to the next question into the
carrier's actions; `reply` tells, from the keys that came back, at which position to go on. Both are pure: the position
travels in the address that the carrier calls, so nothing needs to be remembered between two requests. What is to be
remembered, such as CONFIRMED, is returned as marks, which the caller stores before it answers.
"""

from __future__ import annotations

from dialer.scripts.marks import CONFIRMED, OPTED_OUT, Mark, MarkKind, pressed
from dialer.scripts.positions import MAX_ASKED, START, VOICEMAIL, Position
from dialer.scripts.rendering import Rendered, Urls, render
from dialer.scripts.replies import Next, Pressed, read_input, reply
from dialer.scripts.script import KIND, CallScript
from dialer.scripts.steps import (
    Ask,
    Confirm,
    Connect,
    Join,
    OptOut,
    Otherwise,
    Play,
    Prompt,
    Record,
    Say,
    Step,
    Stop,
)

__all__ = [
    "CONFIRMED",
    "KIND",
    "MAX_ASKED",
    "OPTED_OUT",
    "START",
    "VOICEMAIL",
    "Ask",
    "CallScript",
    "Confirm",
    "Connect",
    "Join",
    "Mark",
    "MarkKind",
    "Next",
    "OptOut",
    "Otherwise",
    "Play",
    "Position",
    "Pressed",
    "Prompt",
    "Record",
    "Rendered",
    "Say",
    "Step",
    "Stop",
    "Urls",
    "pressed",
    "read_input",
    "render",
    "reply",
]
