"""All that should stand in Redis, and what makes the models short: the registry of scripts, and the dice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, TypeVar

from dialer.keys import TAG
from tests.fakes.keyspace import Keyspace, decoded

T = TypeVar("T")
Part = str | int
Command = tuple[Part, ...]


@dataclass(slots=True)
class Space:
    """Every key by its whole name; what is empty is not there.

    Apart are what the dialer writes to the audit log by itself, what it tells those who listen for changes, and the id
    of the server's run.
    """

    hashes: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    zsets: defaultdict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    sets: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    lists: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    streams: defaultdict[str, list[tuple[str, dict[str, str]]]] = field(default_factory=lambda: defaultdict(list))
    strings: dict[str, str] = field(default_factory=dict)
    did: list[dict[str, Any]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    run: str = ""

    def rendered(self) -> Keyspace:
        """As `keyspace.dump` reads it."""
        kinds: list[dict[str, Any]] = [self.zsets, self.sets, self.lists, self.streams, self.strings]
        plain = {name: content for kind in kinds for name, content in kind.items() if content}
        plain |= {name: {f: decoded(v) for f, v in fields.items()} for name, fields in self.hashes.items() if fields}
        return {name.removeprefix(TAG): content for name, content in plain.items()}

    def first_due(self, name: str, now: str, most: str) -> list[str]:
        """The members of a sorted set that are due, in order."""
        due = sorted((score, member) for member, score in self.zsets[name].items() if score <= int(now))
        return [member for _, member in due][: int(most)]

    def count_up(self, name: str, key: str, by: str | int) -> int:
        """Add to a number in a hash."""
        self.hashes[name][key] = str(int(self.hashes[name].get(key, 0)) + int(by))
        return int(self.hashes[name][key])

    def drop(self, *names: str) -> None:
        """Be without these keys."""
        for name in names:
            for kind in (self.hashes, self.zsets, self.sets, self.lists, self.strings):
                kind.pop(name, None)

    def dialer_did(self, action: str, campaign_id: str, **details: Part) -> None:
        """Audit it."""
        entry = {"action": action, "outcome": "done", "actor": "dialer"}
        self.did.append({**entry, "campaign_id": campaign_id, "details": details})

    def do(self, command: Command) -> None:
        """What a test puts there by hand."""
        verb, name, *rest = map(str, command)
        match verb, rest:
            case "ZADD", [score, member]:
                self.zsets[name][member] = float(score)
            case "HSET", [*parts]:
                self.hashes[name] |= dict(zip(parts[::2], parts[1::2], strict=True))
            case "SADD", [member]:
                self.sets[name].add(member)
            case "SET", [value]:
                self.strings[name] = value
            case "DEL", []:
                self.drop(name)
            case "RPUSH", [line]:
                self.lists[name].append(line)
            case _:
                raise ValueError(command)


class Dice:
    """What comes next, and when: few names, and moments that lie close together. It may look at what is there."""

    def __init__(self, seed: int, now: int) -> None:
        self.random, self.now, self.space = Random(seed), now, Space()  # noqa: S311 - guards nothing

    def one(self, *choices: T) -> T:
        """One of these."""
        return self.random.choice(choices)

    def some(self, choices: Sequence[T]) -> list[T]:
        """Some of these, in their order."""
        return [choice for choice in choices if self.random.random() < 0.5]

    def moment(self) -> int:
        """Now, a little earlier or later."""
        return self.now + self.random.randint(-4, 8)

    def number(self, least: int, most: int) -> int:
        """One of these and those in between."""
        return self.random.randint(least, most)


class Asked(NamedTuple):
    """What a script is given."""

    names: list[str]
    args: list[Part]


Model = Callable[[Space, list[str], list[str]], Any]


class Modelled(NamedTuple):
    """A script's model, and what it may be given."""

    draw: Callable[[Dice], Asked]
    model: Model


MODELS: dict[str, Modelled] = {}
GIVEN: list[Callable[[Dice], Command]] = []
"""What else may happen in between: what other scripts leave."""


def models(draw: Callable[[Dice], Asked]) -> Callable[[Model], Model]:
    """The function below says what the script of its name does, which is given what `draw` draws."""

    def note(model: Model) -> Model:
        MODELS[model.__name__] = Modelled(draw, model)
        return model

    return note
