"""The steps of a call script, frozen. As JSON each is an object whose `do` tells which it is.

Bounds are those of the carrier's actions (`dialer/ncco`) where there are any, narrower where a call could otherwise
never end. They are checked where JSON comes in, by `CallScript.from_dict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator

from dialer.errors import InvalidInput
from dialer.forms import KEY, KEYS, ONE_LINE
from dialer.ncco.endpoints import Endpoint, PhoneNumber
from dialer.ncco.fields import Behavior, Flag, HttpsUrl, Language, Level, Style, Whole
from dialer.speech import SpokenText

MAX_STEPS = 50  # in all; the largest real menus have some twenty
MAX_REPEATS = 9  # of one question: whoever says nothing ten times is not there
_COLUMNS = frozenset({"number", "id"})  # of a list; they are no variables
# Each answered call asks for its script anew; a process sees few different texts at a time.
_spoken = lru_cache(maxsize=1024)(SpokenText)


def _read_text(value: Any) -> SpokenText:
    text = value.template if isinstance(value, SpokenText) else value
    if not isinstance(text, str):
        raise ValueError("must be a text")  # noqa: TRY004 - pydantic takes a ValueError for a wrong value
    try:
        spoken = _spoken(text)
    except InvalidInput as error:
        raise ValueError(str(error)) from None
    unusable = spoken.variables() & _COLUMNS
    if unusable:
        raise ValueError(f"the column {min(unusable)!r} is not spoken: give the list another column for it")
    return spoken


def _write_text(text: SpokenText) -> str:
    return text.template


Text = Annotated[
    SpokenText, PlainValidator(_read_text, json_schema_input_type=str), PlainSerializer(_write_text, return_type=str)
]
Key = Annotated[str, Field(pattern=KEY)]
Keys = Annotated[str, Field(pattern=KEYS)]
_NOTHING_ELSE = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a text. A language of its own begins with its first voice; else the script's voice speaks."""

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    text: Text
    language: Language | None = None
    style: Style | None = None
    premium: Flag | None = None
    do: Literal["say"] = "say"


@dataclass(frozen=True, slots=True)
class Play:
    """Play an MP3 or 16-bit WAV, `loop` times: never endless, or nothing after it would come."""

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    url: HttpsUrl
    loop: Annotated[Whole, Field(ge=1, le=100)] = 1
    level: Level = 0
    do: Literal["play"] = "play"


Prompt = Annotated[Say | Play, Field(discriminator="do")]
Prompts = Annotated[tuple[Prompt, ...], Field(max_length=MAX_STEPS)]
Steps = Annotated[tuple["Step", ...], Field(max_length=MAX_STEPS)]


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What follows when no key, or none of those offered, was pressed.

    Attributes:
        repeat: so often the question is asked again, after `say`, for want of an answer. Hearing it again by the repeat
            key does not count.
        then: the steps after that; without any, what follows the question.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    repeat: Annotated[Whole, Field(ge=0, le=MAX_REPEATS)] = 1
    say: Prompts = ()
    then: Steps = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """Speak a prompt, wait for keys, go on by what was pressed.

    Attributes:
        keys: what may be pressed, to the steps that follow. Several digits end with `#` or after `timeout_s`.
        repeat_key: asks again, as often as is sensible.
        barge_in: a key ends the prompt; without it keys count only once the prompt is over.
        timeout_s: seconds to wait for the next key.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    prompt: Annotated[Prompts, Field(min_length=1)]
    keys: Mapping[Keys, Steps] = field(default_factory=dict)
    no_input: Otherwise = Otherwise()
    wrong_key: Otherwise = Otherwise()
    repeat_key: Key | None = None
    max_digits: Annotated[Whole, Field(ge=1, le=20)] = 1
    timeout_s: Annotated[Whole, Field(ge=1, le=10)] = 5
    barge_in: Flag = True
    do: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Record:
    """Record from here on: in the background, or until silence or a key when either is given.

    Attributes:
        end_on_silence_s, timeout_s: seconds.
        split: each party in a channel of its own.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    format: Literal["mp3", "wav", "ogg"] = "mp3"
    end_on_silence_s: Annotated[Whole, Field(ge=3, le=10)] | None = None
    end_on_key: Key | None = None
    timeout_s: Annotated[Whole, Field(ge=3, le=7200)] | None = None
    beep: Flag = False
    split: Flag = False
    do: Literal["record"] = "record"


@dataclass(frozen=True, slots=True)
class Join:
    """Join a named conference of at most 50 members.

    Attributes:
        moderator: True starts it by entering and ends it by leaving; False waits for such a one; None where there is
            no moderator and everyone may begin. `start_on_enter` and `end_on_exit` go before it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    conference: Annotated[str, Field(min_length=1, max_length=256, pattern=ONE_LINE)]
    moderator: Flag | None = None
    music_on_hold_url: HttpsUrl | None = None
    start_on_enter: Flag | None = None
    end_on_exit: Flag | None = None
    mute: Flag = False
    record: Flag = False
    do: Literal["join"] = "join"


@dataclass(frozen=True, slots=True)
class Connect:
    """Call somebody else and join the two; costs another token of the budget.

    Attributes:
        caller_id: a number of the account, E.164; see `CallScript.with_caller_id`.
        timeout_s: seconds it may ring.
        limit_s: seconds they may talk.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    endpoint: Endpoint
    caller_id: PhoneNumber | None = None
    timeout_s: Annotated[Whole, Field(ge=1, le=120)] = 60
    limit_s: Annotated[Whole, Field(ge=1, le=7200)] = 7200
    machine_detection: Behavior | None = None
    ringback_url: HttpsUrl | None = None
    do: Literal["connect"] = "connect"


@dataclass(frozen=True, slots=True)
class Confirm:
    """Mark the attempt as confirmed."""

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    do: Literal["confirm"] = "confirm"


@dataclass(frozen=True, slots=True)
class OptOut:
    """Mark that this person does not want to be called again."""

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    do: Literal["opt_out"] = "opt_out"


@dataclass(frozen=True, slots=True)
class Stop:
    """End the call; nothing after it is carried out."""

    __pydantic_config__: ClassVar[ConfigDict] = _NOTHING_ELSE

    do: Literal["stop"] = "stop"


Step = Annotated[
    Say | Play | Ask | Record | Join | Connect | Confirm | OptOut | Stop,
    Field(discriminator="do"),
]
