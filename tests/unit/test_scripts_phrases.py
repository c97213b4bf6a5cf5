from __future__ import annotations

from dataclasses import fields

import pytest

from dialer.scripts.phrases import LANGUAGES, phrases
from dialer.speech import SpokenText


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_phrases_tell_their_keys(language: str) -> None:
    """What we say about a key is recognised as telling it, for each key and language."""
    ours = phrases(f"{language}-XX")
    assert ours
    for key in "0123456789*#":
        for sentence in (ours.confirm, ours.repeat, ours.opt_out, ours.join):
            assert ours.tells(sentence.format(key=ours.name(key)), key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_phrases_can_be_spoken(language: str) -> None:
    """Each phrase is a text without places once its key is filled in."""
    ours = phrases(language)
    said = [getattr(ours, field.name) for field in fields(ours) if field.name != "pressing"] if ours else []
    assert said
    assert all(not SpokenText(each.format(key="1")).variables() for each in said)


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("nl-NL", "Toets 1 om te bevestigen.", "1"),
        ("nl-NL", "Druk op 1 of 2.", "2"),
        ("nl-BE", "DRUK OP HEKJE", "#"),
        ("nl-NL", "<speak>Kies <break time='1s'/> 9</speak>", "9"),
        ("en-GB", "To opt out, press star.", "*"),
        ("en-US", "press * now", "*"),
        ("de-DE", "Drücken Sie die Sterntaste.", "*"),
        ("fr-FR", "Tapez 3", "3"),
        ("fr-FR", "Appuyez sur l'étoile.", "*"),
        ("fr-FR", "La touche dièse, s'il vous plaît.", "#"),
        ("fr-FR", "Composez le 4.", "4"),
        ("de-DE", "Wählen Sie die Raute.", "#"),
        ("de-DE", "Mit der Taste 5.", "5"),
        ("nl-NL", "Druk op het sterretje.", "*"),
        ("nl-NL", "Nu!\nKies 6", "6"),
        ("en-GB", "Dial 7", "7"),
        ("en-GB", "Push 8", "8"),
        ("en-GB", "Choose hash", "#"),
    ],
)
def test_a_text_that_tells_a_key_is_recognised(language: str, text: str, key: str) -> None:
    """A key in one sentence with a word for pressing is told."""
    ours = phrases(language)
    assert ours
    assert ours.tells(text, key)


@pytest.mark.parametrize(
    ("language", "text", "key"),
    [
        ("nl-NL", "Op 1 januari.", "1"),
        ("nl-NL", "Toets 12.", "1"),
        ("nl-NL", "Toets iets. Het is 1 uur.", "1"),
        ("nl-NL", "Toets {{ key_1 }}.", "1"),
        ("en-GB", "Press to start.", "*"),
        ("en-GB", "Press 1.", "2"),
        ("en-GB", "Press 21.", "1"),
        ("en-GB", "Depress 1.", "1"),
        ("en-GB", "<speak>Press <break time='1s'/> it</speak>", "1"),
        ("en-GB", "Press a key\n1 is first", "1"),
    ],
)
def test_a_text_that_does_not_is_not(language: str, text: str, key: str) -> None:
    """A digit elsewhere, or within another number or word, tells no key."""
    ours = phrases(language)
    assert ours
    assert not ours.tells(text, key)


def test_there_are_no_words_for_other_languages() -> None:
    """Nothing is invented in a language that we have no phrases for."""
    assert phrases("fi-FI") is None
    assert phrases("nlx") is None
