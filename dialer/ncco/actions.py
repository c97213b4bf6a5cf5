"""The nine actions of an NCCO.

Fields, bounds and defaults are those of REFERENCE section 9. A field that is not given is not written: the carrier
then takes the default that stands here. `pay`, which it withdrew, is no action.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, field_validator, model_validator

from dialer.errors import InvalidInput
from dialer.forms import KEY
from dialer.ncco.endpoints import Endpoint, PhoneNumber
from dialer.ncco.fields import (
    Behavior,
    Flag,
    Fraction,
    Id,
    Language,
    Level,
    Loop,
    Method,
    MusicUrl,
    OneUrl,
    Part,
    Style,
    Url,
    Whole,
    misfit,
)
from dialer.ncco.parts import AdvancedMachineDetection, Dtmf, Speech, Transcription
from dialer.speech import MAX_PART, spoken_length
from dialer.voices import voice_from_name


class Talk(Part):
    """Speak a text, plain or SSML within `<speak>`.

    Attributes:
        barge_in: a key ends it, and the flow goes on at the next `input`.
        loop: how often; 0 until the end of the call.
        voice_name: the voice as 2018 names it; `language`, `style` and `premium` are today's way. Never both.
        provider: another maker of voices, with `provider_options` of its own.
    """

    action: Literal["talk"] = "talk"
    text: str = Field(min_length=1)
    barge_in: Flag = False
    loop: Loop = 1
    level: Level = 0
    language: Language = "en-US"
    style: Style = 0
    premium: Flag = False
    voice_name: str | None = None
    provider: str | None = Field(None, max_length=100)
    provider_options: dict[str, Any] | None = None

    @field_validator("text")
    @classmethod
    def _is_short(cls, text: str) -> str:
        if spoken_length(text) > MAX_PART:
            raise ValueError(f"one talk has {MAX_PART} characters at most, tags not counted")
        return text

    @field_validator("voice_name")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else voice_from_name(name).name_2018
        except InvalidInput as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _has_one_voice(self) -> Self:
        if self.voice_name is not None and self.model_fields_set & {"language", "style", "premium"}:
            raise misfit("voiceName", "a voice is named, or told by language, style and premium, not both")
        return self


class Stream(Part):
    """Play audio: MP3 or 16-bit WAV."""

    action: Literal["stream"] = "stream"
    stream_url: OneUrl
    level: Level = 0
    barge_in: Flag = False
    loop: Loop = 1


class Record(Part):
    """Record the call from here on; blocks only where silence or a key can end it.

    Attributes:
        format: mp3 by default, wav above two channels.
        split: `conversation` records each party in a channel of its own; `channels` needs it.
        end_on_silence: seconds.
        time_out: seconds, after which it ends in any case.
    """

    action: Literal["record"] = "record"
    format: Literal["mp3", "wav", "ogg"] = "mp3"
    split: Literal["conversation"] | None = None
    channels: Whole | None = Field(None, ge=1, le=32)
    end_on_silence: Whole | None = Field(None, ge=3, le=10)
    end_on_key: str | None = Field(None, pattern=KEY)
    time_out: Whole | None = Field(None, ge=3, le=7200)
    beep_start: Flag = False
    event_url: OneUrl | None = None
    event_method: Method = "POST"
    transcription: Transcription | None = None

    @model_validator(mode="after")
    def _splits_channels(self) -> Self:
        if self.channels is not None and self.split is None:
            raise misfit("channels", "channels need split: conversation")
        return self


class _Audible(Part):
    """Who may hear and be heard, by leg; muted, nobody may hear."""

    can_speak: tuple[Id, ...] | None = None
    can_hear: tuple[Id, ...] | None = None
    mute: Flag = False

    @model_validator(mode="after")
    def _speaks_or_not(self) -> Self:
        if self.mute and self.can_speak:
            raise misfit("mute", "mute does not go with canSpeak")
        return self


class Conversation(_Audible):
    """Join a named conference of at most 50 members, whose name holds within the application.

    Attributes:
        start_on_enter: the conference begins when this one joins; others hear the music until then.
        end_on_exit: it ends for all when this one leaves.
    """

    action: Literal["conversation"] = "conversation"
    name: str = Field(min_length=1, max_length=256)
    music_on_hold_url: MusicUrl | None = None
    start_on_enter: Flag = True
    end_on_exit: Flag = False
    record: Flag = False
    event_url: OneUrl | None = None
    event_method: Method = "POST"


class Connect(Part):
    """Call somebody else and join the two: costs one token of the calls-per-second budget.

    Attributes:
        from_: a number of the account.
        event_type: synchronous: the reply to a failure's event is what follows.
        timeout: seconds it may ring.
        limit: seconds they may talk.
    """

    action: Literal["connect"] = "connect"
    endpoint: tuple[Endpoint]
    from_: PhoneNumber | None = Field(None, alias="from")
    random_from_number: Flag = False
    event_type: Literal["synchronous"] | None = None
    timeout: Whole = Field(60, ge=1, le=7200)
    limit: Whole = Field(7200, ge=1, le=7200)
    machine_detection: Behavior | None = None
    advanced_machine_detection: AdvancedMachineDetection | None = Field(
        None,
        validation_alias=AliasChoices("advancedMachineDetection", "advanced_machine_detection"),
        serialization_alias="advancedMachineDetection",
    )
    ringback_tone: Url | None = None
    event_url: OneUrl | None = None
    event_method: Method = "POST"

    @model_validator(mode="after")
    def _has_one_caller(self) -> Self:
        if self.random_from_number and self.from_ is not None:
            raise misfit("randomFromNumber", "a caller is named in from, or chosen at random, not both")
        return self


_FLAT = {"time_out": "timeOut", "max_digits": "maxDigits", "submit_on_hash": "submitOnHash"}


class Input(Part):
    """Wait for keys or words; the reply to its event is what follows.

    Today's form has `type` with `dtmf` or `speech` objects; that of 2018 has `timeOut`, `maxDigits` and `submitOnHash`
    beside `action`, and knows no speech. Never both.
    """

    action: Literal["input"] = "input"
    type: tuple[Literal["dtmf", "speech"], ...] | None = Field(None, min_length=1, max_length=2)
    dtmf: Dtmf | None = None
    speech: Speech | None = None
    mode: Literal["synchronous", "asynchronous"] | None = None
    time_out: Whole | None = Field(None, ge=0, le=10)
    max_digits: Whole | None = Field(None, ge=1, le=20)
    submit_on_hash: Flag | None = None
    event_url: OneUrl | None = None
    event_method: Method = "POST"

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        flat = [written for name, written in _FLAT.items() if getattr(self, name) is not None]
        today = [name for name in ("type", "dtmf", "speech", "mode") if getattr(self, name) is not None]
        if flat and today:
            raise misfit(flat[0], f"{flat[0]} is the form of 2018 and does not go with {today[0]}")
        if today and self.type is None:
            raise misfit("type", f"{today[0]} needs type")
        return self._wants_what_it_tells(self.type or ())

    def _wants_what_it_tells(self, wanted: Iterable[str]) -> Self:
        for name in ("dtmf", "speech"):
            if getattr(self, name) is not None and name not in wanted:
                raise misfit(name, f"{name} is told, but type does not ask for it")
        return self


class Notify(Part):
    """Tell us something in the middle of the flow; the reply is what follows."""

    action: Literal["notify"] = "notify"
    payload: dict[str, Any]
    event_url: OneUrl
    event_method: Method = "POST"


class Wait(Part):
    """Do nothing. `timeout` in seconds."""

    action: Literal["wait"] = "wait"
    timeout: Fraction = Field(10, ge=0.1, le=7200)


class Transfer(_Audible):
    """Move this leg into another conversation."""

    action: Literal["transfer"] = "transfer"
    conversation_id: Id


AnyAction = Annotated[
    Talk | Stream | Record | Conversation | Connect | Input | Notify | Wait | Transfer, Field(discriminator="action")
]
Ncco = list[AnyAction]
