"""The list of voices and the questions that are asked of it.

A generation is one of the two ways in which the carrier is told a voice: "2018" by `voiceName`, "today" by `language`,
`style` and `premium` (REFERENCE section 9). Sending both is untested, and a voice that the carrier does not know ends
the call, so a wrong one is refused here, with the voices that may have been meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic_core import from_json

from dialer.errors import InvalidInput

Generation = Literal["2018", "today"]

_GENDERS: Mapping[str, Literal["female", "male"]] = {"f": "female", "m": "male"}
_MOST_NAMED = 8  # voices or languages that an error proposes


@dataclass(frozen=True, slots=True)
class Voice:
    """One style of one language.

    Attributes:
        language: BCP 47 as the carrier writes it, such as `nl-NL`.
        style: its number within the language.
        gender: as the carrier's list has it.
        ssml: whether it reads SSML.
        standard_name: what its maker calls it; None where there is only the premium one.
        premium_name: the same for the premium one, which `premium` asks for; None where there is none.
        name_2018: its `voiceName` in the generation of 2018; None where it came later.
    """

    language: str
    language_name: str
    style: int
    gender: Literal["female", "male"]
    ssml: bool
    standard_name: str | None
    premium_name: str | None
    name_2018: str | None

    @property
    def name(self) -> str | None:
        """What its maker calls it."""
        return self.standard_name or self.premium_name

    @property
    def generations(self) -> frozenset[Generation]:
        """The generations that can be told to speak with it."""
        return frozenset({"2018", "today"} if self.name_2018 else {"today"})


def voices(language_prefix: str | None = None, generation: Generation | None = None) -> list[Voice]:
    """All voices, by language and style.

    Args:
        language_prefix: `nl`, `nl-NL`: those of the languages it is a part of.
        generation: those that this one can be told to speak with.
    """
    every = [voice for voice in _catalogue().values() if generation in {None, *voice.generations}]
    if language_prefix is None:
        return every
    wanted = language_prefix.strip().casefold()
    return [voice for voice in every if f"{voice.language}-".casefold().startswith(f"{wanted}-")]


def require_voices(language_prefix: str | None, generation: Generation | None = None) -> list[Voice]:
    """The same, or InvalidInput naming near languages where there are none; its field is `language`."""
    found = voices(language_prefix, generation)
    if not found and language_prefix is not None:
        near = _near(language_prefix, languages(generation or "today"))
        of = f" of {generation}" if generation == "2018" else ""
        raise InvalidInput(f"there is no voice{of} for {language_prefix[:40]!r}; near it: {near}", field="language")
    return found


def languages(generation: Generation = "today") -> dict[str, str]:
    """The languages that a generation speaks: code to English name."""
    return {voice.language: voice.language_name for voice in voices() if generation in voice.generations}


def check_voice(language: str, style: int, generation: Generation, *, premium: bool = False) -> Voice:
    """The voice of that language and style.

    Raises:
        InvalidInput: when the generation has no such voice; its field is `language`, `style` or `premium`.
    """
    voice = _catalogue().get((language, style))
    if voice is None:
        raise _no_such_voice(language, style)
    if generation == "2018":
        _check_2018(voice, premium=premium)
    elif not (voice.premium_name if premium else voice.standard_name):
        kind, other = ("premium", "standard") if premium else ("standard", "premium")
        raise InvalidInput(f"{language} style {style} has no {kind} voice, only a {other} one", field="premium")
    return voice


def voice_name(language: str, style: int) -> str:
    """The `voiceName` of 2018 for a language and style. Raises InvalidInput (field `language` or `style`)."""
    name = check_voice(language, style, "2018").name_2018
    if name is None:
        raise AssertionError("a voice of 2018 has a name")
    return name


def voice_from_name(name: str) -> Voice:
    """The voice that a `voiceName` of 2018 means; a withdrawn one means the one that took its place.

    Raises:
        InvalidInput: when there is no such name; its field is `voiceName`.
    """
    names, withdrawn = _names_2018(), _document()["names_2018"]["withdrawn"]
    found = names.get(withdrawn.get(name, name))
    if found is None:
        meant = get_close_matches(name.title(), names) or ["Lotte", "Ruben", "Kimberly"]
        raise InvalidInput(f"there is no voice {name[:40]!r}; there are {', '.join(meant)} ...", field="voiceName")
    return _catalogue()[found]


def _check_2018(voice: Voice, *, premium: bool) -> None:
    if premium:
        raise InvalidInput("there were no premium voices in 2018", field="premium")
    if voice.name_2018:
        return
    known = [other for other in voices(voice.language) if other.name_2018]
    if known:
        styles = ", ".join(f"{other.style} ({other.name_2018})" for other in known)
        raise InvalidInput(
            f"style {voice.style} of {voice.language} came after 2018; there were: {styles}", field="style"
        )
    near = _near(voice.language, languages("2018"))
    raise InvalidInput(f"{voice.language} came after 2018; there was: {near}", field="language")


def _no_such_voice(language: str, style: int) -> InvalidInput:
    styles = [str(voice.style) for voice in voices(language) if voice.language == language]
    if styles:
        return InvalidInput(f"{language} has no style {style}; it has: {', '.join(styles)}", field="style")
    near = _near(language, languages())
    return InvalidInput(f"there is no voice for {language[:40]!r}; near it: {near}", field="language")


def _near(language: str, known: Mapping[str, str]) -> str:
    """Known codes of the same language first, then those spelled alike, else a beginning of the list."""
    start = language.replace("_", "-").partition("-")[0].casefold()
    same = [code for code in known if code.partition("-")[0] == start]
    named = [code for code, name in known.items() if name.casefold().startswith(language[:40].casefold() or "-")]
    alike = get_close_matches(language[:40], known, cutoff=0.75)
    return ", ".join(list(dict.fromkeys([*same, *named, *alike]) or known)[:_MOST_NAMED])


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = from_json((files("dialer.voices") / "catalogue.json").read_bytes())
    return document


@cache
def _names_2018() -> dict[str, tuple[str, int]]:
    return {name: (language, style) for name, (language, style) in _document()["names_2018"]["voices"].items()}


@cache
def _catalogue() -> dict[tuple[str, int], Voice]:
    return {(voice.language, voice.style): voice for voice in _read()}


def _read() -> Iterator[Voice]:
    names = {place: name for name, place in _names_2018().items()}
    for code, language in _document()["languages"].items():
        for style, gender, ssml, standard, premium in language["voices"]:
            name = names.get((code, style))
            yield Voice(code, language["name"], style, _GENDERS[gender], ssml, standard, premium, name)
