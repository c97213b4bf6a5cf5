"""The carrier stand-in: KPN's "Nexmo Voice" gateway with Vonage behind it, as a real HTTP server.

It issues tokens, takes calls at a strict rolling-second rate, lets phones ring, fetches what they are to hear, tells
every step by webhook, and misbehaves in every way that was ever seen of the real one, when told to. It counts each
ring and keeps each request's arrival, so that "never twice" and "never too fast" can be read off it.

For tests: `async with Simulator(SimulatorConfig(time_scale=0.01)) as sim`. As a program: `dialer simulate`.
Nothing of the dialer knows it, and it knows nothing of the dialer.
"""

from dialer.simulator.config import LIFELIKE, Shares, SimulatorConfig
from dialer.simulator.faults import Faults, Often, PlaceFault, WebhookFault
from dialer.simulator.journal import RequestRecord, Summary
from dialer.simulator.phones import Outcome, Phone, ScenarioEvent, Turn
from dialer.simulator.serve import serve
from dialer.simulator.server import Simulator

__all__ = [
    "LIFELIKE",
    "Faults",
    "Often",
    "Outcome",
    "Phone",
    "PlaceFault",
    "RequestRecord",
    "ScenarioEvent",
    "Shares",
    "Simulator",
    "SimulatorConfig",
    "Summary",
    "Turn",
    "WebhookFault",
    "serve",
]
