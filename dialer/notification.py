"""The kind `notification`: a text that each person hears, with their own values in it.

Here is what such a campaign says and what counts as success; placing its calls is the workers' part. A script that
exists is in order: its text was checked when it was made, so the answer webhook only renders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

from dialer.dispositions import Disposition
from dialer.errors import InvalidInput
from dialer.speech import FIELD as TEXT_FIELD
from dialer.speech import SpokenText, plain, variable_name

_T = TypeVar("_T", str, int)

KIND = "notification"
SUCCESS = frozenset({Disposition.ANSWERED, Disposition.CONFIRMED})

_FIELDS = ("text", "language", "style")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MAX_STYLE = 99  # the carrier's list ends at 24 and grows
_COLUMNS = frozenset({"number", "id"})
# Each answered call asks for its text anew; a worker or API process sees few different ones at a time.
_spoken = lru_cache(maxsize=256)(SpokenText)


@dataclass(frozen=True, slots=True)
class NotificationScript:
    """What is said, in which language, by which of its voices.

    Attributes:
        text: a template as `SpokenText` takes it.
        language: BCP 47, such as `nl-NL`; the carrier would read a text without one as English.
        style: the number of one of the language's voices (carrier's list).

    Raises:
        InvalidInput: at creation; its field is `script.text`, `script.language` or `script.style`.
    """

    text: str
    language: str
    style: int = 0

    def __post_init__(self) -> None:
        unusable = _spoken(self.text).variables() & _COLUMNS
        if unusable:
            name = min(unusable)
            raise _invalid("text", f"the column {name!r} is not spoken: give the list another column for it")
        if not _LANGUAGE.fullmatch(self.language):
            raise _invalid("language", f"{self.language[:40]!r} is no language code: write it like nl-NL")
        if not 0 <= self.style <= _MAX_STYLE:
            raise _invalid("style", f"the style is a voice's number from 0 to {_MAX_STYLE}")

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, default_language: str) -> NotificationScript:
        """The script from JSON; a missing or null language takes the default. Raises InvalidInput."""
        unknown = next((name for name in mapping if name not in _FIELDS), None)
        if unknown is not None:
            raise _invalid(str(unknown)[:40], f"there is no such field; there are: {', '.join(_FIELDS)}")
        text, language, style = (mapping.get(name) for name in _FIELDS)
        return cls(
            _of_type(str, "text", text),
            default_language if language is None else _of_type(str, "language", language),
            0 if style is None else _of_type(int, "style", style),
        )

    def to_dict(self) -> dict[str, Any]:
        """The script as JSON; `from_dict` reads it back the same."""
        return {"text": self.text, "language": self.language, "style": self.style}

    def variables(self) -> frozenset[str]:
        """The names that each call must have a value for."""
        return _spoken(self.text).variables()

    def check(self, variables: Mapping[str, str]) -> list[str]:
        """The names that these variables have no value for, in order; a blank value is none."""
        given = {variable_name(name) for name, value in variables.items() if plain(value).strip()}
        return sorted(self.variables() - given)


def ncco(script: NotificationScript, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the carrier is to say: `talk` actions, more than one where the text is longer than one may be.

    Raises:
        InvalidInput: when a value is missing; no other value can make it fail.
    """
    parts = _spoken(script.text).in_parts(variables)
    return [{"action": "talk", "text": part, "language": script.language, "style": script.style} for part in parts]


def problems(script: NotificationScript, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """What keeps these variables from being spoken, as (field, sentence); empty when all is well."""
    missing = script.check(variables)
    return [(f"variables.{name}", f"the text needs a value for {name!r}") for name in missing]


def _of_type(kind: type[_T], name: str, value: Any) -> _T:
    # `type` and not isinstance: true is no style.
    if type(value) is not kind:
        words = "a text" if kind is str else "a whole number"
        raise _invalid(name, f"{name} must be {words}")
    return value


def _invalid(name: str, problem: str) -> InvalidInput:
    return InvalidInput(problem, field=TEXT_FIELD if name == "text" else f"script.{name}")
