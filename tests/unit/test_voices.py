from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.voices import Generation, check_voice, languages, require_voices, voice_from_name, voice_name, voices

SOURCE = Path(__file__).parents[1] / "data" / "tts" / "vapi-tts-voices.json"
WELSH = {"cy-GB", "en-GB-WLS"}


def test_the_package_has_all_voices_of_its_source() -> None:
    """Every voice of the published list is known by its language, style, name and readiness for SSML, and no other."""
    source = json.loads(SOURCE.read_text())
    expected = {
        (entry["code"], style["style"], style["name"].strip().lower(), style["ssml"] == "true")
        for entry in source
        for style in entry["styles"]
    }
    found = {
        (voice.language, voice.style, name.lower(), voice.ssml)
        for voice in voices()
        for name in (voice.standard_name, voice.premium_name)
        if name
    }
    assert expected == found


def test_the_package_names_source_and_licence() -> None:
    """The data say where they come from, and the licence lies beside them."""
    package = files("dialer.voices")
    document = json.loads((package / "catalogue.json").read_text())
    assert document["source"].startswith("nexmo-community/vapi-tts-voices")
    assert (package / "LICENSE.vapi-tts-voices.txt").read_text().startswith("The MIT License")
    assert "LICENSE.vapi-tts-voices.txt" in document["licence"]


def test_there_are_23_languages_and_welsh() -> None:
    """The voices of 2018 speak the 23 languages of the product page, and the two kinds of Welsh."""
    expected = 23
    assert expected == len(set(languages("2018")) - WELSH)
    assert set(languages("2018")) >= WELSH


def test_today_there_are_more_languages() -> None:
    """Today's list has 65 languages, those of 2018 among them."""
    expected = 65
    assert expected == len(languages())
    assert set(languages()) > set(languages("2018"))


@pytest.mark.parametrize(
    ("language", "style", "name"),
    [("nl-NL", 0, "Lotte"), ("nl-NL", 4, "Ruben"), ("en-US", 0, "Kimberly"), ("fr-CA", 0, "Chantal")],
)
def test_a_style_has_its_name_of_2018(language: str, style: int, name: str) -> None:
    """Where the voice existed in 2018, its name is known, and the name leads back to it."""
    assert name == voice_name(language, style)
    assert (language, style) == (voice_from_name(name).language, voice_from_name(name).style)


def test_every_name_of_2018_leads_to_its_voice() -> None:
    """The 47 names that are still in use mean one voice each."""
    named = [voice for voice in voices() if voice.name_2018]
    expected = 47
    assert expected == len(named)
    assert all(voice == voice_from_name(voice.name_2018 or "") for voice in named)


@pytest.mark.parametrize(("withdrawn", "now"), [("Eric", "Justin"), ("Jennifer", "Kimberly"), ("Agnieszka", "Ewa")])
def test_a_withdrawn_name_means_its_successor(withdrawn: str, now: str) -> None:
    """A name that KPN still lists but the carrier withdrew is read as the voice that took its place."""
    assert now == voice_from_name(withdrawn).name_2018


@pytest.mark.parametrize(
    ("language", "style", "generation", "field", "words"),
    [
        ("nl-NL", 7, "today", "style", "0, 1, 2, 3, 4, 5, 6"),
        ("nl-nl", 0, "today", "language", "nl-BE, nl-NL"),
        ("nl_NL", 0, "today", "language", "nl-BE, nl-NL"),
        ("Dutch", 0, "today", "language", "nl-BE, nl-NL"),
        ("xx-XX", 0, "today", "language", "af-ZA"),
        ("", 0, "today", "language", "af-ZA"),
        ("nl-NL", 1, "2018", "style", "0 (Lotte), 4 (Ruben)"),
        ("nl-BE", 0, "2018", "language", "nl-NL"),
        ("fi-FI", 0, "2018", "language", "cy-GB"),
        ("en-US", 24, "today", "premium", "has no standard voice, only a premium one"),
        ("nl-BE-x", 0, "today", "language", "nl-BE, nl-NL"),
        ("ar-XX", 0, "today", "language", "near it: ar"),
    ],
)
def test_a_wrong_voice_is_refused_by_field(
    language: str, style: int, generation: Generation, field: str, words: str
) -> None:
    """Each part that a generation does not have is named, with what it has instead."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == field and words in str(error)):
        check_voice(language, style, generation)


@pytest.mark.parametrize(("language", "generation"), [("en-US", "2018"), ("nl-NL", "today")])
def test_premium_is_refused_where_there_is_none(language: str, generation: Generation) -> None:
    """A premium voice is had only of styles that have one, and never in 2018."""
    with pytest.raises(InvalidInput, check=lambda error: error.field == "premium"):
        check_voice(language, 0, generation, premium=True)


def test_a_voice_is_found_with_all_there_is_to_know() -> None:
    """A voice tells its language, gender, names, generations and whether it reads SSML."""
    voice = check_voice("nl-BE", 1, "today")
    expected = ("Dutch (Belgium)", "female", False, "Ellen", frozenset({"today"}))
    assert expected == (voice.language_name, voice.gender, voice.ssml, voice.name, voice.generations)
    ruben = check_voice("nl-NL", 4, "2018")
    assert ("male", True, "Ruben", frozenset({"2018", "today"})) == (
        ruben.gender, ruben.ssml, ruben.name_2018, ruben.generations,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "codes"), [("nl", {"nl-NL", "nl-BE"}), ("NL-nl", {"nl-NL"}), ("n", set()), ("ar", {"ar"})]
)
def test_voices_are_listed_by_language(prefix: str, codes: set[str]) -> None:
    """A prefix is a whole part of the code, in any case."""
    assert codes == {voice.language for voice in voices(prefix)}


def test_voices_are_listed_by_generation() -> None:
    """Those that it can be told to speak with; where there are none, near languages are named."""
    assert {("nl-NL", 0), ("nl-NL", 4)} == {(each.language, each.style) for each in voices(" nl ", "2018")}
    assert voices("nl", "today") == voices("nl") == require_voices("nl")
    assert voices() == require_voices(None)
    with pytest.raises(InvalidInput, match="no voice of 2018 for 'nl-BE'; near it: nl-NL", check=_of_language):
        require_voices("nl-BE", "2018")
    with pytest.raises(InvalidInput, match="no voice for 'nl-XX'; near it: nl-BE, nl-NL", check=_of_language):
        require_voices("nl-XX")


def _of_language(error: InvalidInput) -> bool:
    return error.field == "language"


def test_a_name_that_never_was_is_refused() -> None:
    """An unknown name is refused with those that are spelled alike."""
    with pytest.raises(InvalidInput, match="Lotte", check=lambda error: error.field == "voiceName"):
        voice_from_name("lottie")


@pytest.mark.parametrize("name", ["zzzz", "lottie", "", "Kimber"])
def test_names_that_are_proposed_exist(name: str) -> None:
    """Whoever takes one of them has a voice."""
    with pytest.raises(InvalidInput) as refused:
        voice_from_name(name)
    proposed = str(refused.value).partition("there are ")[2].removesuffix(" ...").split(", ")

    assert proposed == [voice_from_name(each).name_2018 for each in proposed]


@given(st.text(), st.integers(), st.sampled_from(["2018", "today"]))
def test_any_voice_is_found_or_refused(language: str, style: int, generation: Generation) -> None:
    """Checking is total: a voice, or an error that names a field."""
    try:
        found = check_voice(language, style, generation)
    except InvalidInput as error:
        places = {"language", "style", "premium"}
        assert error.field in places  # noqa: PT017 - it may also be found
    else:
        assert (language, style) == (found.language, found.style)
