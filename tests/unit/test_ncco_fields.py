"""What the fields of the carrier's actions take, however they are written, and how far each goes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dialer.ncco.fields import (
    Flag,
    Fraction,
    HttpsUrl,
    Id,
    Language,
    Level,
    Loop,
    MusicUrl,
    Style,
    Url,
    Whole,
    misfit,
)
from dialer.ncco.parts import AdvancedMachineDetection, Dtmf, Speech, Transcription

LONGEST = "https://d.test/" + "a" * (2048 - 15)


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        *((Flag, given, read) for given, read in (("true", True), ("false", False), (True, True), (False, False))),
        *((Whole, given, 2) for given in ("2", "2.0", 2)),
        *((Fraction, given, 0.5) for given in ("0.5", 0.5, "5e-1")),
        *((Level, given, float(given)) for given in (-1, 1, "0")),
        *((Loop, given, given) for given in (0, 1_000_000)),
        *((Style, given, given) for given in (0, 99)),
        *((Language, given, given) for given in ("nl-NL", "fil-PH", "en-" + "a" * 8)),
        *((Id, given, given) for given in ("x", "x" * 256)),
        *((Url, given, given) for given in ("http://d.test", "https://d.test:1/a?b", LONGEST)),
        (HttpsUrl, "https://d.test", "https://d.test"),
        *((MusicUrl, given, ("https://d.test/a",)) for given in ("https://d.test/a", ["https://d.test/a"])),
    ],
)
def test_a_field_is_read_as_it_is_meant(kind: Any, given: Any, read: Any) -> None:
    """Numbers and truths also as text, one address also alone."""
    found = TypeAdapter(kind).validate_python(given)

    assert (read, type(read)) == (found, type(found))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((Flag, given) for given in ("yes", "True", 1, 0, None, "")),
        *((Whole, given) for given in ("2.5", "two", True, 2.5, None, "", "nan", "inf")),
        *((Fraction, given) for given in ("half", True, None, "")),
        *((Level, given) for given in (-1.01, 1.01)),
        *((Loop, given) for given in (-1, 1_000_001)),
        *((Style, given) for given in (-1, 100)),
        *((Language, given) for given in ("", "nl_NL", "nl-" + "-".join(["aaaaaaaa"] * 4))),
        *((Id, given) for given in ("", "x" * 257, 7)),
        *(
            (Url, given)
            for given in (f"{LONGEST}a", "https://:80", "https://d.test:0", "https://[d", "ftp://d.test", "")
        ),
        (HttpsUrl, "http://d.test"),
        *((MusicUrl, given) for given in ([], ["https://d.test"] * 2, 7)),
    ],
)
def test_nothing_else_is_bent_into_shape(kind: Any, given: Any) -> None:
    """Whatever is beyond a bound, or of another kind, is refused."""
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(given)


@pytest.mark.parametrize(
    ("part", "name", "least", "most"),
    [
        (AdvancedMachineDetection, "beep_timeout", 45, 120),
        (Dtmf, "timeOut", 0, 10),
        (Dtmf, "maxDigits", 1, 20),
        (Speech, "endOnSilence", 0.4, 10),
        (Speech, "startTimeout", 1, 60),
        (Speech, "maxDuration", 1, 60),
        (Speech, "sensitivity", 10, 100),
    ],
)
def test_a_figure_keeps_to_the_carriers_bounds(part: Any, name: str, least: float, most: float) -> None:
    """Both of which it may have."""
    for value in (least, most):
        assert {name: value} == part.model_validate({name: value}).model_dump(by_alias=True, exclude_unset=True)
    for value in (least - 0.1 if part is Speech and least < 1 else least - 1, most + 1):
        with pytest.raises(ValidationError):
            part.model_validate({name: value})


@pytest.mark.parametrize("name", ["beepTimeout", "beep_timeout"])
def test_the_wait_for_a_beep_is_read_by_either_name(name: str) -> None:
    """The carrier's documents have both; it is sent by the second."""
    sent = AdvancedMachineDetection.model_validate({name: 60}).model_dump(by_alias=True, exclude_unset=True)
    assert {"beep_timeout": 60} == sent


def test_what_is_not_said_is_as_the_carrier_has_it() -> None:
    """The defaults of its documents."""
    keys, words = Dtmf(), Speech()

    assert (3, 4, False) == (keys.time_out, keys.max_digits, keys.submit_on_hash)
    assert (2.0, "en-US", 10, 60, False, 90) == (
        *(words.end_on_silence, words.language, words.start_timeout),
        *(words.max_duration, words.save_audio, words.sensitivity),
    )
    assert {"mode": "default", "beep_timeout": None, "behavior": None} == AdvancedMachineDetection().model_dump()
    assert ("POST", None, None, None) == (
        *(Transcription().event_method, Transcription().event_url),
        *(Transcription().language, Transcription().sentiment_analysis),
    )
    assert [None] * 4 == [words.uuid, words.context, words.provider, words.provider_options]


def test_what_does_not_go_with_others_is_told_with_its_field() -> None:
    """As it is written in JSON."""
    error = misfit("eventUrl", "is needed here")

    assert ("misfit", "is needed here") == (error.type, error.message())
    assert {"problem": "is needed here", "field": "eventUrl"} == error.context


def test_a_part_is_what_it_was_read_as() -> None:
    """By its name or by the carrier's, nothing unknown in it; nobody changes it afterwards."""
    keys = Dtmf.model_validate({"time_out": 5, "maxDigits": 2})

    assert keys == Dtmf.model_validate({"timeOut": 5, "max_digits": "2"})
    with pytest.raises(ValidationError, match="frozen"):
        setattr(keys, "time_out", 6)  # noqa: B010 - a type checker refuses it
    with pytest.raises(ValidationError, match=r"[Ee]xtra"):
        Dtmf.model_validate({"timeout": 5})
