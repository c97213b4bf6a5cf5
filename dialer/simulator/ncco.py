"""What may stand in an NCCO: actions, their fields and limits, as published from 2018 on.

The platform never refuses an NCCO by HTTP status. It reports the first mistake in an `error` event and ends the call,
so a misspelt field is seen only by who reads events (vonage-php-sdk issue 411).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from dialer.simulator.orders import wrong_detection

Check = Callable[[Any], bool]

MAX_TEXT = 1500
_PHONE = re.compile(r"\+?[0-9]{7,15}", re.ASCII)
_TAG = re.compile(r"<[^>]*>")


def spoken_length(text: str) -> int:
    """Characters that are spoken: tags of SSML are not counted."""
    return len(_TAG.sub("", text))


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _speech(value: Any) -> bool:
    return isinstance(value, str) and 0 < spoken_length(value) <= MAX_TEXT


def _flag(value: Any) -> bool:
    # KPN's own example sends "false" as text.
    return isinstance(value, bool) or value in {"true", "false"}


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _urls(value: Any) -> bool:
    return _texts(value) and len(value) == 1


def _endpoint(value: Any) -> bool:
    match value:
        case [{"type": "phone", "number": str() | int() as number}]:
            return _PHONE.fullmatch(str(number)) is not None
        case [{"type": "sip" | "websocket", "uri": str() as uri}]:
            return bool(uri)
        case [{"type": "sip", "domain": str()}] | [{"type": "app", "user": str()}] | [{"type": "vbc", "extension": _}]:
            return True
        case _:
            return False


def _detection(value: Any) -> bool:
    return wrong_detection(value) is None


def _input_types(value: Any) -> bool:
    return _texts(value) and bool(value) and set(value) <= {"dtmf", "speech"}


def _number(least: float, most: float) -> Check:
    def check(value: Any) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most

    return check


def _integer(least: int, most: int = 1_000_000) -> Check:
    within = _number(least, most)
    return lambda value: type(value) is int and within(value)


def _one_of(*allowed: str) -> Check:
    return lambda value: value in allowed


_LEVEL = _number(-1, 1)
_EVENTS: dict[str, Check] = {"eventUrl": _urls, "eventMethod": _one_of("GET", "POST")}
_DETECTION: dict[str, Check] = {
    "machineDetection": _one_of("continue", "hangup"),
    "advancedMachineDetection": _detection,
    "advanced_machine_detection": _detection,
}

FIELDS: dict[str, dict[str, Check]] = {
    "talk": {
        "text": _speech, "bargeIn": _flag, "loop": _integer(0), "level": _LEVEL, "voiceName": _text,
        "language": _text, "style": _integer(0), "premium": _flag, "provider": _text, "providerOptions": _object,
    },
    "stream": {"streamUrl": _urls, "level": _LEVEL, "bargeIn": _flag, "loop": _integer(0)},
    "record": {
        "format": _one_of("mp3", "wav", "ogg"), "split": _one_of("conversation"), "channels": _integer(1, 32),
        "endOnSilence": _integer(3, 10), "endOnKey": lambda value: bool(re.fullmatch(r"[0-9*#]", str(value))),
        "timeOut": _integer(3, 7200), "beepStart": _flag, "transcription": _object, **_EVENTS,
    },
    "conversation": {
        "name": _text, "musicOnHoldUrl": lambda value: _text(value) or _urls(value), "startOnEnter": _flag,
        "endOnExit": _flag, "record": _flag, "canSpeak": _texts, "canHear": _texts, "mute": _flag, **_EVENTS,
    },
    "connect": {
        "endpoint": _endpoint, "from": _text, "randomFromNumber": _flag, "eventType": _one_of("synchronous"),
        "timeout": _integer(1), "limit": _integer(1, 7200), "ringbackTone": _text, **_DETECTION, **_EVENTS,
    },
    "input": {
        "type": _input_types, "dtmf": _object, "speech": _object, "mode": _one_of("synchronous", "asynchronous"),
        "timeOut": _integer(0, 10), "maxDigits": _integer(1, 20), "submitOnHash": _flag, **_EVENTS,
    },
    "notify": {"payload": _object, **_EVENTS},
    "wait": {"timeout": _number(0.1, 7200)},
    "transfer": {"conversationId": _text, "canHear": _texts, "canSpeak": _texts, "mute": _flag},
}  # fmt: skip

REQUIRED: dict[str, tuple[str, ...]] = {
    "talk": ("text",),
    "stream": ("streamUrl",),
    "conversation": ("name",),
    "connect": ("endpoint",),
    "notify": ("payload", "eventUrl"),
    "transfer": ("conversationId",),
}

EXCLUSIVE = (("mute", "canSpeak"), ("from", "randomFromNumber"))
"""Fields that do not go together."""

_INPUT: dict[str, dict[str, Check]] = {
    "dtmf": {"timeOut": _integer(0, 10), "maxDigits": _integer(1, 20), "submitOnHash": _flag},
    "speech": {
        "uuid": _urls, "endOnSilence": _number(0.4, 10), "language": _text, "context": _texts,
        "startTimeout": _integer(1, 60), "maxDuration": _integer(1, 60), "saveAudio": _flag,
        "sensitivity": _integer(10, 100), "provider": _text, "providerOptions": _object,
    },
}  # fmt: skip


def mistake_in(flow: Any) -> str | None:
    """The first thing wrong with a decoded NCCO, in the platform's words, or None."""
    if not isinstance(flow, list):
        return "Syntax error in NCCO. Must be an array of actions."
    return next((mistake for mistake in map(_mistake_in_action, flow) if mistake), None)


def _mistake_in_action(action: Any) -> str | None:
    if not isinstance(action, dict) or action.get("action") not in FIELDS:
        return "Syntax error in NCCO. Invalid value type or action."
    name = action["action"]
    missing = [field for field in REQUIRED.get(name, ()) if field not in action]
    if missing:
        return f"Syntax error in NCCO. Missing {missing[0]} in {name}."
    both = next((pair for pair in EXCLUSIVE if all(_is_set(action, field) for field in pair)), None)
    if both is not None:
        return f"Syntax error in NCCO. {both[0]} does not go with {both[1]}."
    return _mistake_in_fields(action, FIELDS[name]) or _mistake_in_input(action)


def _is_set(action: Mapping[str, Any], field: str) -> bool:
    return action.get(field) not in (None, False, "false")


def _mistake_in_fields(action: Mapping[str, Any], checks: Mapping[str, Check]) -> str | None:
    for field, value in action.items():
        if field == "action":
            continue
        if field not in checks or not checks[field](value):
            return f"Syntax error in NCCO. Invalid value type or action: {field}."
    return None


def _mistake_in_input(action: Mapping[str, Any]) -> str | None:
    if action["action"] != "input":
        return None
    mistakes = (_mistake_in_fields(action.get(kind, {}), checks) for kind, checks in _INPUT.items())
    return next((mistake for mistake in mistakes if mistake), None)
