"""What a single value must be to be sent to the carrier, and what of its interface may be used."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.providers.kpn import checks
from dialer.providers.kpn.dialect import Dialect, dialect_from_settings, require
from dialer.settings import Settings

LONGEST = "https://d.test/" + "a" * (2048 - 15)


@pytest.mark.parametrize(
    ("text", "written"),
    [("+31612345678", "31612345678"), ("1234567", "1234567"), ("123456789012345", "123456789012345")],
)
def test_a_number_is_written_without_a_plus(text: str, written: str) -> None:
    """From seven digits to fifteen."""
    assert written == checks.number(text, "to")


@pytest.mark.parametrize("text", ["0123456789*#p", "1", "1" * 100])
def test_keys_are_sent_as_they_are(text: str) -> None:
    """Up to a hundred."""
    assert text == checks.keys(text, "digits")


@pytest.mark.parametrize("text", ["https://d.test", "http://d.test:8080/a?b=c#d", LONGEST])
def test_an_address_is_sent_as_it_is(text: str) -> None:
    """With TLS or without, as long as may be."""
    assert text == checks.url(text, "answer_url")


@pytest.mark.parametrize(
    ("check", "wrong", "words"),
    [
        *(
            (checks.number, wrong, "a phone number has 7 to 15 digits, in international form")
            for wrong in (
                "",
                "+",
                "123456",
                "1234567890123456",
                "31-6",
                "+31612345678\n",
                "\u0661" * 9,
                "++31612345678",
            )
        ),
        *(
            (checks.keys, wrong, "keys are 1 to 100 of 0-9, *, # and p (a pause of half a second)")
            for wrong in ("", "1" * 101, "1A", "P", "1 2", "1\n")
        ),
        *(
            (checks.url, wrong, "must be an http or https URL of at most 2048 plain characters")
            for wrong in ("", "ftp://d.test", "https://", "https:///a", "https://d.test/a b", "https://d.test/\u00e9")
        ),
        (checks.url, f"{LONGEST}a", "must be an http or https URL of at most 2048 plain characters"),
        (lambda text, field: checks.choice(text, ("GET", "POST"), field), "PUT", "must be one of GET, POST"),
    ],
)
def test_what_the_carrier_would_not_take_is_told(check: Any, wrong: str, words: str) -> None:
    """With the field, and how it is written."""
    with pytest.raises(InvalidInput) as refused:
        check(wrong, "some.field")

    assert ("some.field", words) == (refused.value.field, str(refused.value))


@pytest.mark.parametrize(("value", "is_taken"), [(0, False), (1, True), (7, True), (8, False), (True, False)])
def test_a_whole_number_keeps_to_its_bounds(value: int, *, is_taken: bool) -> None:
    """Both of which it may have."""
    if is_taken:
        assert value == checks.whole(value, least=1, most=7, field="loop")
        return
    with pytest.raises(InvalidInput, match="must be a whole number from 1 to 7") as refused:
        checks.whole(value, least=1, most=7, field="loop")
    assert "loop" == refused.value.field


def test_one_of_a_few_words_is_sent_as_it_is() -> None:
    """Whichever it is."""
    assert ["GET", "POST"] == [checks.choice(word, ("GET", "POST"), "method") for word in ("GET", "POST")]


@pytest.mark.parametrize(
    ("extra", "allowed"),
    [
        ("inline_ncco", {"allow_inline_ncco": True}),
        ("advanced_detection", {"allow_advanced": True}),
        ("random_from", {"allow_random_from": True}),
        ("sip_headers", {"allow_sip_headers": True}),
    ],
)
def test_each_extra_is_allowed_by_its_name(extra: str, allowed: dict[str, Any]) -> None:
    """And no other with it."""
    settings = Settings(carrier_extras=[extra])

    assert Dialect(generation="today", **allowed) == dialect_from_settings(settings)


def test_nothing_that_may_not_pass_is_on_by_itself() -> None:
    """Nor are recordings fetched from anywhere else."""
    older = Settings(carrier_generation="2018", recording_origins=["http://127.0.0.1:8090"])

    assert Dialect(generation="today") == dialect_from_settings(Settings())
    assert Dialect(recording_origins=frozenset({"http://127.0.0.1:8090"})) == dialect_from_settings(older)
    assert (536_870_912, "2018", "voice_name") == (
        Dialect().largest_recording_bytes,
        Dialect().generation,
        Dialect().voice_field,
    )


def test_what_is_off_is_told_with_the_setting_that_allows_it() -> None:
    """Never silence."""
    require("a header", allowed=True, field="headers")
    with pytest.raises(
        InvalidInput, match=r"a header may not pass through KPN; .* in DIALER_CARRIER_EXTRAS"
    ) as refused:
        require("a header", allowed=False, field="headers")

    assert "headers" == refused.value.field
