"""Calls told beforehand, by name: the sequences of events that are documented, reported or thinkable.

The table is the project's own, in `scenarios.json`: what it rests on stands with each. Names of events in small letters
are statuses; ANSWER_WEBHOOK asks for the NCCO; HTTP_... and TCP_RESET are the reply to the placing; PUT_400 and PUT_204
say from when on steering the call is refused and taken.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def scenarios() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The events of every scenario, by its name."""
    text = (files(__package__ or __name__) / "scenarios.json").read_text(encoding="utf-8")
    return {scenario["id"]: scenario["events"] for scenario in json.loads(text)["scenarios"]}
