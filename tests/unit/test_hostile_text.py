"""No name breaks a text, adds to it or is lost in it: what the carrier's parser sees is what was written, and the name.

The judge knows nothing of how texts are rendered: it parses the template first and puts the values into the parsed
document, where they cannot do harm. What we send, parsed, must be that document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.errors import InvalidInput
from dialer.ncco import Generation, to_wire
from dialer.notification import NotificationScript
from dialer.providers.kpn import Dialect
from dialer.providers.kpn.orders import write_order
from dialer.providers.steering import StartTalk
from dialer.scripts import CallScript, Position, Urls, render
from dialer.speech import MAX_PART, SpokenText, plain
from tests.fakes.hostile import HOSTILE, SHORT
from tests.unit.ncco_schema import problems_of

URLS = Urls("https://example.com/webhooks/token")
TAME = {"a": "Ann", "b": "Bob"}
PLACE = re.compile(r"\{\{ (\w) \}\}")
PLAIN = (
    "Hello {{ a }}.",
    "{{ a }}",
    "{{ a }}{{ b }}",
    '{{ b }}, you & {{ a }}: 5 > 3.\nIt\'s "{{ b }}" again. {{ a }}!',
)
SSML = (
    "<speak>{{ a }}</speak>",
    "<speak>Hi {{ a }} &amp; {{ b }}<break time='1s'/></speak>",
    '<speak><p>{{ a }}. <s>{{ b }}</s> tail {{ a }}</p><lang xml:lang="fr-FR">{{ b }}</lang></speak>',
    "<speak>Hi <sub alias=\"{{ b }}\">{{ a }}</sub> and <say-as interpret-as='{{ a }}'>{{ b }}</say-as>.</speak>",
    "<speak><prosody rate='{{ a }}'><p>{{ b }}</p>, <phoneme ph=\"{{ b }}\">x</phoneme></prosody></speak>",
)
TEXTS = st.sampled_from([*PLAIN, *SSML])
SHORT_VALUES = st.fixed_dictionaries({"a": SHORT, "b": SHORT})
VALUES = st.fixed_dictionaries({"a": HOSTILE, "b": HOSTILE})
GENERATIONS = st.sampled_from(["2018", "today"])
Node = tuple[str, dict[str, str], str, list[Any], str]


def filled(text: str | None, values: Mapping[str, str] | None) -> str:
    """A text of a parsed template with its values in it; what was sent has no places any more."""
    return text or "" if values is None else PLACE.sub(lambda place: plain(values[place[1]]), text or "")


def wanted(element: ET.Element, values: Mapping[str, str] | None = None) -> Node:
    """A parsed template with its values in it, or what was sent as it is."""
    attributes = {name: filled(value, values) for name, value in element.attrib.items()}
    children = [wanted(child, values) for child in element]
    return element.tag, attributes, filled(element.text, values), children, filled(element.tail, values)


def parsed(text: str) -> ET.Element:
    """The document that the carrier's parser sees."""
    return ET.fromstring(text)  # noqa: S314 - the text under test


