"""How long a call of a script takes, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.forecast.talking import talk_s
from dialer.scripts import CallScript

SAY = {"do": "say", "text": "x" * 150}
"""Ten seconds at fifteen characters each."""
PLAY = {"do": "play", "url": "https://example.com/hello.mp3"}
CONNECT = {"do": "connect", "endpoint": {"type": "phone", "number": "+31201234567"}}


def seconds_of(*steps: dict[str, Any]) -> float:
    """Of a script with those steps."""
    script = CallScript.from_dict({"language": "en-GB", "steps": [*steps]}, default_language="en-GB")
    return talk_s(script.steps)


def ask(*branches: list[dict[str, Any]]) -> dict[str, Any]:
    """A question of ten seconds, and what follows its keys."""
    return {"do": "ask", "prompt": [SAY], "keys": {str(key): branch for key, branch in enumerate(branches, 1)}}


@pytest.mark.parametrize(
    ("steps", "seconds"),
    [
        ([SAY, SAY], 20),
        ([SAY, {"do": "say", "text": "x" * 45}], 13),
        ([PLAY], 20),
        ([PLAY | {"loop": 3}], 60),
        ([ask([SAY], [])], 10 + 2 + 5),
        ([ask([SAY], [PLAY], [SAY, PLAY])], 10 + 2 + (10 + 20 + 30) / 3),
        ([SAY, ask([SAY], []), {"do": "stop"}, SAY], 10 + 17),
        ([ask([{"do": "stop"}, SAY]), SAY], 10 + 2 + 10),
        ([{"do": "record", "end_on_silence_s": 3}], 20),
        ([{"do": "record", "end_on_key": "#"}], 20),
        ([{"do": "record"}, SAY], 10),
        ([{"do": "join", "conference": "team"}], 900),
        ([CONNECT], 120),
        ([CONNECT | {"limit_s": 30}], 30),
        ([ask([{"do": "confirm"}], [{"do": "opt_out"}])], 10 + 2),
    ],
)
def test_each_step_takes_its_time(steps: list[dict[str, Any]], seconds: float) -> None:
    """What is spoken at its pace, the mean of what follows a question, and nothing after a stop."""
    assert seconds == pytest.approx(seconds_of(*steps))
