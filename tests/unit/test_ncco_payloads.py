from __future__ import annotations

import json
from typing import Any

import pytest

from dialer.errors import InvalidInput
from dialer.ncco import parse_endpoint, parse_ncco, to_wire
from tests.unit.ncco_schema import DATA, problems_of

FOLDER = DATA / "payloads" / "dotnet" / "ncco-and-endpoints"
PAYLOADS = {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
REFUSED = {
    # Users of the carrier's client SDK and extensions of its office telephony: not in KPN's product.
    "TestAppEndpoint-request.json": "endpoint.type",
    "TestVbcEndpoint-request.json": "endpoint.type",
}
NUMBERS = {"timeout", "limit", "level", "loop"}  # written as text there, as numbers by us
NCCOS = {name: payload for name, payload in PAYLOADS.items() if isinstance(payload, list)}
ENDPOINTS = {name: payload for name, payload in PAYLOADS.items() if isinstance(payload, dict)}


def as_we_write(action: dict[str, Any]) -> dict[str, Any]:
    """The action with numbers as numbers and one spelling of its fields."""
    spelled = {
        {"advanced_machine_detection": "advancedMachineDetection"}.get(name, name): value
        for name, value in action.items()
    }
    numbers = {name: float(value) for name, value in spelled.items() if name in NUMBERS}
    return spelled | numbers | ({"type": ["dtmf"]} if action == {"action": "input"} else {})


@pytest.mark.parametrize("name", NCCOS)
def test_an_ncco_of_the_sdk_is_read_and_written_alike(name: str) -> None:
    """Every NCCO of the carrier's own SDK is taken, and is the same again when written for today."""
    wire = to_wire(parse_ncco(NCCOS[name]), "today")
    assert [as_we_write(action) for action in NCCOS[name]] == wire
    assert [] == problems_of(wire)


@pytest.mark.parametrize("name", sorted(set(ENDPOINTS) - set(REFUSED)))
def test_an_endpoint_of_the_sdk_is_read_and_written_alike(name: str) -> None:
    """Every phone, SIP and websocket endpoint of the SDK is taken within a connect."""
    expected = {
        {"standard_headers": "standardHeaders"}.get(field, field): value for field, value in ENDPOINTS[name].items()
    }
    endpoint = parse_endpoint(ENDPOINTS[name])
    assert expected == endpoint.model_dump(by_alias=True, exclude_unset=True)
    assert to_wire(parse_ncco([{"action": "connect", "endpoint": [ENDPOINTS[name]]}]), "today")


@pytest.mark.parametrize(("name", "field"), REFUSED.items())
def test_an_endpoint_outside_the_product_is_refused(name: str, field: str) -> None:
    """What KPN does not offer is refused by name, with what there is instead."""
    with pytest.raises(InvalidInput, match="'phone', 'sip', 'websocket'", check=lambda error: error.field == field):
        parse_endpoint(ENDPOINTS[name])
