"""Whom a script connects to: found wherever it stands, and refused where nobody may call him."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.connecting import Connected, check_connects, check_destinations, check_not_barred, connected
from dialer.errors import InvalidInput
from dialer.kinds import KINDS, Callee
from dialer.scripts import CallScript

PHONE = {"type": "phone", "number": "442079460000"}
SIP = {"type": "sip", "uri": "sip:desk@pbx.example.com"}
USER, DOMAIN = {"type": "sip", "user": "ann", "domain": "x"}, {"type": "sip", "domain": "pbx.example.com"}
SOCKET = {"type": "websocket", "uri": "wss://audio.example.com/in"}
DESK = {"type": "phone", "number": "31201234567"}


def _to(endpoint: dict[str, Any]) -> dict[str, Any]:
    return {"do": "connect", "endpoint": endpoint}


def _script(*steps: dict[str, Any]) -> CallScript:
    return KINDS["script"].steps({"language": "en-GB", "steps": list(steps)}, Callee())


ASK = {"do": "ask", "prompt": [{"do": "say", "text": "One?"}], "keys": {"1": [_to(PHONE)], "2": [_to(SIP)]}}


def test_all_are_found_with_their_place_and_address() -> None:
    """A phone as it would be stored, other addresses as URIs."""
    assert [
        Connected("script.steps.0.endpoint.number", "+31201234567"),
        Connected("script.steps.1.keys.1.0.endpoint.number", "+442079460000"),
        Connected("script.steps.1.keys.2.0.endpoint.uri", "sip:desk@pbx.example.com"),
        Connected("script.steps.2.endpoint.uri", "sip:ann@x"),
        Connected("script.steps.3.endpoint.uri", "sip:pbx.example.com"),
        Connected("script.steps.4.endpoint.uri", "wss://audio.example.com/in"),
    ] == [*connected(_script(_to(DESK), ASK, _to(USER), _to(DOMAIN), _to(SOCKET)))]
    assert [] == [*connected(_script({"do": "say", "text": "Hello."}))]


def test_a_call_makes_no_more_calls_than_are_set_aside() -> None:
    """Five others, and no sixth."""
    check_connects(_script(*[_to(DESK)] * 5))
    with pytest.raises(InvalidInput, match="a call connects to at most 5 others, this one to 6") as refused:
        check_connects(_script(*[_to(DESK)] * 6))

    assert "script.steps" == refused.value.field


def test_only_phones_are_held_to_destinations() -> None:
    """Each of them; which is told by its place, with the reason."""
    script = _script(_to(DESK), ASK, _to(SOCKET))
    check_destinations(script, ("+44", "+31"))
    with pytest.raises(InvalidInput) as refused:
        check_destinations(script, ("+31",))

    assert "script.steps.1.keys.1.0.endpoint.number" == refused.value.field
    assert "lies outside of where may be called (+31)" in str(refused.value)


@pytest.mark.parametrize(
    ("barred", "field"),
    [
        ("+442079460000", "script.steps.1.keys.1.0.endpoint.number"),
        ("sip:desk@pbx.example.com", "script.steps.1.keys.2.0.endpoint.uri"),
    ],
)
def test_nobody_is_connected_to_whom_no_campaign_calls(barred: str, field: str) -> None:
    """Whichever kind of address it is."""
    script = _script(_to(DESK), ASK)
    check_not_barred(script, {"+31612345678"})
    with pytest.raises(InvalidInput, match=r"is on the list .* \(`dialer suppress remove`\)") as refused:
        check_not_barred(script, {barred})

    assert field == refused.value.field
