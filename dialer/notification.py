"""The kind `notification`: a text that each person hears, with their own values in it, and keys to answer it with.

Here is what such a campaign says; placing its calls is the workers' part. A script that
exists is in order: its texts and keys were checked when it was made. It has no renderer of its own: `call_script` turns
it into the steps of `dialer/scripts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any

from dialer.errors import InvalidInput
from dialer.forms import LANGUAGE
from dialer.ncco import to_wire
from dialer.ncco.fields import Behavior
from dialer.scripts import Ask, CallScript, Confirm, OptOut, Otherwise, Say, Step, Urls, render
from dialer.scripts.phrases import LANGUAGES, Phrases, phrases
from dialer.scripts.steps import MAX_REPEATS
from dialer.speech import SpokenText, plain, variable_name
from dialer.voices import Generation, check_voice

KIND = "notification"

_LANGUAGE = re.compile(LANGUAGE)
_MAX_STYLE = 99  # the carrier's list ends at 24 and grows
_COLUMNS = frozenset({"number", "id"})
_KEY = re.compile("[0-9*#]")
_KEYS = ("confirm_key", "repeat_key", "opt_out_key")
_TEXTS = ("text", "voicemail_text", "keys_text", "confirm_text", "opt_out_text", "wrong_key_text")
_TYPES: Mapping[str, tuple[type, str]] = {
    "style": (int, "a whole number"),
    "no_input": (int, "a whole number"),
    "barge_in": (bool, "true or false"),
}
# Each answered call asks for its text anew; a worker or API process sees few different ones at a time.
_spoken = lru_cache(maxsize=256)(SpokenText)


@dataclass(frozen=True, slots=True)
class NotificationScript:
    """What is said, in which language, by which of its voices, and what may be pressed.

    Attributes:
        text: a template as `SpokenText` takes it.
        language: BCP 47, such as `nl-NL`; the carrier would read a text without one as English.
        style: the number of one of the language's voices (carrier's list).
        voicemail_text: what an answering machine hears instead; needs machine detection `continue`.
        repeat_key, confirm_key, opt_out_key: one of 0-9 * # each, all different; None: there is no such key.
        keys_text: tells the keys; "" where the text itself tells them. None: in our own words, where there are any for
            the language, for those keys that the text does not tell.
        confirm_text, opt_out_text: what is said after the key; None: our own words.
        no_input: so often the text and the question are said again when nothing is pressed.
        wrong_key_text: what is said before the question comes again; None: our own words, or none.
        barge_in: whether a key ends the speech.
        machine_detection: None, `continue` or `hangup`.

    Raises:
        InvalidInput: at creation; its field is such as `script.text`.
    """

    text: str
    language: str
    style: int = 0
    voicemail_text: str | None = None
    repeat_key: str | None = None
    confirm_key: str | None = None
    confirm_text: str | None = None
    opt_out_key: str | None = None
    opt_out_text: str | None = None
    keys_text: str | None = None
    no_input: int = 1
    wrong_key_text: str | None = None
    barge_in: bool = True
    machine_detection: Behavior | None = None

    def __post_init__(self) -> None:
        for name, text in self._texts():
            _check_text(name, text)
        if not _LANGUAGE.fullmatch(self.language):
            raise _invalid("language", f"{self.language[:40]!r} is no language code: write it like nl-NL")
        if not 0 <= self.style <= _MAX_STYLE:
            raise _invalid("style", f"the style is a voice's number from 0 to {_MAX_STYLE}")
        if not 0 <= self.no_input <= MAX_REPEATS:
            raise _invalid("no_input", f"the question is asked again 0 to {MAX_REPEATS} times")
        self._check_detection()
        self._check_keys()
        self._check_words()

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, default_language: str) -> NotificationScript:
        """The script from JSON; what is missing or null takes its default. Raises InvalidInput."""
        names = [field.name for field in fields(cls)]
        unknown = next((name for name in mapping if name not in names), None)
        if unknown is not None:
            raise _invalid(str(unknown)[:40], f"there is no such field; there are: {', '.join(names)}")
        told = {name: _of_type(name, value) for name, value in mapping.items() if value is not None}
        if "text" not in told:
            raise _invalid("text", "text must be a text")
        return cls(**({"language": default_language} | told))

    def to_dict(self) -> dict[str, Any]:
        """The script as JSON, without what has its default; `from_dict` reads it back the same."""
        always = {"text": self.text, "language": self.language, "style": self.style}
        return always | {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.default is not MISSING and getattr(self, field.name) != field.default
        }

    def variables(self) -> frozenset[str]:
        """The names that each call must have a value for."""
        return frozenset().union(*(_spoken(text).variables() for _, text in self._texts()))

    def check(self, variables: Mapping[str, str]) -> list[str]:
        """The names that these variables have no value for, in order; a blank value is none."""
        given = {variable_name(name) for name, value in variables.items() if plain(value).strip()}
        return sorted(self.variables() - given)

    def check_voice(self, generation: Generation) -> None:
        """Raises InvalidInput when that generation of the carrier cannot speak this script."""
        try:
            voice = check_voice(self.language, self.style, generation)
        except InvalidInput as error:
            raise _invalid(str(error.field), str(error)) from None
        for name, text in self._texts():
            if _spoken(text).is_ssml and not voice.ssml:
                raise _invalid(name, f"style {self.style} of {self.language} reads no SSML")

    @property
    def call_script(self) -> CallScript:
        """The same as steps: the text, or where there are keys a question with it as the prompt."""
        return _compiled(self)

    def _steps(self) -> CallScript:
        voicemail = (Say(_spoken(self.voicemail_text)),) if self.voicemail_text else ()
        return CallScript(
            language=self.language,
            style=self.style,
            steps=(self._question() if self._has_keys else Say(_spoken(self.text)),),
            voicemail=voicemail,
            machine_detection=self.machine_detection,
        )

    @property
    def _has_keys(self) -> bool:
        return any(getattr(self, name) for name in _KEYS)

    @property
    def _phrases(self) -> Phrases | None:
        return phrases(self.language)

    def _question(self) -> Ask:
        branches: dict[str, tuple[Step, ...]] = {}
        if self.confirm_key:
            branches[self.confirm_key] = (Confirm(), *self._said("confirm_text", "confirmed"))
        if self.opt_out_key:
            branches[self.opt_out_key] = (OptOut(), *self._said("opt_out_text", "opted_out"))
        keys_text = self._keys_told() if self.keys_text is None else self.keys_text
        told = (Say(_spoken(keys_text)),) if keys_text else ()
        return Ask(
            prompt=(Say(_spoken(self.text)), *told),
            keys=branches,
            repeat_key=self.repeat_key,
            barge_in=self.barge_in,
            no_input=Otherwise(repeat=self.no_input),
            # Whoever pressed something is there, so the question comes again at least once.
            wrong_key=Otherwise(repeat=max(1, self.no_input), say=self._said("wrong_key_text", "wrong_key")),
        )

    def _said(self, name: str, phrase: str) -> tuple[Say, ...]:
        own = getattr(self, name)
        text = own or (getattr(self._phrases, phrase) if self._phrases else None)
        return (Say(_spoken(text)),) if text else ()

    def _keys_told(self) -> str:
        """Our own words for the keys that the text does not tell."""
        ours = self._phrases
        if ours is None:
            return ""
        untold = [name for name in _KEYS if (key := getattr(self, name)) and not ours.tells(self.text, key)]
        sentences = {name: getattr(ours, name.removesuffix("_key")) for name in untold}
        return " ".join(told.format(key=ours.name(getattr(self, name))) for name, told in sentences.items())

    def _texts(self) -> Iterator[tuple[str, str]]:
        for name in _TEXTS:
            text = getattr(self, name)
            if text is not None and (text or name != "keys_text"):
                yield name, text

    def _check_detection(self) -> None:
        if self.machine_detection not in {None, "continue", "hangup"}:
            raise _invalid("machine_detection", "machine_detection must be continue, hangup or null")
        if self.voicemail_text and self.machine_detection != "continue":
            raise _invalid("machine_detection", "what a voicemail hears needs machine_detection `continue`")

    def _check_keys(self) -> None:
        taken: dict[str, str] = {}
        for name in _KEYS:
            key = getattr(self, name)
            if key is None:
                continue
            if not _KEY.fullmatch(key):
                raise _invalid(name, f"{name} must be one of 0 to 9, * and #")
            if key in taken:
                raise _invalid(name, f"{key} is the {taken[key]} already")
            taken[key] = name
        said_with = {"confirm_text": self.confirm_key, "opt_out_text": self.opt_out_key}
        said_with |= dict.fromkeys(("keys_text", "wrong_key_text"), next(iter(taken), None))
        unsaid = next((name for name, key in said_with.items() if getattr(self, name) and not key), None)
        if unsaid:
            raise _invalid(unsaid, f"{unsaid} is never said: there is no key for it")

    def _check_words(self) -> None:
        """There are words for everything that must be said: the script's own, or ours."""
        if self._phrases or not self._has_keys:
            return
        needed = {"keys_text": True, "confirm_text": self.confirm_key, "opt_out_text": self.opt_out_key}
        missing = next((name for name, needs in needed.items() if needs and getattr(self, name) is None), None)
        if missing:
            ours = ", ".join(LANGUAGES)
            raise _invalid(missing, f"we have words for {ours} only: give {missing} in {self.language}")


