"""The carrier stand-in: KPN's "Nexmo Voice" gateway with Vonage behind it, as a real HTTP server.

It issues tokens, takes calls at a strict rolling-second rate, lets phones ring, fetches what they are to hear, tells
every step by webhook, and misbehaves in every way that was ever seen of the real one, when told to. It counts each
ring and keeps each request's arrival, so that "never twice" and "never too fast" can be read off it.

For tests: `async with Simulator(SimulatorConfig(time_scale=0.01)) as sim`. As a program: `dialer simulate`.
Nothing of the dialer knows it, and it knows nothing of the dialer.
"""

from dialer.simulator.conferences import ConferenceState, Happening
from dialer.simulator.config import LIFELIKE, Shares, SimulatorConfig
from dialer.simulator.faults import Faults, Often, PlaceFault, RecordingFault, WebhookFault
from dialer.simulator.journal import RequestRecord, Summary
from dialer.simulator.phones import Outcome, Phone, ScenarioEvent, Turn
from dialer.simulator.recordings import Recording
from dialer.simulator.scenarios import scenarios
from dialer.simulator.serve import serve
from dialer.simulator.server import Simulator
from dialer.simulator.views import ConferenceView, LegView

__all__ = [
    "LIFELIKE",
    "ConferenceState",
    "ConferenceView",
    "Faults",
    "Happening",
    "LegView",
    "Often",
    "Outcome",
    "Phone",
    "PlaceFault",
    "Recording",
    "RecordingFault",
    "RequestRecord",
    "ScenarioEvent",
    "Shares",
    "Simulator",
    "SimulatorConfig",
    "Summary",
    "Turn",
    "WebhookFault",
    "scenarios",
    "serve",
]
