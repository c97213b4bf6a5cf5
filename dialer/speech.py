"""Spoken text with `{{ name }}` places for each person's values: plain text, or SSML within `<speak>`.

A template is no program: a place holds one name and nothing else, and every brace that is not such a place is an error
when the text is given, not when somebody listens. Values are plain text that can never become mark-up. One rule makes
names comparable, for a CSV header (`First name`) as for a place (`{{ first_name }}`): `variable_name`.

The carrier takes 1,500 characters in one `talk` (REFERENCE section 9); `in_parts` cuts what is longer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any, ClassVar
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from dialer.errors import InvalidInput

FIELD = "script.text"
MAX_PART = 1500  # characters of one `talk` action (carrier)
MAX_TEMPLATE = 10_000  # characters: about ten minutes of speech, the longest call by default
MAX_PLACES = 100  # so that 100 values of 2,000 characters bound what is rendered
SSML_TAGS = frozenset({"speak", "break", "lang", "p", "s", "phoneme", "prosody", "say-as", "sub"})

_MAX_DEPTH = 16  # tags within tags; real texts have three
_DIVISIBLE = frozenset({"lang", "p", "s", "prosody"})  # the others lose their sense when cut
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_TAG = re.compile(r"<[^>]*>")
_AUDIBLE_TAG = re.compile(r"<(break|sub)\b")  # a pause, and a word that stands in an attribute
_LINE_BREAKS = re.compile("[\t\n\r]")
_NAME_JOINTS = re.compile(r"[\s\-]+")
_SENTENCE_END = re.compile(r"(?<=[.!?\u2026\u3002\uff01\uff1f])(?=\s)")
_WORD_END = re.compile(r"(?=\s)")
_QUOTES = {'"': "&quot;", "'": "&apos;"}  # a place may stand within an attribute
_WIDEST = 6  # characters of `&quot;`


def variable_name(text: str) -> str:
    """The one form in which names are compared: `First name`, `first-name` and `FIRST_NAME` are `first_name`."""
    return _NAME_JOINTS.sub("_", text.strip()).casefold()


def spoken_length(text: str) -> int:
    """Its characters as the carrier counts them: of SSML without the tags."""
    return len(_TAG.sub("", text)) if _is_ssml(text) else len(text)


def plain(value: str) -> str:
    """The value without what cannot be spoken: line breaks become spaces, other control characters nothing."""
    return _UNSPEAKABLE.sub("", _LINE_BREAKS.sub(" ", value))


def check_speech(text: str) -> None:
    """Raise InvalidInput (field `script.text`) for what cannot be spoken: no template, a brace is a brace."""
    _check_characters(text)
    _check_tags(text)


class _Places(Template):
    """`string.Template` with `{{ name }}`; every other brace is `invalid`."""

    pattern: ClassVar[Any] = r"""
        \{\{\s*(?P<named>[A-Za-z_][A-Za-z0-9_]*)\s*\}\}
        | (?P<invalid>[{}])
        | (?P<escaped>(?!)) | (?P<braced>(?!))
    """
    # Not IGNORECASE, with which [a-z] would take two letters that are not ASCII.
    flags = re.VERBOSE


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text that was checked: its places, braces and, within `<speak>`, its SSML are in order.

    Raises:
        InvalidInput: at creation, with field `script.text`.
    """

    template: str

    def __post_init__(self) -> None:
        if len(self.template) > MAX_TEMPLATE:
            raise _invalid(f"the text has {len(self.template)} characters, {MAX_TEMPLATE} at most are allowed")
        _check_characters(self.template)
        _check_places(self.template)
        _check_tags(self.template)

    @property
    def is_ssml(self) -> bool:
        """Whether the carrier is to read it as SSML."""
        return _is_ssml(self.template)

    def variables(self) -> frozenset[str]:
        """The names of its places, in the form of `variable_name`."""
        return frozenset(map(variable_name, _Places(self.template).get_identifiers()))

    def render(self, mapping: Mapping[str, str]) -> str:
        """The text with its values; raises InvalidInput (field `variables`) for the first one that is missing."""
        values = {variable_name(name): value for name, value in mapping.items()}
        written = _as_markup if self.is_ssml else _as_text
        try:
            return _Places(self.template).substitute(_Spoken(values, written)).strip()
        except KeyError as error:
            raise InvalidInput(f"the text needs a value for {error.args[0]!r}", field="variables") from None

    def in_parts(self, mapping: Mapping[str, str]) -> list[str]:
        """The rendered text in parts of at most 1,500 spoken characters, cut at sentence ends, else at words.

        Each part of SSML is SSML. A part in which nothing is to be heard is left out.
        """
        text = self.render(mapping)
        if len(text) <= MAX_PART:
            parts = [text]
        else:
            parts = _ssml_parts(text) if self.is_ssml else _joined(_text_pieces(text, MAX_PART), MAX_PART)
        return [part for part in parts if _is_heard(part, ssml=self.is_ssml)]


class _Spoken(dict[str, str]):
    """Values by name as the template asks for them: any spelling of the name, already safe to stand in the text."""

    def __init__(self, values: Mapping[str, str], written: Callable[[str], str]) -> None:
        super().__init__(values)
        self._written = written

    def __getitem__(self, name: str) -> str:
        return self._written(super().__getitem__(variable_name(name)))


def _is_ssml(text: str) -> bool:
    return text.lstrip().startswith("<speak")


def _as_markup(value: str) -> str:
    return escape(plain(value), _QUOTES)