# The answer webhook reads a script anew for each call, and equal scripts have equal steps.
_compiled = lru_cache(maxsize=256)(NotificationScript._steps)  # noqa: SLF001 - of this module


def ncco(script: NotificationScript, variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """The text alone, for the carrier of today: `talk` actions, more than one where it is longer than one may be.

    Keys need addresses to report to, so a script with keys is rendered from its `call_script`.

    Raises:
        InvalidInput: when a value is missing; no other value can make it fail.
    """
    text_alone = NotificationScript(script.text, script.language, script.style).call_script
    return to_wire(render(text_alone, variables, Urls("")).actions, "today")


def problems(script: NotificationScript, variables: Mapping[str, str]) -> list[tuple[str, str]]:
    """What keeps these variables from being spoken, as (field, sentence); empty when all is well."""
    missing = script.check(variables)
    return [(f"variables.{name}", f"the text needs a value for {name!r}") for name in missing]


def _check_text(name: str, text: str) -> None:
    try:
        unusable = _spoken(text).variables() & _COLUMNS
    except InvalidInput as error:
        raise _invalid(name, str(error)) from None
    if unusable:
        raise _invalid(name, f"the column {min(unusable)!r} is not spoken: give the list another column for it")


def _of_type(name: str, value: Any) -> Any:
    kind, words = _TYPES.get(name, (str, "a text"))
    # `type` and not isinstance: true is no style.
    if type(value) is not kind:
        raise _invalid(name, f"{name} must be {words}")
    return value


def _invalid(name: str, problem: str) -> InvalidInput:
    return InvalidInput(problem, field=f"script.{name}")
