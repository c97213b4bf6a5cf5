"""Every step of a script with the place where its JSON stands, such as `steps.2.keys.1.0`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialer.scripts.steps import Ask, Step


@dataclass(frozen=True, slots=True)
class Place:
    """A step, its dotted path, and in how many lists it stands (1: the script's own)."""

    path: str
    step: Step
    depth: int


def walk(steps: Sequence[Step], path: str, depth: int = 1) -> Iterator[Place]:
    """These steps and all within them, in the order in which they are written."""
    for index, step in enumerate(steps):
        here = f"{path}.{index}"
        yield Place(here, step, depth)
        if isinstance(step, Ask):
            for name, within in lists_of(step):
                yield from walk(within, f"{here}.{name}", depth + 1)


def lists_of(ask: Ask) -> list[tuple[str, Sequence[Step]]]:
    """The lists of steps within a question, by their path in it."""
    branches = [(f"keys.{keys}", steps) for keys, steps in ask.keys.items()]
    missed = [("no_input", ask.no_input), ("wrong_key", ask.wrong_key)]
    said = [(f"{name}.say", otherwise.say) for name, otherwise in missed]
    then = [(f"{name}.then", otherwise.then) for name, otherwise in missed]
    return [("prompt", ask.prompt), *branches, *said, *then]
