"""The manual's examples are what the dialer takes."""

from __future__ import annotations

import json
import re
from typing import Any

from dialer.api.escalation_bodies import NewEscalation
from dialer.kinds import KINDS
from tests.fakes.manual import manual


def shown() -> list[dict[str, Any]]:
    """Every example in JSON."""
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", manual(), re.DOTALL)]


def is_script(example: dict[str, Any]) -> bool:
    """Whether it is a call script: an escalation has steps of people."""
    return "steps" in example and "text" not in example


def test_every_script_shown_is_taken() -> None:
    """A call script in the manual is in order, in both of the carrier's generations."""
    taken = [KINDS["script"].checked(script, "nl-NL", "today") for script in shown() if is_script(script)]

    assert taken
    assert ["say", "ask"] == [step["do"] for step in taken[0]["steps"]]


def test_escalation_shown_is_taken() -> None:
    """The escalation in the manual is one."""
    (body,) = [example for example in shown() if "steps" in example and not is_script(example)]
    assert 2 == len(NewEscalation.model_validate_json(json.dumps(body)).steps)
