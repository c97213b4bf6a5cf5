"""The objects within actions: what to make of a recording, how to tell a machine, which keys or words to wait for."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AliasChoices, Field

from dialer.ncco.fields import Behavior, Flag, Fraction, Id, Language, Method, OneUrl, Part, Whole


class Transcription(Part):
    """What is to be made of a recording in writing."""

    language: Language | None = None
    event_url: OneUrl | None = None
    event_method: Method = "POST"
    sentiment_analysis: Flag | None = None


class AdvancedMachineDetection(Part):
    """Paid detection; goes before `machineDetection`. `beep_timeout` in seconds, from the narrower of two bounds."""

    behavior: Behavior | None = None
    mode: Literal["default", "detect", "detect_beep"] = "default"
    beep_timeout: Whole | None = Field(
        None,
        ge=45,
        le=120,
        validation_alias=AliasChoices("beepTimeout", "beep_timeout"),
        serialization_alias="beep_timeout",
    )


class Dtmf(Part):
    """Keys to wait for. `time_out`: seconds after the last one."""

    time_out: Whole = Field(3, ge=0, le=10)
    max_digits: Whole = Field(4, ge=1, le=20)
    submit_on_hash: Flag = False


class Speech(Part):
    """Words to wait for.

    Attributes:
        uuid: the leg to listen to.
        end_on_silence: seconds of silence that end it; `start_timeout` and `max_duration` in seconds too.
        context: words that are likely.
    """

    uuid: tuple[Id] | None = None
    end_on_silence: Fraction = Field(2.0, ge=0.4, le=10)
    language: Language = "en-US"
    context: tuple[str, ...] | None = None
    start_timeout: Whole = Field(10, ge=1, le=60)
    max_duration: Whole = Field(60, ge=1, le=60)
    save_audio: Flag = False
    sensitivity: Whole = Field(90, ge=10, le=100)
    provider: str | None = Field(None, max_length=100)
    provider_options: dict[str, Any] | None = None
