"""The whole script of a call: its steps, the voice that speaks them, and what a voicemail hears instead.

A script that exists is in order: its texts, keys and sizes were checked when it was made, so whoever answers the
carrier only renders. Errors name the place in the JSON, such as `script.steps.2.keys.1.0.text`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Any, ClassVar, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from dialer.errors import InvalidInput
from dialer.ncco.endpoints import Endpoint
from dialer.ncco.fields import Behavior, Flag, Language, Style
from dialer.ncco.reading import invalid_input
from dialer.scripts.checks import check_script
from dialer.scripts.steps import Ask, Connect, Otherwise, Prompts, Say, Step, Steps
from dialer.scripts.walking import Place, lists_of, walk
from dialer.speech import plain, variable_name
from dialer.voices import Generation, Voice, check_voice

KIND = "script"

_MAX_NESTED = 40  # brackets within each other; the deepest script there can be has 25


@dataclass(frozen=True, slots=True, kw_only=True)
class CallScript:
    """What a call says and does.

    Attributes:
        language, style, premium: the voice of every step that names none.
        voicemail: what an answering machine hears; needs machine detection that continues.

    Raises:
        InvalidInput: at creation, when steps do not go together; its field is such as `script.steps.2.keys`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    language: Language
    style: Style = 0
    premium: Flag = False
    steps: Annotated[Steps, Field(min_length=1)]
    voicemail: Prompts = ()
    machine_detection: Behavior | None = None

    def __post_init__(self) -> None:
        check_script(self.steps, self.voicemail, self.machine_detection)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, default_language: str) -> CallScript:
        """The script from JSON; a missing or null language takes the default. Raises InvalidInput."""
        if _is_nested_deeper(mapping, _MAX_NESTED):
            raise InvalidInput("the steps are within each other too deeply", field="script")
        told = {"language": default_language} | {name: value for name, value in mapping.items() if value is not None}
        try:
            return _adapter().validate_python(told, by_alias=False, by_name=True)
        except ValidationError as error:
            raise invalid_input(error, "script", _names()) from None

    def to_dict(self) -> dict[str, Any]:
        """The script as JSON; `from_dict` reads it back the same."""
        written: dict[str, Any] = _adapter().dump_python(self, mode="json", exclude_none=True)
        return written

    def variables(self) -> frozenset[str]:
        """The names that each call must have a value for, whichever way it goes."""
        return frozenset().union(*(say.text.variables() for _, say in self._said()))

    def check(self, variables: Mapping[str, str]) -> list[str]:
        """The names that these variables have no value for, in order; a blank value is none."""
        given = {variable_name(name) for name, value in variables.items() if plain(value).strip()}
        return sorted(self.variables() - given)

    def check_voices(self, generation: Generation) -> None:
        """Raises InvalidInput for the first step whose voice that generation of the carrier does not have."""
        for path, say in self._said():
            own = say.language is not None or say.style is not None or say.premium is not None
            voice = self._checked_voice(say, f"script.{path}" if own else "script", generation)
            if say.text.is_ssml and not voice.ssml:
                raise InvalidInput(
                    f"style {voice.style} of {voice.language} reads no SSML", field=f"script.{path}.text"
                )

    def voice_of(self, say: Say) -> tuple[str, int, bool]:
        """Language, style and premium with which a step is spoken."""
        if say.language is not None:
            return say.language, say.style or 0, bool(say.premium)
        style = self.style if say.style is None else say.style
        return self.language, style, self.premium if say.premium is None else say.premium

    def connects(self) -> int:
        """The most tokens of the budget that one call can cost beside its own."""
        return _connects(self.steps)

    def with_caller_id(self, number: str) -> CallScript:
        """The same script, calling others from this number where a step names none."""
        return replace(self, steps=_with_caller_id(self.steps, number))

    def _checked_voice(self, say: Say, at: str, generation: Generation) -> Voice:
        language, style, premium = self.voice_of(say)
        try:
            return check_voice(language, style, generation, premium=premium)
        except InvalidInput as error:
            raise InvalidInput(str(error), field=f"{at}.{error.field}") from None

    def _said(self) -> Iterator[tuple[str, Say]]:
        for place in self._places():
            if isinstance(place.step, Say):
                yield place.path, place.step

    def _places(self) -> Iterator[Place]:
        yield from walk(self.steps, "steps")
        yield from walk(self.voicemail, "voicemail")


def _connects(steps: Sequence[Step]) -> int:
    return sum(1 if isinstance(step, Connect) else _most_connects(step) for step in steps)


def _most_connects(step: Step) -> int:
    return max(_connects(within) for _, within in lists_of(step)) if isinstance(step, Ask) else 0


def _with_caller_id(steps: Sequence[Step], number: str) -> tuple[Step, ...]:
    return tuple(_calling_from(step, number) for step in steps)


def _calling_from(step: Step, number: str) -> Step:
    match step:
        case Connect(caller_id=None):
            return replace(step, caller_id=number.removeprefix("+"))
        case Ask():
            branches = {keys: _with_caller_id(within, number) for keys, within in step.keys.items()}
            no_input, wrong_key = (
                replace(otherwise, then=_with_caller_id(otherwise.then, number))
                for otherwise in (step.no_input, step.wrong_key)
            )
            return replace(step, keys=branches, no_input=no_input, wrong_key=wrong_key)
        case _:
            return step


def _is_nested_deeper(value: Any, limit: int) -> bool:
    # Level by level and not by recursion, which hostile JSON could drive into the ground.
    level = [value]
    for _ in range(limit):
        level = [
            inner
            for each in level
            if isinstance(each, Mapping | list | tuple)
            for inner in (each.values() if isinstance(each, Mapping) else each)
        ]
    return bool(level)


@cache
def _adapter() -> TypeAdapter[CallScript]:
    return TypeAdapter(CallScript)


@cache
def _names() -> dict[str, list[str]]:
    """The fields of each kind of object in a script, by its tag or, without one, its place."""
    steps = {_tag(kind): _field_names(kind) for kind in get_args(get_args(Step)[0])}
    endpoints = {kind.model_fields["type"].default: list(kind.model_fields) for kind in get_args(get_args(Endpoint)[0])}
    return steps | endpoints | {name: _field_names(Otherwise) for name in ("no_input", "wrong_key")}


def _tag(kind: Any) -> str:
    return next(str(field.default) for field in fields(kind) if field.name == "do")


def _field_names(kind: Any) -> list[str]:
    return [field.name for field in fields(kind)]
