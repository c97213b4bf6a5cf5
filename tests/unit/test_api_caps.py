"""Which caps a campaign has: its own, or those of all campaigns; an urgent one has its own or none."""

from __future__ import annotations

from typing import Any

import pytest

from dialer.api.share_bodies import CapsBody, ShareBody, caps_of
from dialer.model import Caps, Priority
from dialer.settings import Settings

DEFAULT = Settings(number_tries_day=3, number_spacing_s=60)


@pytest.mark.parametrize(
    ("given", "priority", "caps"),
    [
        (None, Priority.NORMAL, Caps(day=3, spacing_ms=60_000)),
        (None, Priority.BACKGROUND, Caps(day=3, spacing_ms=60_000)),
        (None, Priority.URGENT, Caps()),
        ({"tries_day": 1}, Priority.NORMAL, Caps(day=1, spacing_ms=60_000)),
        ({"tries_day": 1}, Priority.URGENT, Caps(day=1)),
        ({"tries_day": None, "spacing_s": 0}, Priority.NORMAL, Caps()),
        ({"tries_week": 9}, Priority.NORMAL, Caps(day=3, week=9, spacing_ms=60_000)),
    ],
)
def test_caps_of_a_campaign(given: dict[str, Any] | None, priority: Priority, caps: Caps) -> None:
    """What it does not say is as for all, and no alarm is held back by a rule that it did not ask for."""
    body = ShareBody() if given is None else ShareBody(caps=CapsBody(**given))

    assert caps == caps_of(body, priority, DEFAULT)
