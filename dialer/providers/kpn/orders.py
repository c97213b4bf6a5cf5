"""Orders to a live call as requests (REFERENCE 5). No I/O.

An order that the carrier would not take is refused here with the field, because the carrier answers a bare 400 to it
and to one that came too early alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, assert_never

from dialer.errors import InvalidInput
from dialer.providers.kpn import checks
from dialer.providers.kpn.dialect import Dialect, require
from dialer.providers.steering import Act, Order, SendDigits, StartStream, StartTalk, Transfer
from dialer.speech import MAX_PART, check_speech, spoken_length
from dialer.voices import check_voice

_MOST_LOOPS = 10_000  # the carrier names no limit; nobody listens longer


class Written(NamedTuple):
    """A request: `part` of the call it goes to (empty: the call itself), and its JSON body."""

    method: Literal["PUT", "DELETE"]
    part: Literal["", "stream", "talk", "dtmf"]
    body: Mapping[str, Any] | None

    @property
    def is_heard(self) -> bool:
        """Whether it needs an answered call."""
        return bool(self.part)

    @property
    def is_end(self) -> bool:
        """Whether it ends the call, which a ringing one can be as well."""
        return self == _ACTS[Act.HANG_UP]


_ACTS: dict[Act, Written] = {
    Act.HANG_UP: Written("PUT", "", {"action": "hangup"}),
    Act.MUTE: Written("PUT", "", {"action": "mute"}),
    Act.UNMUTE: Written("PUT", "", {"action": "unmute"}),
    Act.EARMUFF: Written("PUT", "", {"action": "earmuff"}),
    Act.UNEARMUFF: Written("PUT", "", {"action": "unearmuff"}),
    Act.STOP_STREAM: Written("DELETE", "stream", None),
    Act.STOP_TALK: Written("DELETE", "talk", None),
}


def write_order(order: Order, dialect: Dialect) -> Written:
    """The order as a request. Raises InvalidInput, with the field as in the order."""
    match order:
        case Act():
            return _ACTS[order]
        case Transfer():
            return Written("PUT", "", {"action": "transfer", "destination": _destination(order.script, dialect)})
        case StartStream():
            return Written("PUT", "stream", {"stream_url": [checks.url(order.url, "url")]} | _repeats(order))
        case StartTalk():
            return Written("PUT", "talk", {"text": _text(order.text)} | _voice(order, dialect) | _repeats(order))
        case SendDigits():
            # An object, though KPN's specification says a bare text (REFERENCE 2.5).
            return Written("PUT", "dtmf", {"digits": checks.keys(order.digits, "digits")})
        case _:
            assert_never(order)


def _destination(script: str | Sequence[Mapping[str, Any]], dialect: Dialect) -> dict[str, Any]:
    if isinstance(script, str):
        return {"type": "ncco", "url": [checks.url(script, "script")]}
    require("a transfer that carries its script", allowed=dialect.allow_inline_ncco, field="script")
    if not script:
        raise InvalidInput("a script without actions would end the call; hang up instead", field="script")
    return {"type": "ncco", "ncco": [dict(action) for action in script]}


def _text(text: str) -> str:
    try:
        check_speech(text)
    except InvalidInput as error:
        raise InvalidInput(str(error), field="text") from None
    if (length := spoken_length(text)) > MAX_PART:
        raise InvalidInput(f"the text has {length} characters; the carrier takes {MAX_PART} at once", field="text")
    return text


def _voice(order: StartTalk, dialect: Dialect) -> dict[str, Any]:
    """Always named: without it the carrier reads Dutch with an English voice (REFERENCE 9)."""
    voice = check_voice(order.language, order.style, dialect.generation, premium=order.premium)
    if dialect.generation == "2018":
        return {dialect.voice_field: voice.name_2018}
    return {"language": voice.language, "style": voice.style} | ({"premium": True} if order.premium else {})


def _repeats(order: StartStream | StartTalk) -> dict[str, Any]:
    body: dict[str, Any] = {"loop": checks.whole(order.loop, least=0, most=_MOST_LOOPS, field="loop")}
    if order.level is None:
        return body
    if not -1 <= order.level <= 1:
        raise InvalidInput("must be from -1 to 1", field="level")
    return body | {"level": f"{round(order.level, 1) + 0:.1f}"}