def _as_text(value: str) -> str:
    # Without `<` no value can turn the text into SSML by beginning it with <speak>.
    return plain(value).replace("<", " ")


def _check_characters(text: str) -> None:
    if not text.strip():
        raise _invalid("there is no text to speak")
    found = _UNSPEAKABLE.search(text)
    if found:
        raise _invalid(f"character {found.start() + 1} of the text is a control character: remove it")


def _check_places(text: str) -> None:
    places = list(_Places.pattern.finditer(text))
    odd = next((found for found in places if found["invalid"]), None)
    if odd:
        raise _invalid(
            f"the brace at character {odd.start() + 1} ({text[odd.start() : odd.start() + 20]!r}) belongs to no place"
            " for a value: those are written {{ name }}, with a name of letters, digits and underscores"
        )
    if len(places) > MAX_PLACES:
        raise _invalid(f"the text has {len(places)} places for values, {MAX_PLACES} at most are allowed")


def _check_tags(text: str) -> None:
    if _is_ssml(text):
        _check_ssml(text)
    elif "<" in text:
        raise _invalid("a text with tags must be SSML: begin it with <speak>, or write the word for <")


def _check_ssml(text: str) -> None:
    if "<!" in text or "<?" in text:
        raise _invalid("comments, declarations and instructions (<! and <?) are not allowed in the SSML")
    if not text.lstrip().startswith("<speak>"):
        raise _invalid("SSML begins with <speak>, without attributes")
    parser = ET.XMLParser(target=_Tags())  # noqa: S314 - `<!` and `<?` were refused: there is nothing to expand
    try:
        parser.feed(text.strip())
        parser.close()
    except ET.ParseError as error:
        line, column = error.position
        problem = error.msg.partition(":")[0]
        raise _invalid(f"the SSML is broken at line {line}, character {column + 1}: {problem}") from None


class _Tags:
    """What the parser tells about tags: none but the carrier's, not too deep. Builds nothing."""

    def __init__(self) -> None:
        self._depth = 0

    def start(self, tag: str, _attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if tag not in SSML_TAGS or (tag == "speak" and self._depth > 1):
            allowed = ", ".join(sorted(SSML_TAGS - {"speak"}))
            raise _invalid(f"the tag <{tag}> is not allowed here; within <speak> there may be: {allowed}")
        if self._depth > _MAX_DEPTH:
            raise _invalid(f"the SSML has more than {_MAX_DEPTH} tags within each other")

    def end(self, _tag: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        """Nothing is left to do at the end."""


def _is_heard(part: str, *, ssml: bool) -> bool:
    return bool(part.strip()) and not (ssml and not _AUDIBLE_TAG.search(part) and not _TAG.sub("", part).strip())


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(problem, field=FIELD)


def _text_pieces(text: str, limit: int) -> Iterator[str]:
    """Sentences; of a sentence that is too long its words; of such a word its slices. Joined they are the text."""
    for sentence in _SENTENCE_END.split(text):
        for word in [sentence] if len(sentence) <= limit else _WORD_END.split(sentence):
            yield from (word[start : start + limit] for start in range(0, len(word), limit))


def _joined(pieces: Iterable[str], limit: int) -> list[str]:
    """As many pieces in each part as the limit allows, in order; parts of nothing but spaces are left out."""
    parts = [""]
    for piece in pieces:
        if len(parts[-1]) + len(piece) > limit:
            parts.append("")
        parts[-1] += piece
    return [part.strip() for part in parts if part.strip()]


def _ssml_parts(text: str) -> list[str]:
    root = ET.fromstring(text)  # noqa: S314 - `<!` and `<?` were refused at creation
    return list(_cut(root, MAX_PART))


def _cut(element: ET.Element, limit: int) -> Iterator[str]:
    """An element as several of the same tag and attributes, each within the limit where that can be."""
    opening, closing = _tags(element)
    room = limit - len(opening) - len(closing)
    yield from (f"{opening}{part}{closing}" for part in _joined(_ssml_pieces(element, room), room))


def _ssml_pieces(element: ET.Element, limit: int) -> Iterator[str]:
    yield from _markup_pieces(element.text, limit)
    for child in element:
        tail, child.tail = child.tail, None
        yield from _child_pieces(child, limit)
        yield from _markup_pieces(tail, limit)


def _child_pieces(child: ET.Element, limit: int) -> Iterator[str]:
    whole = ET.tostring(child, encoding="unicode")
    if len(whole) <= limit:
        yield whole
    elif _is_divisible(child, limit):
        yield from _cut(child, limit)
    elif len(_TAG.sub("", whole)) <= limit:
        yield whole
    else:
        # Too much to be said at once, and not to be cut: better without its tag than not at all.
        yield from _ssml_pieces(child, limit)


def _is_divisible(element: ET.Element, limit: int) -> bool:
    # Tags that would fill half of each part are not worth repeating, and a hostile value could multiply them.
    return element.tag in _DIVISIBLE and sum(map(len, _tags(element))) <= limit // 2


def _markup_pieces(text: str | None, limit: int) -> Iterator[str]:
    # Cut before escaping, so that no `&amp;` is cut; the limit holds even if every character grows.
    told = text or ""
    pieces = _text_pieces(told, limit // _WIDEST) if len(escape(told)) > limit else [told]
    return (escape(piece) for piece in pieces)


def _tags(element: ET.Element) -> tuple[str, str]:
    empty = ET.Element(element.tag, element.attrib)
    opening, closing = ET.tostring(empty, encoding="unicode", short_empty_elements=False).split("></")
    return f"{opening}>", f"</{closing}"
