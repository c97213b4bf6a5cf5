from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.speech import MAX_PART, SpokenText, plain, spoken_length, variable_name

LONG_SSML = "<speak>" + '<p><prosody rate="slow">Hello {{ a }}. How do you do? </prosody></p>' * 60 + "</speak>"


def is_text_refusal(error: InvalidInput) -> bool:
    """Whether the error names the script's text."""
    return error.field == "script.text"


@pytest.mark.parametrize(
    ("header", "name"),
    [("First name", "first_name"), (" first-name ", "first_name"), ("E-mail  ADDRESS", "e_mail_address"), ("x", "x")],
)
def test_headers_and_places_are_compared_in_one_form(header: str, name: str) -> None:
    """Case, spaces and hyphens make no difference between a column and a place."""
    assert name == variable_name(header)


@pytest.mark.parametrize("place", ["{{name}}", "{{ name }}", "{{  Name\t}}", "{{NAME}}"])
def test_a_place_takes_its_value_however_it_is_spelled(place: str) -> None:
    """Spaces and case in a place don't matter, nor in the value's name."""
    expected = "Hello Ann & Bob."
    assert expected == SpokenText(f"Hello {place}.").render({" NAME ": "Ann & Bob"})


def test_the_variables_of_a_text_are_known() -> None:
    """Every place's name is told once, in the form in which names are compared."""
    expected = {"first_name", "_day2"}
    assert expected == SpokenText("{{ First_Name }} {{first_name}} {{_day2}}").variables()


def test_a_missing_value_is_named() -> None:
    """A text with a place that has no value is never spoken with a hole in it."""
    with pytest.raises(InvalidInput, match="value for 'day'", check=lambda error: error.field == "variables"):
        SpokenText("On {{ day }}").render({"name": "Ann"})


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("", "no text"),
        (" \n", "no text"),
        ("Hello {{ name }", "brace at character 7"),
        ("Hello {name}", "brace at character 7 ('{name}')"),
        ("Hello {{ name }}}", "brace at character 17"),
        ("Hello }}", "brace at character 7"),
        ("{{ first name }}", "letters, digits and underscores"),
        ("{{ name.__class__ }}", "brace at character 1"),
        ("{{ name[0] }}", "brace at character 1"),
        ("{{ 1st }}", "brace at character 1"),
        ("{{ na\u017fe }}", "brace at character 1"),
        ("{{ {{ a }} }}", "brace at character 1"),
        ("{{}}", "brace at character 1"),
        ("Hello\x07", "character 6 of the text is a control character"),
        ("Hello \ud800", "control character"),
        ("x" * 10_001, "10000 at most"),
        ("{{ a }}" * 101, "100 at most"),
        ("Hello <break/> you", "begin it with <speak>"),
        ("Hello <speak>you</speak>", "begin it with <speak>"),
    ],
)
def test_a_text_that_cannot_be_meant_is_refused_at_once(template: str, words: str) -> None:
    """Odd braces, code, control characters and stray tags are refused when the text is given."""
    with pytest.raises(InvalidInput, check=is_text_refusal) as refusal:
        SpokenText(template)
    assert words in str(refusal.value)


@pytest.mark.parametrize("text", ["x" * 10_000, "{{ a }}" * 100, f"<speak>{'<p>' * 15}x{'</p>' * 15}</speak>"])
def test_the_largest_text_is_taken(text: str) -> None:
    """With as many letters, places and tags within each other as there may be."""
    assert SpokenText(text).template == text


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (f"<speak>{'<p>' * 16}{'</p>' * 16}</speak>", "more than 16 tags within each other"),
        ("<speak>Hello", "broken at line 1"),
        ("<speak>Hello</p></speak>", "broken at line 1, character 15: mismatched tag"),
        ("<speak>Tom & Jerry</speak>", "broken"),
        ("<speak>a</speak> and <speak>b</speak>", "broken"),
        ("<speak><{{ tag }}/></speak>", "broken"),
        ("<speak>&#{{ code }};</speak>", "broken"),
        (
            "<speak><audio src='x'/></speak>",
            "tag <audio> is not allowed here; within <speak> there may be: break, lang",
        ),
        ("<speak><p><speak>x</speak></p></speak>", "tag <speak>"),
        ("<speak><speak>x</speak></speak>", "tag <speak>"),
        (f"<speak>{'<p>' * 15}</p><p><p>", "more than 16 tags within each other"),
        ("<speak xmlns='urn:x'>x</speak>", "without attributes"),
        ("<speaker>x</speaker>", "without attributes"),
        ("<speak><!DOCTYPE x><!ENTITY y 'z'>&y;</speak>", "declarations"),
        ("<speak><!-- x --></speak>", "comments"),
        ("<speak><?x y?></speak>", "instructions"),
        ("<speak>" + "<p>" * 20 + "</p>" * 20 + "</speak>", "within each other"),
    ],
)
def test_ssml_is_checked_when_it_is_given(template: str, words: str) -> None:
    """SSML is well-formed, holds only the carrier's tags, and nothing that a parser would have to expand."""
    with pytest.raises(InvalidInput, check=is_text_refusal) as refusal:
        SpokenText(template)
    assert words in str(refusal.value)


