"""The kind `escalation`: an alarm that calls people step by step until enough of them have confirmed it.

Here is what such a call says, and the plan: who is called in which step, and for how long a step waits. How far one is,
and what follows from that, is told by `ladder.py`. The script is a notification's with a confirm key; the plan lies
beside it, since nobody who asks what a call says needs to know whom else it goes to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from dialer.errors import InvalidInput
from dialer.model import NewCall
from dialer.notification import NotificationScript
from dialer.scripts import CallScript
from dialer.scripts.phrases import phrases

KIND = "escalation"
MOST_CALLS = 500
"""In all steps and rounds together: an escalation is read as a whole, again and again while it goes on."""
AFTER_LAST_S = 3600
"""Where no end is given: so long after the last step's wait, for those whose turn at the carrier came late."""
STEP, ROUND = "step", "round"
"""Variables that every call of an escalation has, counted from 1: a text may say them, and the results tell them."""

SETTLED = "settled_text"
"""The one field of the script that a notification has not."""


@dataclass(frozen=True, slots=True)
class EscalationScript:
    """What everybody hears, and what is said after the confirm key.

    Attributes:
        notification: text, keys and all the rest; has a confirm key.
        settled_text: said instead of `confirm_text` to who presses the key when others have settled it; None: our own
            words, where there are any for the language.

    Raises:
        InvalidInput: at creation; its field is such as `script.text`.
    """

    notification: NotificationScript
    settled_text: str | None

    def __post_init__(self) -> None:
        if self.notification.confirm_key is None:
            raise InvalidInput("an escalation needs a key that confirms", field="script.confirm_key")
        if self.settled_text is not None:
            self._check_settled_text()

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, default_language: str) -> EscalationScript:
        """The script from JSON; what is missing or null takes its default. Raises InvalidInput."""
        rest = {name: value for name, value in mapping.items() if name != SETTLED}
        if not isinstance(mapping.get(SETTLED, ""), str | None):
            raise InvalidInput("must be a text", field=f"script.{SETTLED}")
        return cls(NotificationScript.from_dict(rest, default_language=default_language), mapping.get(SETTLED))

    def to_dict(self) -> dict[str, Any]:
        """The script as JSON; `from_dict` reads it back the same."""
        return self.notification.to_dict() | ({SETTLED: self.settled_text} if self.settled_text is not None else {})

    @property
    def call_script(self) -> CallScript:
        """The same as steps, while nobody has settled it."""
        return self.notification.call_script

    @property
    def settled(self) -> CallScript:
        """What is said when it is settled: the same questions at the same places, another answer to the key."""
        ours = phrases(self.notification.language)
        text = self.settled_text or (ours.settled if ours else self.notification.confirm_text)
        return replace(self.notification, confirm_text=text).call_script

    def _check_settled_text(self) -> None:
        try:
            late = replace(self.notification, confirm_text=self.settled_text)
        except InvalidInput as error:
            raise InvalidInput(str(error), field=f"script.{SETTLED}") from None
        # A list is checked for what the other texts need; a value that this one needs besides could be missing.
        besides = sorted(late.variables() - self.notification.variables())
        if besides:
            message = f"names {', '.join(besides)}, which the text does not: leave that out"
            raise InvalidInput(message, field=f"script.{SETTLED}")


class Advance(StrEnum):
    """When a step is over, if not enough have confirmed."""

    WHEN_DONE = "when_done"  # after its wait, or as soon as nobody of it can confirm any more
    AFTER_WAIT = "after_wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may confirm. The own id, or else the number, tells whether two are the same person.

    Attributes:
        others: further numbers of the same person.
        timezone: where the person is (IANA), where the number does not tell that.
    """

    number: str
    external_id: str | None = None
    others: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None

    @property
    def key(self) -> str:
        """What tells this person from others."""
        return self.external_id or self.number

    def call(self, step: int, turn: int) -> NewCall:
        """The call to this person in a step of a round: one and the same, however often it is added."""
        return NewCall(
            number=self.number,
            external_id=self.external_id,
            others=self.others,
            variables={**self.variables, STEP: str(step), ROUND: str(turn)},
            timezone=self.timezone,
            once=f"{turn}.{step}.{self.key}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """People who are called together, and how long they have.

    Attributes:
        wait_s: so many seconds after the step's beginning the next one begins.
    """

    people: tuple[Person, ...]
    wait_s: int
    advance: Advance = Advance.WHEN_DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Who is called in which order.

    Attributes:
        needed: so many different people must confirm.
        repeat: how many times all steps are gone through.
    """

    steps: tuple[Step, ...]
    needed: int = 1
    repeat: int = 1

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Plan:
        """From what `to_dict` wrote."""
        return cls(steps=tuple(map(_step, told["steps"])), needed=told["needed"], repeat=told["repeat"])

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @property
    def longest_s(self) -> int:
        """How long it waits at the most."""
        return self.repeat * sum(step.wait_s for step in self.steps)

    @property
    def openings(self) -> int:
        """How many times a step begins at the most."""
        return self.repeat * len(self.steps)

    def opening(self, number: int) -> tuple[int, int]:
        """The round and the step that begin with the opening of a number, all counted from 1."""
        turn, step = divmod(number - 1, len(self.steps))
        return turn + 1, step + 1

    @property
    def people(self) -> dict[str, Person]:
        """Everybody, once, in the order in which they are called first."""
        found: dict[str, Person] = {}
        for step in self.steps:
            for person in step.people:
                found.setdefault(person.key, person)
        return found

    def without(self, number: str) -> Plan:
        """The same without whoever has this number, as one of several too; a step may have nobody then."""
        kept = (
            replace(step, people=tuple(one for one in step.people if number not in (one.number, *one.others)))
            for step in self.steps
        )
        return replace(self, steps=tuple(kept))

    def steps_of(self, key: str) -> Iterator[int]:
        """In which steps a person is, counted from 1."""
        return (number for number, step in enumerate(self.steps, 1) if any(p.key == key for p in step.people))


def _step(told: Mapping[str, Any]) -> Step:
    people = tuple(Person(**{**person, "others": tuple(person["others"])}) for person in told["people"])
    return Step(people=people, wait_s=told["wait_s"], advance=Advance(told["advance"]))
