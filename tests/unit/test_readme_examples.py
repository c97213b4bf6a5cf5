"""The README's examples are what the dialer takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

from dialer.kinds import KINDS

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_every_script_shown_is_taken() -> None:
    """A call script in the README is in order, in both of the carrier's generations."""
    scripts = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", README, re.DOTALL)]
    taken = [KINDS["script"].checked(script, "nl-NL", "today") for script in scripts if "steps" in script]

    assert taken
    assert ["say", "ask"] == [step["do"] for step in taken[0]["steps"]]
