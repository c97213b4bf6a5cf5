"""Where a call may go: phones within the destinations that are allowed, SIP addresses, websockets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dialer.addresses import (
    LONGEST_URI,
    check_destination,
    check_sip,
    check_websocket,
    endpoint_of,
    is_phone,
    parse_address,
)
from dialer.connecting import check_destinations
from dialer.errors import InvalidInput
from dialer.kinds import KINDS, Callee
from dialer.providers.base import Endpoint, Phone, Sip, Websocket
from dialer.settings import Settings


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("06 1234 5678", "+31612345678"),
        (" sip:desk@pbx.example.com ", "sip:desk@pbx.example.com"),
        ("sips:desk@pbx.example.com;transport=tls", "sips:desk@pbx.example.com;transport=tls"),
        ("wss://audio.example.com/in", "wss://audio.example.com/in"),
    ],
)
def test_addresses_are_told_apart_by_their_beginning(text: str, address: str) -> None:
    """A number becomes E.164; a URI stays as it was written."""
    assert address == parse_address(text, "NL")
    assert ("+" in address) == is_phone(address)


def test_a_list_may_be_held_to_destinations() -> None:
    """A number at the other end of the world is refused as it is read; URIs go through the carrier's own gateway."""
    assert "sip:desk@pbx.example.com" == parse_address("sip:desk@pbx.example.com", "NL", ("+31",))
    assert "+31612345678" == parse_address("0612345678", "NL", ("+31",))
    with pytest.raises(InvalidInput, match="lies outside"):
        parse_address("+442079460000", "NL", ("+31",))


@pytest.mark.parametrize(
    "text",
    ["sip:", "sip:a b@c", "sip:desk@pbx\r\nX: y", f"sip:{'a' * 50}@b", "wss://", "ws://höst/", "http://a", "sip"],
)
def test_odd_addresses_are_refused(text: str) -> None:
    """What the carrier would not take, or what could carry more than an address, names the number's field."""
    with pytest.raises(InvalidInput) as caught:
        parse_address(text, "NL")

    assert "number" == caught.value.field


@pytest.mark.parametrize(("check", "begun"), [(check_sip, "sip:desk@"), (check_websocket, "wss://")])
def test_a_uri_is_as_long_as_the_carrier_takes(check: Callable[[str], str], begun: str) -> None:
    """The longest is taken; one letter more is refused with both lengths, and another form with an example."""
    longest = begun.ljust(LONGEST_URI, "a")

    assert longest == check(longest)
    with pytest.raises(InvalidInput, match="has 51 characters; the carrier takes 50", check=_names_uri):
        check(f"{longest}a")
    with pytest.raises(InvalidInput, match=f"such as {begun[:4]}", check=_names_uri):
        check("tel:1 2")


def _names_uri(error: InvalidInput) -> bool:
    return error.field == "uri"


@pytest.mark.parametrize(
    ("address", "details", "endpoint"),
    [
        ("+31612345678", {"dtmf_answer": "1"}, Phone("+31612345678", dtmf_answer="1")),
        ("sips:a@b", {"headers": {"X": "y"}}, Sip("sips:a@b", headers={"X": "y"})),
        ("ws://a/b", {"content_type": "audio/l16"}, Websocket("ws://a/b", content_type="audio/l16")),
    ],
)
def test_whom_to_call_follows_from_the_stored_address(address: str, details: Any, endpoint: Endpoint) -> None:
    """With what is kept beside it; of the three only a number is a phone."""
    assert endpoint == endpoint_of(address, details)
    assert isinstance(endpoint, Phone) is is_phone(address)


@pytest.mark.parametrize(
    ("allowed", "number", "may"),
    [
        (("+31",), "+31612345678", True),
        (("+31",), "+442079460000", False),
        (("+31", "+32"), "+3225550100", True),
        (("*",), "+88213012345", True),
        (("+316",), "+31201234567", False),
    ],
)
def test_only_allowed_destinations_are_called(allowed: tuple[str, ...], number: str, *, may: bool) -> None:
    """A number outside is refused with what to do; the beginnings are those of E.164."""
    if may:
        assert number == check_destination(number, allowed)
    else:
        with pytest.raises(InvalidInput, match="DIALER_ALLOWED_DESTINATIONS") as refused:
            check_destination(number, allowed)
        assert "number" == refused.value.field
        assert f"({', '.join(allowed)})" in str(refused.value)


def test_the_own_country_is_the_default() -> None:
    """Without a setting, the country of the default region may be called, and no other."""
    assert [("+31",), ("+49",)] == [Settings(default_region=region).destinations for region in ("NL", "DE")]
    assert ("+31", "+32") == Settings(allowed_destinations="+32, +31").destinations


@pytest.mark.parametrize("given", ["31", "+", "+31;+32", "0031", "+031"])
def test_a_beginning_that_is_none_is_refused(given: str) -> None:
    """A mistyped setting is refused at the start, not at the first list."""
    with pytest.raises(ValueError, match="beginning of a number"):
        Settings(allowed_destinations=given)


def test_whom_a_script_connects_to_is_a_destination_too() -> None:
    """A `connect` deep in a script is held to the same destinations, and named by its place."""
    connect = {"do": "connect", "endpoint": {"type": "phone", "number": "442079460000"}}
    ask = {"do": "ask", "prompt": [{"do": "say", "text": "One?"}], "keys": {"1": [connect]}}
    steps = KINDS["script"].steps({"language": "en-GB", "steps": [ask]}, Callee())
    check_destinations(steps, ("+44",))
    with pytest.raises(InvalidInput) as caught:
        check_destinations(steps, ("+31",))

    assert "script.steps.0.keys.1.0.endpoint.number" == caught.value.field
