"""Where in a script a call is: a short text that may stand in a URL, such as `2.k1.0~3`.

It names lists and steps from the outside in: the third step of the script is `2`; within that question, the first step
after key 1 is `2.k1.0`. `n` and `w` are the steps after no key and a wrong key, `sn` and `sw` what is said before the
question is asked again, `v` the steps for a voicemail. `~3` counts how often a question has been asked, `~3-1` how
often of that because nothing or a wrong key was pressed. A position comes back from outside, so it is read as carefully
as anything from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialer.errors import InvalidInput
from dialer.scripts.steps import MAX_REPEATS, Ask, Step

if TYPE_CHECKING:
    from dialer.scripts.script import CallScript

MAX_ASKED = MAX_REPEATS + 1  # so often one question is asked, the first time included

_INDEX = "(?:0|[1-9][0-9]?)"
_TEXT = re.compile(
    rf"((?:v\.)?{_INDEX}(?:\.(?:k[0-9sh]{{1,20}}|sn|sw|n|w)\.{_INDEX}){{0,5}})(?:~([1-9][0-9]?)(?:-([1-9]))?)?"
)
_KEY_LETTERS = str.maketrans("*#", "sh")  # neither may stand in a path as it is
_SAID = frozenset({"sn", "sw"})


@dataclass(frozen=True, slots=True)
class Position:
    """A step of a script, and for a question how often it has been asked with this time included.

    Attributes:
        path: may also name the end of a list, one after its last step.
        misses: how often of `tries` it was asked again because it was not answered.
    """

    path: str = "0"
    tries: int = 1
    misses: int = 0

    def __str__(self) -> str:
        misses = f"-{self.misses}" if self.misses else ""
        return self.path if self.tries == 1 else f"{self.path}~{self.tries}{misses}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """From the text of one. Raises InvalidInput (field `position`); whether a script has it shows there."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise _no_such_position()
        tries, misses = int(found[2] or 1), int(found[3] or 0)
        if tries > MAX_ASKED or misses >= tries:
            raise _no_such_position()
        return cls(found[1], tries, misses)

    def asked_again(self, *, missed: bool) -> Position:
        """The same question once more."""
        return Position(self.path, self.tries + 1, self.misses + missed)

    def within(self, token: str) -> Position:
        """The beginning of one of this question's lists."""
        return Position(f"{self.path}.{token}.0")


START = Position()
VOICEMAIL = Position("v.0")


def key_token(keys: str) -> str:
    """The name of a key's list within a position."""
    return f"k{keys.translate(_KEY_LETTERS)}"


@dataclass(frozen=True, slots=True)
class _Level:
    """One list on the way to a position: its place in front, its steps, the step meant, and its name."""

    prefix: str
    steps: Sequence[Step]
    index: int
    token: str


def asked_at(script: CallScript, position: Position) -> Ask:
    """The question at a position. Raises InvalidInput where the script has none there."""
    level = _levels(script, position)[-1]
    step = level.steps[level.index] if level.index < len(level.steps) else None
    if not isinstance(step, Ask):
        raise _no_such_position()
    return step


def steps_from(script: CallScript, position: Position) -> Iterator[tuple[Position, Step]]:
    """The steps from a position on in the order of the call, as if nothing were ever pressed at a question.

    A list that ends goes on after the question that it belongs to; what is said before a question is asked again, with
    that question. Raises InvalidInput where the script has no such position.
    """
    levels = _levels(script, position)
    asked = (position.tries, position.misses)
    while levels:
        level = levels.pop()
        for index in range(level.index, len(level.steps)):
            yield Position(f"{level.prefix}{index}", *asked), level.steps[index]
            asked = _FIRST
        if levels and level.token in _SAID:
            asked = (position.tries, position.misses)
        elif levels:
            asked = _FIRST
            levels.append(_after(levels.pop()))


_FIRST = (1, 0)  # asked once, never missed


def _after(level: _Level) -> _Level:
    return _Level(level.prefix, level.steps, level.index + 1, level.token)


def _levels(script: CallScript, position: Position) -> list[_Level]:
    """The lists that a position names, from the script's own inwards."""
    names = position.path.split(".")
    prefix, token = "", ""
    steps: Sequence[Step] = script.steps
    if names[0] == "v":
        prefix, steps, names = "v.", script.voicemail, names[1:]
    levels = []
    while True:
        level = _Level(prefix, steps, _index(names[0], steps), token)
        levels.append(level)
        if len(names) == 1:
            return levels
        token, names = names[1], names[2:]
        prefix, steps = f"{prefix}{level.index}.{token}.", _list_of(level, token)


def _index(name: str, steps: Sequence[Step]) -> int:
    if int(name) > len(steps):
        raise _no_such_position()
    return int(name)


def _list_of(level: _Level, token: str) -> Sequence[Step]:
    ask = level.steps[level.index] if level.index < len(level.steps) else None
    if not isinstance(ask, Ask):
        raise _no_such_position()
    lists: dict[str, Sequence[Step]] = {key_token(keys): steps for keys, steps in ask.keys.items()}
    lists |= {"n": ask.no_input.then, "w": ask.wrong_key.then, "sn": ask.no_input.say, "sw": ask.wrong_key.say}
    if token not in lists:
        raise _no_such_position()
    return lists[token]


def _no_such_position() -> InvalidInput:
    return InvalidInput("the script has no such position", field="position")