def test_blanks_before_ssml_are_none_of_it() -> None:
    """As an editor leaves them."""
    assert ["<speak>x</speak>"] == SpokenText("\n <speak>x</speak>\n").in_parts({})


def test_all_tags_of_the_carrier_are_taken() -> None:
    """A text with each tag that the carrier knows is spoken as it was written."""
    text = (
        '<speak><p><s>One<break time="1s"/></s></p><lang xml:lang="en-US">two</lang><prosody rate="slow">3</prosody>'
        '<phoneme ph="x">4</phoneme><say-as interpret-as="digits">5</say-as><sub alias="six">6</sub></speak>'
    )
    expected = [text]
    assert expected == SpokenText(text).in_parts({})


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a\x00b\x1b[0m", "ab[0m"), ("line\r\nbreak\tand tab", "line  break and tab"), ("\ud83d\ufffe", "")],
)
def test_values_lose_what_cannot_be_spoken(value: str, expected: str) -> None:
    """Control characters and half characters are dropped, line breaks become spaces."""
    assert expected == plain(value)


def test_a_value_cannot_turn_plain_text_into_ssml() -> None:
    """A text that begins with a value stays plain text, whatever the value begins with."""
    rendered = SpokenText("{{ greeting }}, welcome").render({"greeting": "<speak><break time='3600s'/></speak>"})
    assert "<" not in rendered


@given(st.text(), st.text(), st.sampled_from("\"'"))
@example("\"'<&>", "\"'<&>", '"')
@example("\"'<&>", "\"'<&>", "'")
def test_hostile_values_stay_text_within_ssml(first: str, second: str, quote: str) -> None:
    """No value adds, closes or changes a tag or an attribute, however that is quoted."""
    template = SpokenText(f"<speak>Hi <sub alias={quote}{{{{ a }}}}{quote}>{{{{ b }}}}</sub>{{{{ a }}}}</speak>")
    rendered = ET.fromstring(template.render({"a": first, "b": second}))  # noqa: S314 - the text under test
    (sub,) = rendered
    expected: tuple[Any, ...] = ("speak", "sub", {"alias": plain(first)}, plain(second), plain(first))
    assert expected == (rendered.tag, sub.tag, sub.attrib, sub.text or "", sub.tail or "")


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(), min_size=2))
def test_any_values_can_be_rendered_and_sent(values: dict[str, str]) -> None:
    """Rendering is total for any text values, and what comes out can be encoded."""
    parts = SpokenText("{{ a }}, {{ b }} and {{ a }}").in_parts(values)
    assert all(part.encode() and len(part) <= MAX_PART for part in parts)


@given(st.lists(st.text("ab .?!\u2026\n", max_size=60), max_size=120), st.text("x", max_size=1600))
def test_a_long_text_is_cut_without_loss(pieces: list[str], word: str) -> None:
    """Parts are within the carrier's limit, and joined they are the text but for the spaces where it was cut."""
    values = {"a": "".join(pieces), "b": word}
    template = SpokenText("Hello {{ a }}. {{ b }} Bye.")
    parts = template.in_parts(values)
    assert all(len(part) <= MAX_PART for part in parts)
    assert "".join(template.render(values).split()) == "".join("".join(parts).split())


def test_a_long_text_is_cut_at_sentence_ends() -> None:
    """Where there are sentences, none is torn."""
    parts = SpokenText("{{ a }}").in_parts({"a": "One two 3.5 three. Is it? " * 150})
    assert all(part.endswith(("?", "three.")) for part in parts)
    assert all(len(part) > MAX_PART - 30 for part in parts[:-1])


def test_a_part_is_filled_to_its_last_letter() -> None:
    """Two sentences that have just room in it are said at once."""
    two = f"{'x' * 749}. {'y' * 748}."

    assert [two, "Bye."] == SpokenText("{{ a }} Bye.").in_parts({"a": two})


def test_a_long_sentence_is_cut_between_words() -> None:
    """And a word, if it is too long for a part."""
    parts = SpokenText("{{ a }}").in_parts({"a": "word " * 700})

    assert {"word"} == {word for part in parts for word in part.split()}
    assert ["z" * MAX_PART, "zz"] == SpokenText("{{ a }}").in_parts({"a": "z" * (MAX_PART + 2)})


def test_a_sentence_of_ssml_that_fits_is_not_torn() -> None:
    """Where there is no room left for it, it goes into the next part."""
    first, second = f"{'x' * 800}.", f"{'word ' * 139}word."
    parts = SpokenText(f'<speak>{first}<break time="1s"/>{second}</speak>').in_parts({})

    assert [f'<speak>{first}<break time="1s" /></speak>', f"<speak>{second}</speak>"] == parts


