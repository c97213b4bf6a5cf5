"""Where a call goes: a phone, a SIP address or a websocket, told apart by how the text begins.

All three stand in a list's column `number` and in the store as one text, `+31...`, `sip:...` or `wss://...`. What an
address needs besides itself (headers, keys to press) is kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dialer.errors import InvalidInput
from dialer.phone import parse_number
from dialer.providers.base import Endpoint, Phone, Sip, Websocket

LONGEST_URI = 50
"""Characters of a SIP or websocket URI: KPN's and Vonage's specifications agree."""

_SIP = re.compile(r"(?:sips?:)?(?!sips?:)[!-~]+")
_WEBSOCKET = re.compile(r"wss?://[!-~]+")
_SCHEMES = ("sip:", "sips:", "ws://", "wss://")


EVERYWHERE = ("*",)


def parse_address(text: str, region: str, allowed: Sequence[str] = EVERYWHERE) -> str:
    """The address as it is stored: E.164 with its plus, or the URI as it was written.

    Args:
        text: as somebody wrote it.
        region: the country of numbers written nationally.
        allowed: beginnings of the numbers that may be called (`Settings.destinations`).

    Raises:
        InvalidInput: with what is wrong and what to do; its field is `number`.
    """
    uri = text.strip()
    if not uri.startswith(_SCHEMES):
        return check_destination(parse_number(text, region), allowed)
    try:
        return check_sip(uri) if uri.startswith("sip") else check_websocket(uri)
    except InvalidInput as error:
        raise InvalidInput(str(error), field="number") from None


def check_destination(number: str, allowed: Sequence[str]) -> str:
    """A number (E.164) that may be called, since a list can name a premium line at the other end of the world.

    Raises:
        InvalidInput: with what to do; its field is `number`.
    """
    if "*" in allowed or number.startswith(tuple(allowed)):
        return number
    places = ", ".join(allowed)
    message = f"lies outside of where may be called ({places}); DIALER_ALLOWED_DESTINATIONS opens more"
    raise InvalidInput(message, field="number")


def is_phone(address: str) -> bool:
    """Whether an address as it is stored is a phone number."""
    return address.startswith("+")


def endpoint_of(address: str, details: Mapping[str, Any]) -> Endpoint:
    """Whom to call: an address as it is stored, with its `headers`, `content_type` or `dtmf_answer`."""
    if is_phone(address):
        return Phone(address, **details)
    return Sip(address, **details) if address.startswith("sip") else Websocket(address, **details)


def check_sip(uri: str) -> str:
    """A SIP address that the carrier takes. Raises InvalidInput (field `uri`)."""
    return _checked(uri, _SIP, "a SIP address such as sip:desk@pbx.example.com")


def check_websocket(uri: str) -> str:
    """A websocket address that the carrier takes. Raises InvalidInput (field `uri`)."""
    return _checked(uri, _WEBSOCKET, "a websocket address such as wss://audio.example.com/in")


def _checked(uri: str, form: re.Pattern[str], what: str) -> str:
    if not form.fullmatch(uri):
        raise InvalidInput(f"must be {what}", field="uri")
    if len(uri) > LONGEST_URI:
        raise InvalidInput(f"has {len(uri)} characters; the carrier takes {LONGEST_URI} at most", field="uri")
    return uri
