"""From actions to the JSON that the carrier fetches, in one of its two generations.

What differs between them is how a voice is named and how `input` is written (REFERENCE section 9). What the older one
cannot say, speech recognition or a voice that came later, is an error that names the field: better before the call
than in it. Everything is written as what it is: addresses in arrays, flags as booleans, nothing null.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dialer.errors import InvalidInput
from dialer.ncco.actions import AnyAction, Connect, Input, Talk
from dialer.ncco.fields import Part
from dialer.ncco.parts import Dtmf
from dialer.voices import Generation, check_voice, voice_from_name

_VOICE = {"voice_name", "language", "style", "premium"}
_KEYS = {"type", "dtmf", "speech", "mode", "time_out", "max_digits", "submit_on_hash"}
_LATER_VOICE = {"provider": "provider", "provider_options": "providerOptions"}


def to_wire(actions: Iterable[AnyAction], generation: Generation) -> list[dict[str, Any]]:
    """The actions as JSON values.

    Raises:
        InvalidInput: when the generation cannot say it; its field is such as `ncco.2.style`.
    """
    return [_written(action, generation, index) for index, action in enumerate(actions)]


def connects(actions: Iterable[AnyAction]) -> int:
    """How many tokens of the calls-per-second budget the actions cost, beside the call itself."""
    return sum(isinstance(action, Connect) for action in actions)


def _written(action: AnyAction, generation: Generation, index: int) -> dict[str, Any]:
    try:
        match action:
            case Talk():
                return _dumped(action, leave_out=_VOICE) | _voice(action, generation)
            case Input():
                return _dumped(action, leave_out=_KEYS) | _wanted(action, generation)
            case _:
                return _dumped(action)
    except InvalidInput as error:
        raise InvalidInput(str(error), field=f"ncco.{index}.{error.field}") from None


def _dumped(part: Part, leave_out: set[str] | None = None) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True, exclude=leave_out)


def _voice(talk: Talk, generation: Generation) -> dict[str, Any]:
    return _voice_2018(talk) if generation == "2018" else _voice_today(talk)


def _voice_2018(talk: Talk) -> dict[str, Any]:
    later = next((written for name, written in _LATER_VOICE.items() if getattr(talk, name) is not None), None)
    if later:
        raise InvalidInput("there were no other providers of voices in 2018", field=later)
    if talk.voice_name is not None:
        return {"voiceName": talk.voice_name}
    if not talk.model_fields_set & _VOICE:
        return {}
    return {"voiceName": check_voice(talk.language, talk.style, "2018", premium=talk.premium).name_2018}


def _voice_today(talk: Talk) -> dict[str, Any]:
    if talk.voice_name is not None:
        voice = voice_from_name(talk.voice_name)
        return {"language": voice.language, "style": voice.style}
    return {name: getattr(talk, name) for name in ("language", "style", "premium") if name in talk.model_fields_set}


def _wanted(action: Input, generation: Generation) -> dict[str, Any]:
    return _wanted_2018(action) if generation == "2018" else _wanted_today(action)


def _wanted_2018(action: Input) -> dict[str, Any]:
    if action.mode == "asynchronous":
        raise InvalidInput("in 2018 every input was synchronous", field="mode")
    if "speech" in (action.type or ()):
        raise InvalidInput("speech was not recognised in 2018, only keys", field="type")
    return _dumped(_dtmf(action))


def _wanted_today(action: Input) -> dict[str, Any]:
    if action.type is None:
        keys = _dumped(_dtmf(action))
        return {"type": ["dtmf"], "dtmf": keys} if keys else {"type": ["dtmf"]}
    objects = {name: getattr(action, name) for name in ("dtmf", "speech")}
    told = {name: _dumped(part) for name, part in objects.items() if part is not None}
    return {"type": list(action.type)} | told | ({"mode": action.mode} if action.mode else {})


def _dtmf(action: Input) -> Dtmf:
    """The keys it waits for, in whichever form they were told."""
    if action.type is not None:
        return action.dtmf or Dtmf()
    told = {name: getattr(action, name) for name in ("time_out", "max_digits", "submit_on_hash")}
    return Dtmf(**{name: value for name, value in told.items() if value is not None})