@given(st.text(max_size=60))
def test_long_ssml_is_cut_into_ssml(value: str) -> None:
    """Each part is well-formed SSML within the limit, and nothing that is spoken is lost."""
    template = SpokenText(LONG_SSML)
    parts = [ET.fromstring(part) for part in template.in_parts({"a": value})]  # noqa: S314 - the text under test
    whole = ET.fromstring(template.render({"a": value}))  # noqa: S314 - the text under test
    assert all(len(part) <= MAX_PART for part in template.in_parts({"a": value}))
    assert "".join("".join(whole.itertext()).split()) == "".join(
        "".join(text for part in parts for text in part.itertext()).split()
    )


@pytest.mark.parametrize("tag", ['prosody rate="slow"', 'lang xml:lang="en-US"', "p", "s"])
def test_one_long_tag_is_cut_and_keeps_its_attributes(tag: str) -> None:
    """A single element longer than the limit is cut inside, and every piece is wrapped alike."""
    end = f"</{tag.split(maxsplit=1)[0]}></speak>"
    parts = SpokenText(f'<speak><{tag}>{{{{ a }}}}<break time="1s"/>{end}').in_parts({"a": "Fish & chips. " * 300})
    assert all(part.startswith(f"<speak><{tag}>Fish &amp;") for part in parts)
    assert all(len(part) <= MAX_PART and part.endswith(end) for part in parts)


def test_what_loses_its_sense_when_cut_is_left_whole() -> None:
    """A substitute is not cut, however long its attribute: the carrier does not count tags."""
    template = SpokenText('<speak><sub alias="{{ a }}">x</sub>{{ b }}</speak>')
    sub, text = template.in_parts({"a": "y" * 2000, "b": "z"})
    assert (sub.count("y"), text) == (2000, "<speak>z</speak>")


def test_what_just_fits_into_one_part_keeps_its_tag() -> None:
    """As many letters as one part has room for, which the tags around it leave."""
    room = MAX_PART - len("<speak></speak>")
    whole = f'<speak><say-as interpret-as="digits">{"7" * room}</say-as></speak>'

    assert [whole] == SpokenText(whole.replace("7" * room, "{{ a }}")).in_parts({"a": "7" * room})


@pytest.mark.parametrize("tag", ['prosody rate="{{ a }}"', 'say-as interpret-as="{{ a }}"', 'sub alias="x"'])
def test_what_is_too_long_to_stay_whole_loses_its_tag(tag: str) -> None:
    """Text that neither fits into one part nor can be cut within its tag is said without the tag, in bounds."""
    template = SpokenText(f"<speak><{tag}>{{{{ b }}}}</{tag.split(maxsplit=1)[0]}></speak>")
    parts = template.in_parts({"a": "y" * 2000, "b": "z " * 1000})
    assert all(len(part) <= MAX_PART for part in parts)
    assert (1000, 0) == ("".join(parts).count("z"), "".join(parts).count("y"))
    assert f"<{tag.split(maxsplit=1)[0]}" not in "".join(parts)


@pytest.mark.parametrize(
    ("template", "parts"),
    [
        ("<speak> <p>{{ a }}</p></speak>", []),
        ("{{ a }}", []),
        ('<speak><break time="1s"/></speak>', ['<speak><break time="1s"/></speak>']),
    ],
)
def test_a_text_in_which_nothing_is_heard_has_no_parts(template: str, parts: list[str]) -> None:
    """A blank value alone makes no part; a pause is heard."""
    assert parts == SpokenText(template).in_parts({"a": " "})


def test_tags_are_not_counted() -> None:
    """The length of SSML is that of its text."""
    assert (len("a&amp;b"), len("a<b>")) == (spoken_length("<speak>a&amp;<p>b</p></speak>"), spoken_length("a<b>"))


_SSML_VALUES = st.text(max_size=2000) | st.integers(1, 2000).map(lambda count: "y & " * (count // 4))


@given(_SSML_VALUES, _SSML_VALUES)
def test_any_ssml_is_cut_within_the_limit(first: str, second: str) -> None:
    """Whatever values stand in whichever tags, each part is well-formed and at most 1,500 spoken characters long."""
    within = '<lang xml:lang="{{ b }}"><say-as interpret-as="x">{{ a }}</say-as> {{ b }}</lang>'
    template = SpokenText(
        f'<speak>{{{{ a }}}}<prosody rate="slow"><p>{within}</p></prosody><sub alias="y">x</sub></speak>'
    )
    parts = template.in_parts({"a": first, "b": second})
    assert all(spoken_length(part) <= MAX_PART for part in parts)
    assert {"speak"} == {ET.fromstring(part).tag for part in parts}  # noqa: S314 - the text under test
