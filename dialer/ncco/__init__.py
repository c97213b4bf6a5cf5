"""The carrier's call script, an NCCO: an array of actions, each with every field, bound and default it has.

The carrier refuses no NCCO by its HTTP status. It drops what it does not understand, or ends the call with an `error`
event (vonage-php-sdk issue 411): in somebody's ear. So whatever is to become one is checked here, unknown fields
included, and an error names the field. `to_wire` writes either of the carrier's two generations.
"""

from __future__ import annotations

from dialer.ncco.actions import (
    AnyAction,
    Connect,
    Conversation,
    Input,
    Ncco,
    Notify,
    Record,
    Stream,
    Talk,
    Transfer,
    Wait,
)
from dialer.ncco.endpoints import Endpoint, PhoneEndpoint, SipEndpoint, WebsocketEndpoint
from dialer.ncco.parts import AdvancedMachineDetection, Dtmf, Speech, Transcription
from dialer.ncco.reading import parse_endpoint, parse_ncco
from dialer.ncco.wire import connects, to_wire
from dialer.voices import Generation

__all__ = [
    "AdvancedMachineDetection",
    "AnyAction",
    "Connect",
    "Conversation",
    "Dtmf",
    "Endpoint",
    "Generation",
    "Input",
    "Ncco",
    "Notify",
    "PhoneEndpoint",
    "Record",
    "SipEndpoint",
    "Speech",
    "Stream",
    "Talk",
    "Transcription",
    "Transfer",
    "Wait",
    "WebsocketEndpoint",
    "connects",
    "parse_endpoint",
    "parse_ncco",
    "to_wire",
]