def chars(node: Node, within: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each character to be spoken, without spaces, with the tags that it stands in."""
    tag, _, text, children, tail = node
    inside = (*within, tag)
    yield from ((inside, char) for char in text if not char.isspace())
    for child in children:
        yield from chars(child, inside)
    yield from ((within, char) for char in tail if not char.isspace())


def spoken_by(parts: Sequence[str]) -> list[tuple[tuple[str, ...], str]]:
    """The same of texts as they were sent."""
    return [each for part in parts for each in chars(wanted(parsed(part)))]


def counted(part: str) -> int:
    """Its characters as they stand in what is sent, tags left out."""
    return sum(len(escape(text)) for text in parsed(part).itertext()) if part.startswith("<speak") else len(part)


@settings(max_examples=300)
@given(st.sampled_from(SSML), SHORT_VALUES)
def test_values_within_ssml_are_the_text_that_they_are(template: str, values: dict[str, str]) -> None:
    """The document sent is the template's own, tag by tag, with each value as plain text where it was meant to be."""
    assert wanted(parsed(template), values) == wanted(parsed(SpokenText(template).render(values)))


@settings(max_examples=300)
@given(st.sampled_from(PLAIN), VALUES)
def test_values_within_plain_text_are_the_text_that_they_are(template: str, values: dict[str, str]) -> None:
    """Text stays text: each value in its plain form, with nothing in it that could begin a tag."""
    harmless = {name: value.replace("<", " ") for name, value in values.items()}
    assert filled(template, harmless).strip() == SpokenText(template).render(values)


@settings(max_examples=300)
@given(TEXTS, VALUES)
def test_long_texts_are_cut_between_characters_alone(template: str, values: dict[str, str]) -> None:
    """Each part is within the limit and whole in itself: no tag, entity or character is cut, and none is lost."""
    rendered, parts = SpokenText(template).render(values), SpokenText(template).in_parts(values)

    assert all(counted(part) <= MAX_PART and part.encode() for part in parts)
    if template in PLAIN:
        assert "".join(rendered.split()) == "".join("".join(parts).split())
    else:
        expected, found = list(chars(wanted(parsed(template), values))), spoken_by(parts)
        assert [char for _, char in expected] == [char for _, char in found]
        for (before, _), (after, _) in zip(expected, found, strict=True):
            # Only a text that had to be cut may lose tags: one that makes no sense when cut, or is too long itself.
            assert before == after or (len(rendered) > MAX_PART and is_within(after, before))


def is_within(some: Sequence[str], all_of: Sequence[str]) -> bool:
    """Whether these are among those, in their order."""
    left = iter(all_of)
    return all(each in left for each in some)


TEXT_FIELDS = ("text", "keys_text", "confirm_text", "opt_out_text", "wrong_key_text", "voicemail_text")
NOTIFICATION_WAYS: dict[str, tuple[str, ...]] = {
    "0": ("text", "keys_text"),
    "0~3": ("text", "keys_text"),
    "0.k1.0": ("confirm_text",),
    "0.k9.0": ("opt_out_text",),
    "0.sw.0~2": ("wrong_key_text", "text", "keys_text"),
    "0.n.0": (),
    "0.w.0": (),
    "v.0": ("voicemail_text",),
}
SCRIPT_WAYS: dict[str, tuple[int, ...]] = {
    "0": (0, 1),
    "1.k1.0": (2, 3),
    "1.k1.1.k2.0": (4, 9),
    "1.sn.0~2": (5, 1),
    "1.n.0": (6, 9),
    "1.sw.0~2": (7, 1),
    "1.w.0": (8, 9),
    "2": (9,),
    "v.0": (10,),
}


def say(text: str) -> dict[str, Any]:
    """A step that speaks."""
    return {"do": "say", "text": text}


def script_saying(texts: Sequence[str]) -> CallScript:
    """A script that says these eleven texts, in every place where a text may stand."""
    say_n = [say(text) for text in texts]
    inner = {"do": "ask", "prompt": [say_n[3]], "keys": {"2": [say_n[4]]}}
    outer = {
        "do": "ask",
        "prompt": [say_n[1]],
        "keys": {"1": [say_n[2], inner]},
        "no_input": {"say": [say_n[5]], "then": [say_n[6]]},
        "wrong_key": {"say": [say_n[7]], "then": [say_n[8]]},
    }
    steps = [say_n[0], outer, say_n[9]]
    told = {"steps": steps, "voicemail": [say_n[10]], "machine_detection": "continue"}
    return CallScript.from_dict(told, default_language="nl-NL")


def check_way(
    script: CallScript, at: str, texts: Sequence[str], values: Mapping[str, str], generation: Generation
) -> None:
    """A way through a script says these texts with these values, and else what it says with harmless ones."""
    way, calm = (
        to_wire(render(script, each, URLS, at=Position.parse(at)).actions, generation) for each in (values, TAME)
    )
    assert way == json.loads(json.dumps(way, ensure_ascii=False).encode())
    assert not way or [] == problems_of(way)
    parts = [part for text in texts for part in SpokenText(text).in_parts(values)]
    assert parts == [action["text"] for action in way if action["action"] == "talk"]
    assert [each for each in calm if each["action"] != "talk"] == [each for each in way if each["action"] != "talk"]
    voices = [[each | {"text": ""} for each in wire if each["action"] == "talk"] for wire in (calm, way)]
    assert all(voice in voices[0] for voice in voices[1])


@pytest.mark.parametrize("at", NOTIFICATION_WAYS)
@settings(max_examples=40)
@given(texts=st.fixed_dictionaries(dict.fromkeys(TEXT_FIELDS, TEXTS)), values=VALUES, generation=GENERATIONS)
def test_every_text_of_a_notification_keeps_its_values_harmless(
    at: str, texts: dict[str, str], values: dict[str, str], generation: Generation
) -> None:
    """Text, keys, confirmation, opt-out, wrong key and voicemail: each is said as written, in both generations."""
    keys = {"confirm_key": "1", "repeat_key": "2", "opt_out_key": "9", "machine_detection": "continue"}
    script = NotificationScript.from_dict(texts | keys, default_language="nl-NL")
    check_way(script.call_script, at, [texts[name] for name in NOTIFICATION_WAYS[at]], values, generation)


@pytest.mark.parametrize("at", SCRIPT_WAYS)
@settings(max_examples=40)
@given(texts=st.lists(TEXTS, min_size=11, max_size=11), values=VALUES, generation=GENERATIONS)
def test_every_text_of_a_script_keeps_its_values_harmless(
    at: str, texts: list[str], values: dict[str, str], generation: Generation
) -> None:
    """Prompts, branches, what is said again, what follows and the voicemail: each is said as written."""
    check_way(script_saying(texts), at, [texts[index] for index in SCRIPT_WAYS[at]], values, generation)


@settings(max_examples=200)
@given(TEXTS, VALUES, st.sampled_from([Dialect(generation="today"), Dialect(), Dialect(voice_field="voiceName")]))
def test_every_text_spoken_into_a_live_call_keeps_its_values_harmless(
    template: str, values: dict[str, str], dialect: Dialect
) -> None:
    """Each part of a rendered text is taken as an order to speak, and sent as it is, as JSON without loss."""
    for part in SpokenText(template).in_parts(values):
        body = write_order(StartTalk(part, "nl-NL"), dialect).body or {}
        assert part == json.loads(json.dumps(body, ensure_ascii=False).encode())["text"]


@settings(max_examples=200)
@given(HOSTILE)
def test_any_text_is_spoken_into_a_live_call_or_refused(text: str) -> None:
    """What the carrier could not speak is refused by its field; what is sent is plain text, or SSML in order."""
    try:
        body = write_order(StartTalk(text, "nl-NL"), Dialect()).body or {}
    except InvalidInput as error:
        assert "text" == error.field  # noqa: PT017 - it may also be taken
    else:
        assert plain(body["text"]) == body["text"].replace("\n", " ").replace("\r", " ").replace("\t", " ")
        assert "<" not in body["text"] or parsed(body["text"].strip()).tag == "speak"
