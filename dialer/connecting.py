"""Whom a script's `connect` calls: where they stand in it, and who of them may be called at all. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from dialer.addresses import check_destination, is_phone
from dialer.errors import InvalidInput
from dialer.model import MOST_CONNECTS
from dialer.ncco import PhoneEndpoint, SipEndpoint, WebsocketEndpoint
from dialer.scripts import CallScript, Connect
from dialer.scripts.walking import walk


class Connected(NamedTuple):
    """Somebody whom a step connects to: the field that names him, and his address as it would be stored."""

    field: str
    address: str


def connected(steps: CallScript) -> Iterator[Connected]:
    """All whom a script may connect to, in the order in which they are written."""
    for place in walk(steps.steps, "script.steps"):
        if isinstance(place.step, Connect):
            name = "number" if isinstance(place.step.endpoint, PhoneEndpoint) else "uri"
            yield Connected(f"{place.path}.endpoint.{name}", address_of(place.step))


def address_of(step: Connect) -> str:
    """Whom a step connects to, as addresses are stored: E.164 with its plus, or a URI."""
    match step.endpoint:
        case PhoneEndpoint(number=number):
            return f"+{number}"
        case SipEndpoint(uri=None, user=user, domain=domain):
            return f"sip:{user}@{domain}" if user else f"sip:{domain}"
        case SipEndpoint(uri=uri) | WebsocketEndpoint(uri=uri):
            return str(uri)


def check_connects(steps: CallScript) -> None:
    """Raise InvalidInput where one call would make more calls than the budget sets aside for it."""
    if steps.connects() > MOST_CONNECTS:
        message = f"a call connects to at most {MOST_CONNECTS} others, this one to {steps.connects()}"
        raise InvalidInput(message, field="script.steps")


def check_destinations(steps: CallScript, allowed: Sequence[str]) -> None:
    """Raise InvalidInput where a `connect` calls a number that may not be called."""
    for field, address in connected(steps):
        if is_phone(address):
            try:
                check_destination(address, allowed)
            except InvalidInput as error:
                raise InvalidInput(str(error), field=field) from None


def check_not_barred(steps: CallScript, barred: Collection[str]) -> None:
    """Raise InvalidInput where a `connect` calls one of these, who are not called by anybody."""
    for field, address in connected(steps):
        if address in barred:
            message = (
                "is on the list of those whom no campaign calls; "
                "connect to somebody else, or take it off (`dialer suppress remove`)"
            )
            raise InvalidInput(message, field=field)
