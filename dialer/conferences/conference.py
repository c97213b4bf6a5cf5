"""The kind `conference`: everyone of a list is called and put into one conversation.

Here is what such a call says and where it leads; who is in, and when it is over, is told by
`gathering.py`. A voicemail never joins: it presses no key, and where nobody is asked for one, the carrier hangs up on
machines. A script that exists is in order, and has words in its language for all that may have to be said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from dialer.errors import InvalidInput
from dialer.ncco.fields import Behavior, Flag, HttpsUrl, Language, Style, Whole
from dialer.ncco.reading import invalid_input
from dialer.scripts import Ask, CallScript, Confirm, Join, Otherwise, Say, Step, Stop
from dialer.scripts.phrases import LANGUAGES, phrases
from dialer.scripts.steps import Key, Text
from dialer.speech import SpokenText

KIND = "conference"
MOST_MEMBERS = 50
"""The carrier's limit for one conversation (REFERENCE section 9)."""

_OURS = {"keys_text": "join", "declined_text": "declined", "too_late_text": "too_late"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceScript:
    """What a member hears, and how the conference goes.

    Attributes:
        text: what is said when somebody picks up, before anything else.
        moderator: the number (as it is stored) or own id of one of the people: the conference starts when he enters
            and ends when he leaves. None: it starts with anybody.
        join_key: only who presses it joins; None: everybody who picks up does.
        keys_text: tells the key; None: our own words, where `text` does not tell it.
        declined_text: said to whoever pressed nothing, or another key, twice; None: our own words.
        too_late_text: said to whoever picks up when the conference is over; None: our own words.
        music_on_hold_url: played until the conference starts.
        record: record it; the recording begins when the conference starts.
        machine_detection: None: `hangup`, or with a join key `continue`: a person taken for a machine can press it.
        recalls: so often somebody who was in and dropped is called again while the conference goes on.
        recall_after_s: so many seconds after that.

    Raises:
        InvalidInput: at creation; its field is such as `script.text`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    text: Text
    language: Language
    style: Style = 0
    moderator: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    join_key: Key | None = None
    keys_text: Text | None = None
    declined_text: Text | None = None
    too_late_text: Text | None = None
    music_on_hold_url: HttpsUrl | None = None
    record: Flag = False
    machine_detection: Behavior | None = None
    recalls: Annotated[Whole, Field(ge=0, le=5)] = 1
    recall_after_s: Annotated[Whole, Field(ge=5, le=600)] = 10

    def __post_init__(self) -> None:
        if self.join_key is None:
            self._check_without_key()
        self._check_late_text()
        needed = [*(("keys_text", "declined_text") if self.join_key else ()), "too_late_text"]
        missing = next((name for name in needed if getattr(self, name) is None), None)
        if missing and phrases(self.language) is None:
            ours = ", ".join(LANGUAGES)
            raise _invalid(missing, f"we have words for {ours} only: give {missing} in {self.language}")

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any], *, default_language: str) -> ConferenceScript:
        """The script from JSON; a missing or null language takes the default. Raises InvalidInput."""
        told = {"language": default_language} | {name: value for name, value in mapping.items() if value is not None}
        try:
            return _adapter().validate_python(told)
        except ValidationError as error:
            raise invalid_input(error, "script", {"script": [field.name for field in fields(cls)]}) from None

    def to_dict(self) -> dict[str, Any]:
        """The script as JSON; `from_dict` reads it back the same."""
        written: dict[str, Any] = _adapter().dump_python(self, mode="json", exclude_none=True)
        return written

    @property
    def detection(self) -> Behavior:
        """What becomes of a call that a machine answers."""
        return self.machine_detection or ("continue" if self.join_key else "hangup")

    def is_moderator(self, number: str, external_id: str | None) -> bool:
        """Whether this is who starts and ends the conference."""
        return self.moderator is not None and self.moderator in {number, external_id}

    def for_member(self, room: str, *, moderates: bool) -> CallScript:
        """What one member's call says and does."""
        return self._call_script(self._steps(self._join(room, moderates=moderates)))

    def for_latecomer(self) -> CallScript:
        """What a call says that is picked up when the conference is over."""
        return self._call_script((self._say("too_late_text"),))

    def _call_script(self, steps: tuple[Step, ...]) -> CallScript:
        return CallScript(language=self.language, style=self.style, steps=steps, machine_detection=self.detection)

    def _steps(self, join: Join) -> tuple[Step, ...]:
        if self.join_key is None:
            return (Say(self.text), join)
        ours = phrases(self.language)
        told = self.keys_text is None and ours is not None and ours.tells(self.text.template, self.join_key)
        declined = Otherwise(then=(self._say("declined_text"), Stop()))
        ask = Ask(
            prompt=(Say(self.text), *(() if told else (self._say("keys_text"),))),
            keys={self.join_key: (Confirm(), join)},
            no_input=declined,
            wrong_key=declined,
        )
        return (ask,)

    def _join(self, room: str, *, moderates: bool) -> Join:
        # One request to record is one recording: the moderator's, and where everybody may begin, whoever comes first.
        return Join(
            conference=room,
            moderator=None if self.moderator is None else moderates,
            music_on_hold_url=self.music_on_hold_url,
            record=self.record and (moderates or self.moderator is None),
        )

    def _say(self, name: str) -> Say:
        own: SpokenText | None = getattr(self, name)
        if own is not None:
            return Say(own)
        ours = phrases(self.language)
        if ours is None:
            raise _invalid(name, f"{name} is missing in {self.language}")
        words: str = getattr(ours, _OURS[name])
        return Say(SpokenText(words.format(key=ours.name(self.join_key or ""))))

    def _check_without_key(self) -> None:
        if self.machine_detection == "continue":
            raise _invalid(
                "machine_detection", "without a join_key a voicemail would join: choose `hangup`, or give a join_key"
            )
        unsaid = next((name for name in ("keys_text", "declined_text") if getattr(self, name) is not None), None)
        if unsaid:
            raise _invalid(unsaid, f"{unsaid} is never said: there is no join_key")

    def _check_late_text(self) -> None:
        # A list is checked for what `text` needs; a value that this one needs besides could be missing.
        late = self.too_late_text.variables() if self.too_late_text else frozenset()
        besides = sorted(late - self.text.variables())
        if besides:
            raise _invalid("too_late_text", f"names {', '.join(besides)}, which the text does not: leave that out")


def room_of(campaign_id: str) -> str:
    """The name of a conference's conversation at the carrier: no two conferences share one."""
    return f"conference-{campaign_id}"


@cache
def _adapter() -> TypeAdapter[ConferenceScript]:
    return TypeAdapter(ConferenceScript)


def _invalid(name: str, problem: str) -> InvalidInput:
    return InvalidInput(problem, field=f"script.{name}")
