"""Options with a notation of their own."""

from __future__ import annotations

import click
import pytest

from dialer.cli.policies import RedialType
from dialer.cli.simulate import configure
from dialer.errors import InvalidInput
from dialer.simulator.config import LIFELIKE
from dialer.simulator.faults import Often, PlaceFault


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (("busy", {"times": 2, "after_s": 300}), "busy=2/5m"),
        (("no_answer", {"times": 1, "after_s": 3600}), "no_answer=1/1h"),
        (("failed", {"times": 10, "after_s": 5}), "failed=10/5s"),
        (("busy", {"times": 3, "after_s": 172_800}), "busy=3/2d"),
        (("answered", {"times": 1, "after_s": 60, "next_number": False}), "answered=1/1m,same"),
        (("invalid_number", {"times": 0, "then": "suppress"}), "invalid_number=0,then=suppress"),
        (
            ("busy", {"times": 3, "after_s": 300, "growth": 1.5, "most_after_s": 3600, "next_number": True}),
            "busy=3/5m,x1.5,max=1h,next",
        ),
    ],
)
def test_redial_is_read(expected: tuple[str, dict[str, int]], text: str) -> None:
    """A redial rule names disposition, times and delay."""
    assert expected == RedialType().convert(text, None, None)


@pytest.mark.parametrize(
    "text",
    ["busy", "busy=2", "busy=2/5", "busy=-1/5m", "bussy=2/5m", "busy=2/5m ", "busy=٢/5m", "opted_out=1/5m"]
    + [f"busy=2/5m{part}" for part in (",", ",x", ",x2,,", ",max=", ",max=5", ",then=alarm", ",next=1", ",5m")],
)
def test_wrong_redial_is_a_usage_error(text: str) -> None:
    """Anything else is refused and shows how a rule is written."""
    with pytest.raises(click.UsageError):
        RedialType().convert(text, None, None)


def _configure(further: dict[str, str] | None = None, *, lifelike: bool = False, **given: tuple[str, ...]) -> object:
    nothing: dict[str, tuple[str, ...]] = {"share": (), "place_fault": (), "webhook_fault": ()}
    return configure(further or {}, lifelike=lifelike, **(nothing | given))


@pytest.mark.parametrize(
    ("expected", "name", "given"),
    [
        (0.5, "ring_s", {"further": {"ring_s": "0.5"}}),
        (False, "keep_log", {"further": {"keep_log": "false"}}),
        (LIFELIKE, "shares", {"lifelike": True}),
        ({PlaceFault.STATUS_503: Often(every=20)}, "place_faults", {"place_fault": ("503=1/20",)}),
    ],
)
def test_stand_in_is_configured(expected: object, name: str, given: dict[str, object]) -> None:
    """Options of `dialer simulate` become the stand-in's configuration."""
    assert expected == getattr(_configure(**given), name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("named", "given"),
    [
        ("ring_s", {"further": {"ring_s": "soon"}}),
        ("share", {"share": ("busy",)}),
        ("busy", {"share": ("busy=many",)}),
        ("place-fault", {"place_fault": ("reset=often",)}),
        ("no_such", {"place_fault": ("no_such=0.1",)}),
        ("no_such", {"further": {"no_such": "1"}}),
    ],
)
def test_wrong_option_of_the_stand_in_is_named(named: str, given: dict[str, object]) -> None:
    """A wrong option is refused with its name."""
    with pytest.raises(InvalidInput, match=named):
        _configure(**given)  # type: ignore[arg-type]
